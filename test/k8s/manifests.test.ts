// What is applied to a cluster: every overlay, and the base with every component, rendered by kubectl, against schemas and our own rules.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { METRICS } from '#vocabulary'
import { broken, configOf } from './support/broken.ts'
import { environmentOf } from './support/node-policy.ts'
import { nodes, type Workload, workloads } from './support/policy.ts'
import { type Resource, render, renderWith, whyNoKubectl } from './support/render.ts'
import { schemaProblems } from './support/schemas.ts'

const missing = whyNoKubectl()

/** What is rendered, by its name in this report. */
const RENDERED: Readonly<Record<string, () => Resource[]>> = {
  'the base': () => render('k8s/base'),
  'the overlay local': () => render('k8s/overlays/local'),
  'the overlay production': () => render('k8s/overlays/production'),
  'the overlay arbitrated': () => render('k8s/overlays/arbitrated'),
  ...Object.fromEntries(
    [
      ['kubernetes-topology'],
      ['deployment'],
      ['deployment', 'kubernetes-topology', 'tls'],
      ['autoscaling'],
      ['tls'],
      ['load'],
      ['monitoring'],
      ['stack'],
      ['nats'],
      ['deployment', 'nats', 'nats-monitoring'],
      ['stack', 'nats'],
      ['kubernetes-topology', 'tls', 'autoscaling', 'monitoring', 'load'],
    ].map((components) => [`the base with ${components.join(', ')}`, () => renderWith(components)]),
  ),
}

describe.skipIf(missing !== undefined)(`kubectl kustomize${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  test.each(Object.entries(RENDERED))('%s keeps to every schema, strictly, and to every rule', { timeout: 60_000 }, (_name, rendered) => {
    const resources = rendered()
    expect(resources.flatMap(schemaProblems)).toEqual([])
    expect(broken(resources)).toEqual({})
    // None of them is there twice.
    const names = resources.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`)
    expect(new Set(names).size).toBe(names.length)
  })

  test('everything but the namespace is in the namespace of the overlay', () => {
    for (const overlay of ['local', 'production', 'arbitrated']) {
      const resources = render(`k8s/overlays/${overlay}`)
      expect(resources.filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'otp-labs')).toEqual([])
    }
  })

  test('a Deployment is the same pods, one more while one is replaced', () => {
    const [stateful, stateless] = [render('k8s/base'), renderWith(['deployment'])].map((resources) => nodes(resources) as Workload) as [
      Workload,
      Workload,
    ]
    expect([stateful.kind, stateless.kind]).toEqual(['StatefulSet', 'Deployment'])
    expect(stateless.spec.template).toEqual(stateful.spec.template)
    expect(stateless.spec).toMatchObject({ strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } })
  })

  test('nodes that watch EndpointSlices may do that and nothing else, and find peers by name as well', () => {
    const resources = renderWith(['kubernetes-topology'])
    const role = resources.find(({ kind }) => kind === 'Role')
    expect(role?.rules).toEqual([{ apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] }])
    expect(configOf(resources)).toMatchObject({ topologies: ['kubernetes', 'dns'], kubernetes: { service: 'otp-nodes', port: 'cluster' } })
    expect(configOf(render('k8s/base')).topologies).toEqual(['dns'])
  })

  test('the autoscaler counts by a metric that nodes have', () => {
    const scaler = renderWith(['autoscaling']).find(({ kind }) => kind === 'HorizontalPodAutoscaler')
    expect(scaler?.spec).toMatchObject({ metrics: [{ pods: { metric: { name: expect.toSatisfy((name: string) => name in METRICS) } } }] })
  })

  test('a node tells its telemetry in which pod it runs', () => {
    expect(environmentOf(render('k8s/base')).OTEL_RESOURCE_ATTRIBUTES).toBe(
      'k8s.namespace.name=otp-labs,k8s.pod.name=otp-0,k8s.pod.uid=8a1f3c52-1d0e-4d8c-9f52-0f3c6c1c2f10,k8s.node.name=worker-1',
    )
  })

  test('the image is of the version that the package has', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    const images = workloads(render('k8s/overlays/production')).flatMap(({ spec }) =>
      spec.template.spec.containers.map(({ image }) => image),
    )
    expect(images).toEqual([`registry.example.com/otp-labs:${version}`])
    expect(new Set(workloads(renderWith(['load'])).flatMap(({ spec }) => spec.template.spec.containers.map(({ image }) => image)))).toEqual(
      new Set([`otp-labs:${version}`]),
    )
  })

  test('no manifest holds a secret', () => {
    for (const rendered of Object.values(RENDERED)) expect(rendered().filter(({ kind }) => kind === 'Secret')).toEqual([])
  }, 60_000)
})
