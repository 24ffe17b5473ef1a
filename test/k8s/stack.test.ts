// The stack for clusters that have none: each of its programs is where the others look for it, and nodes give it what it has a place for.
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { logSending } from '#observability/logs/sending.ts'
import { compose, withDefaults } from '#test/observability/support/pipeline.ts'
import { environmentOf } from './support/node-policy.ts'
import { type NetworkPolicySpec, type Workload, workloads } from './support/policy.ts'
import { type Resource, render, renderWith, whyNoKubectl } from './support/render.ts'

const missing = whyNoKubectl()

interface Service {
  readonly ports: readonly { readonly port: number; readonly targetPort: string }[]
}

describe.skipIf(missing !== undefined)(`the stack${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let resources: Resource[]
  let programs: Workload[]

  beforeAll(() => {
    resources = renderWith(['stack'])
    programs = workloads(resources).filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'stack')
  })

  const find = (kind: string, name: string): Resource | undefined =>
    resources.find(({ kind: its, metadata }) => its === kind && metadata.name === name)
  const containerOf = (name: string) => programs.find(({ metadata }) => metadata.name === name)?.spec.template.spec.containers[0]

  /** Whether a pod listens behind a Service's port. */
  const isServed = (name: string, port: number): boolean => {
    const open = (find('Service', name)?.spec as Service | undefined)?.ports.find((each) => each.port === port)
    return containerOf(name)?.ports?.some((each) => each.name === open?.targetPort && each.containerPort === port) ?? false
  }

  /** A file of a program's ConfigMap, whose name ends in the hash of its content. */
  const fileOf = (map: string, file: string): string => {
    const found = resources.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.replace(/-[a-z0-9]{10}$/, '') === map)
    return (found?.data as Record<string, string> | undefined)?.[file] ?? ''
  }

  test('is the programs of the compose file, in the same versions', () => {
    const images = programs.map(({ metadata, spec }) => [metadata.name, spec.template.spec.containers[0]?.image])
    expect(images.map(([name]) => name).toSorted()).toEqual(['alertmanager', 'collector', 'grafana', 'loki', 'prometheus', 'tempo'])
    for (const [name = '', image] of images) expect([name, image]).toEqual([name, withDefaults(compose.services[name]?.image ?? '')])
  })

  test('has somebody at every address that Grafana is given', () => {
    const addresses = (containerOf('grafana')?.env ?? []).filter(({ name }) => name.endsWith('_URL'))
    expect(addresses.map(({ name }) => name)).toEqual(expect.arrayContaining(['LOKI_URL', 'PROMETHEUS_URL', 'TEMPO_URL']))
    for (const { name, value = '' } of addresses) {
      const { hostname, port } = new URL(value)
      expect([name, isServed(hostname, Number(port))]).toEqual([name, true])
    }
  })

  test('has somebody at every address that Prometheus scrapes by name', () => {
    const { scrape_configs: jobs } = parse(fileOf('otp-prometheus', 'prometheus.yml')) as {
      scrape_configs: { job_name: string; dns_sd_configs?: { names: string[]; port: number }[] }[]
    }
    const scraped = jobs.flatMap(({ dns_sd_configs = [] }) => dns_sd_configs)
    expect(scraped.flatMap(({ names }) => names)).toEqual(expect.arrayContaining(['collector', 'loki', 'tempo']))
    for (const { names, port } of scraped) {
      for (const name of names) expect([name, port, isServed(name, port)]).toEqual([name, port, true])
    }
  })

  test('has somebody at every address that the collector sends to', () => {
    const { exporters } = parse(fileOf('otp-collector', 'collector.yaml')) as { exporters: Record<string, { endpoint: string }> }
    const others = Object.values(exporters).filter(({ endpoint }) => !endpoint.startsWith('0.0.0.0'))
    expect(others).toHaveLength(2)
    for (const { endpoint } of others) {
      const { hostname, port } = new URL(endpoint.includes('://') ? endpoint : `grpc://${endpoint}`)
      expect([endpoint, isServed(hostname, Number(port))]).toEqual([endpoint, true])
    }
  })

  test('gives Loki a place for all that it writes', () => {
    const { common } = parse(fileOf('otp-loki', 'loki.yaml')) as { common: { path_prefix: string } }
    const mounts = containerOf('loki')?.volumeMounts ?? []
    const data = mounts.find(({ mountPath }) => mountPath === common.path_prefix)
    const pod = programs.find(({ metadata }) => metadata.name === 'loki')?.spec.template.spec
    expect(pod?.volumes?.find(({ name }) => name === data?.name)?.emptyDir).toBeDefined()
  })

  test('is sent traces and log records, by one port of one of its programs', () => {
    const environment = environmentOf(resources)
    const { hostname, port } = new URL(environment['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '')
    expect([hostname, isServed(hostname, Number(port))]).toEqual(['collector', true])
    expect(logSending(environment)).toEqual({ isWanted: true })
    const policy = find('NetworkPolicy', 'stack-traces')?.spec as NetworkPolicySpec | undefined
    expect(policy?.ingress?.flatMap(({ ports = [] }) => ports.map((each) => each.port))).toEqual([Number(port)])
  })

  test.for(['k8s/base', 'k8s/overlays/production', 'k8s/overlays/arbitrated'])('is not expected by nodes where it is not: %s', (folder) => {
    const others = render(folder)
    expect(logSending(environmentOf(others))).toEqual({ isWanted: false })
    expect(others.filter(({ metadata }) => metadata.name === 'loki' || metadata.name.startsWith('otp-loki'))).toEqual([])
  })
})
