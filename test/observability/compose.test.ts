// The services of compose: settings that nodes accept, addresses that match, and every file where it is looked for.
import { existsSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfig } from '#config'
import { logSending } from '#observability/logs/sending.ts'
import {
  collector,
  compose,
  home,
  loki,
  overlay,
  portOf,
  read,
  scrapes,
  services,
  targetsOf,
  tempo,
  text,
  withDefaults,
} from './support/pipeline.ts'

describe('the services of compose', () => {
  const nodes = services.filter(([, { environment }]) => environment['OTP_NODE_NAME'] !== undefined)

  test('are three nodes, and all that watches them', () => {
    expect(services.map(([name]) => name).toSorted()).toEqual(
      ['n1', 'n2', 'n3', 'alertmanager', 'collector', 'contact', 'grafana', 'loki', 'prometheus', 'tempo'].toSorted(),
    )
  })

  test.for(nodes)('%s has settings that a node accepts, and finds the others', ([name, { environment, ports }]) => {
    const settings = Object.fromEntries(Object.entries(environment).map(([variable, value]) => [variable, withDefaults(value)]))
    const config = readConfig(settings)
    expect(config).toMatchObject({ name, clusterHost: name, membersExpected: nodes.length, metricsHost: '0.0.0.0' })
    expect([config.httpHost, ports]).toEqual(['0.0.0.0', [`127.0.0.1:${config.httpPort}:${config.httpPort}`]])
    expect(config.staticPeers).toEqual(nodes.map(([peer]) => `${peer}:${config.clusterPort}`))
    expect(targetsOf('otp')).toContain(`${name}:${config.metricsPort}`)
    expect(environment['OTEL_EXPORTER_OTLP_ENDPOINT']).toBe(`http://collector:${portOf(collector.receivers.otlp.protocols.http.endpoint)}`)
    expect(logSending(environment)).toEqual({ isWanted: true })
  })

  test('are where the others look for them', () => {
    expect(collector.exporters.otlp_grpc.endpoint).toBe(`tempo:${portOf(tempo.distributor.receivers.otlp.protocols.grpc.endpoint)}`)
    expect(targetsOf('spans')).toEqual([`collector:${portOf(collector.exporters.prometheus.endpoint)}`])
    expect(targetsOf('collector')).toEqual([`collector:${collector.service.telemetry.metrics.readers[0]?.pull.exporter.prometheus.port}`])
    expect(collector.exporters.otlp_http.endpoint).toBe(`http://loki:${loki.server.http_listen_port}/otlp`)
    expect(compose.services['collector']?.depends_on).toEqual(['tempo', 'loki'])
    expect(targetsOf('loki')).toEqual([`loki:${loki.server.http_listen_port}`])
    expect(targetsOf('tempo')).toEqual([`tempo:${tempo.server.http_listen_port}`])
    for (const { job_name, static_configs = [] } of scrapes) {
      const hosts = static_configs.flatMap(({ targets }) => targets.map((target) => target.split(':')[0] ?? ''))
      expect([job_name, hosts.filter((host) => host !== 'localhost' && !(host in compose.services))]).toEqual([job_name, []])
    }
    const contacts = JSON.stringify(read(`${home}/alertmanager/compose.yml`)).match(/http:\/\/[^/"]+/g)
    expect([...new Set(contacts)]).toEqual([`http://contact:${compose.services['contact']?.command?.at(-1)}`])
  })

  test('are pinned, and reached from this machine alone', () => {
    for (const [name, { image, ports }] of services) {
      const pinned = withDefaults(image)
      expect([name, /:(?:v?\d+\.\d+\.\d+|compose)(?:@sha256:[0-9a-f]{64})?$/.test(pinned)]).toEqual([name, true])
      for (const port of ports) expect([name, port]).toEqual([name, expect.stringMatching(/^127\.0\.0\.1:(\d+):\1$/)])
    }
  })

  test('say how they are, but for those whose images hold nothing that could ask: Prometheus scrapes them', () => {
    const silent = services.filter(([, each]) => each.healthcheck === undefined).map(([name]) => name)
    expect(silent.toSorted()).toEqual(['collector', 'loki', 'tempo'])
    for (const name of silent) expect(targetsOf(name)).toHaveLength(1)
  })

  test('mount what is there, and read what they mount', () => {
    const declared = Object.keys(compose.volumes)
    const mounts = services.flatMap(([name, { volumes }]) => volumes.map((volume) => [name, ...volume.split(':')] as const))
    expect(
      mounts
        .filter(([, from]) => /^\w+$/.test(from ?? ''))
        .map(([, from]) => from)
        .toSorted(),
    ).toEqual(declared.toSorted())
    for (const [name, { command = [], volumes }] of services) {
      for (const argument of command) {
        const path = /^-+config\.file=(.+)|^--config=(.+)/.exec(argument)?.slice(1).find(Boolean)
        if (path === undefined) continue
        const [from, to] = volumes.map((volume) => volume.split(':')).find(([, inside = '']) => path.startsWith(`${inside}/`)) ?? []
        expect([name, existsSync(normalize(join(home, from ?? '', path.slice(to?.length))))]).toEqual([name, true])
      }
    }
    for (const [, from = '', , mode] of mounts.filter(([, source]) => source?.startsWith('.'))) {
      expect([from, existsSync(normalize(join(home, from))), mode]).toEqual([from, true, 'ro'])
    }
  })

  test('keep what they are given on a volume', () => {
    const { path_prefix: prefix, storage } = loki.common
    const kept = {
      loki: [prefix, loki.compactor.working_directory, ...Object.values(storage.filesystem)],
      tempo: [tempo.storage.trace.wal.path, tempo.storage.trace.local.path],
    }
    for (const [name, paths] of Object.entries(kept)) {
      const [, volume] = compose.services[name]?.volumes.find((each) => each.startsWith(`${name}:`))?.split(':') ?? []
      for (const path of paths) expect([path, `${path}/`.startsWith(`${volume}/`)]).toEqual([path, true])
    }
  })

  test('keep exemplars, and depend on what exists', () => {
    expect(compose.services['prometheus']?.command).toContain('--enable-feature=exemplar-storage')
    for (const [name, { depends_on: needs }] of services) {
      const others = Array.isArray(needs) ? needs : Object.keys(needs)
      expect([name, others.filter((other) => !(other in compose.services))]).toEqual([name, []])
    }
    for (const [, { build }] of services) expect([undefined, '..']).toContain(build)
  })
})

describe('NATS on top of the services of compose', () => {
  const added = Object.entries(overlay.services).filter(([name]) => !(name in compose.services))
  const conf = text(`${home}/nats/nats.conf`)
  const servers = added.map(([name]) => name).filter((name) => /^nats\d$/.test(name))

  test('is three servers with a disk and an exporter each', () => {
    expect(servers).toEqual(['nats1', 'nats2', 'nats3'])
    expect(added.map(([name]) => name).toSorted()).toEqual(servers.flatMap((name) => [name, `${name}-exporter`]).toSorted())
    expect(Object.keys(overlay.volumes)).toEqual(servers)
    for (const name of servers) {
      const { environment, volumes, healthcheck: health } = overlay.services[name] as (typeof overlay.services)[string]
      expect(environment).toEqual({ POD_NAME: name })
      expect(volumes).toEqual(['./nats:/etc/nats:ro', `${name}:/data`])
      expect(health?.test.join(' ')).toContain(':8222/healthz')
      expect(overlay.services[`${name}-exporter`]?.command?.at(-1)).toBe(`http://${name}:8222`)
    }
  })

  test('has its own configuration: each server knows the others, and keeps what it has acknowledged', () => {
    expect([...conf.matchAll(/nats:\/\/(\w+):6222/g)].map((match) => match[1])).toEqual(servers)
    for (const line of ['sync_interval: always', 'store_dir: /data', 'listen: 0.0.0.0:4222', 'http: 0.0.0.0:8222'])
      expect(conf).toContain(line)
  })

  test('is asked by every node, whose settings it accepts, and waited for', () => {
    for (const [name, { environment: own, depends_on: needs }] of Object.entries(overlay.services).filter(
      ([name]) => name in compose.services,
    )) {
      const settings = Object.entries({ ...compose.services[name]?.environment, ...own })
      const config = readConfig(Object.fromEntries(settings.map(([variable, value]) => [variable, withDefaults(value)])))
      expect(config).toMatchObject({ name, arbiter: 'nats', stateStore: 'nats' })
      expect(own['NATS_URL']).toBe(servers.map((server) => `${server}:4222`).join())
      expect(Object.keys(needs)).toEqual(servers)
    }
  })

  test('is pinned, and scraped as what it is where it is there', () => {
    for (const [name, { image = '' }] of added)
      expect([name, /:v?\d+\.\d+\.\d+(?:-alpine)?$/.test(withDefaults(image))]).toEqual([name, true])
    const job = scrapes.find(({ job_name }) => job_name === 'otp-nats')
    expect(job?.dns_sd_configs?.map(({ names, port }) => `${names.join()}:${port}`)).toEqual(servers.map((name) => `${name}-exporter:7777`))
    for (const name of servers) expect(overlay.services[`${name}-exporter`]?.command).toContain('-port=7777')
  })
})
