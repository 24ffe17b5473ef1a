// The files between a node and a person: every field is one that its program knows, and what one file says of another is so.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { readConfig } from '#config'
import { lines } from '#observability/alertmanager/contact.ts'
import { ATTRIBUTES, METRICS, SPANS } from '#vocabulary'
import { unknownMetrics } from './support/promql.ts'

const home = 'observability'
const read = (path: string): unknown => parse(readFileSync(path, 'utf8'), { merge: true })
const text = (path: string): string => readFileSync(path, 'utf8')

// ---- What each program takes, as far as these files use it: anything else is a slip of the pen, which some of them pass over in silence.

const endpoint = z.string().regex(/^[a-z0-9.]+:\d+$/)
const otlp = z.strictObject({ protocols: z.strictObject({ grpc: z.strictObject({ endpoint }), http: z.strictObject({ endpoint }) }) })
const duration = z.string().regex(/^\d+(ms|s|m|h)$/)
const share = z.number().min(0).max(100)

const policy = z.discriminatedUnion('type', [
  z.strictObject({
    name: z.string(),
    type: z.literal('boolean_attribute'),
    boolean_attribute: z.strictObject({ key: z.string(), value: z.boolean() }),
  }),
  z.strictObject({
    name: z.string(),
    type: z.literal('ottl_condition'),
    ottl_condition: z.strictObject({ error_mode: z.enum(['ignore', 'propagate']), span: z.array(z.string()) }),
  }),
  z.strictObject({
    name: z.string(),
    type: z.literal('status_code'),
    status_code: z.strictObject({ status_codes: z.array(z.enum(['OK', 'ERROR', 'UNSET'])) }),
  }),
  z.strictObject({ name: z.string(), type: z.literal('latency'), latency: z.strictObject({ threshold_ms: z.number().positive() }) }),
  z.strictObject({ name: z.string(), type: z.literal('probabilistic'), probabilistic: z.strictObject({ sampling_percentage: share }) }),
])

const pipeline = z.strictObject({ receivers: z.array(z.string()), processors: z.array(z.string()), exporters: z.array(z.string()) })

const Collector = z.strictObject({
  extensions: z.strictObject({ health_check: z.strictObject({ endpoint }) }),
  receivers: z.strictObject({ otlp }),
  processors: z.strictObject({
    memory_limiter: z.strictObject({ check_interval: duration, limit_percentage: share, spike_limit_percentage: share }),
    tail_sampling: z.strictObject({
      decision_wait: duration,
      num_traces: z.int(),
      expected_new_traces_per_sec: z.int(),
      decision_cache: z.strictObject({ sampled_cache_size: z.int(), non_sampled_cache_size: z.int() }),
      policies: z.array(policy),
    }),
    batch: z.strictObject({ send_batch_size: z.int(), timeout: duration }),
  }),
  connectors: z.strictObject({
    span_metrics: z.strictObject({
      namespace: z.string(),
      histogram: z.strictObject({ unit: z.enum(['s', 'ms']), explicit: z.strictObject({ buckets: z.array(duration).max(7) }) }),
      dimensions: z.array(z.strictObject({ name: z.string() })),
      exemplars: z.strictObject({ enabled: z.boolean() }),
      resource_metrics_key_attributes: z.array(z.string()),
      aggregation_cardinality_limit: z.int().positive(),
      metrics_expiration: duration,
    }),
    forward: z.null(),
  }),
  exporters: z.strictObject({
    otlp_grpc: z.strictObject({
      endpoint,
      tls: z.strictObject({ insecure: z.boolean() }),
      sending_queue: z.strictObject({ queue_size: z.int() }),
      retry_on_failure: z.strictObject({ max_elapsed_time: duration }),
    }),
    prometheus: z.strictObject({
      endpoint,
      enable_open_metrics: z.boolean(),
      resource_to_telemetry_conversion: z.strictObject({ enabled: z.boolean() }),
    }),
  }),
  service: z.strictObject({
    extensions: z.array(z.string()),
    telemetry: z.strictObject({
      metrics: z.strictObject({
        readers: z.array(
          z.strictObject({
            pull: z.strictObject({ exporter: z.strictObject({ prometheus: z.strictObject({ host: z.string(), port: z.int() }) }) }),
          }),
        ),
      }),
    }),
    pipelines: z.record(z.string(), pipeline),
  }),
})

/** No `ingester`, `compactor` or `metrics_generator_client`: Tempo 3 refuses them. */
const Tempo = z.strictObject({
  server: z.strictObject({ http_listen_port: z.int(), log_level: z.enum(['debug', 'info', 'warn', 'error']) }),
  distributor: z.strictObject({ receivers: z.strictObject({ otlp }) }),
  backend_worker: z.strictObject({ compaction: z.strictObject({ block_retention: duration }) }),
  storage: z.strictObject({
    trace: z.strictObject({
      backend: z.literal('local'),
      wal: z.strictObject({ path: z.string() }),
      local: z.strictObject({ path: z.string() }),
    }),
  }),
  usage_report: z.strictObject({ reporting_enabled: z.literal(false) }),
})

const healthcheck = z.strictObject({
  test: z.tuple([z.literal('CMD')], z.string()),
  interval: duration,
  timeout: duration,
  retries: z.int().positive(),
  start_period: duration.optional(),
})

const service = z.strictObject({
  build: z.string().optional(),
  image: z.string(),
  user: z.literal('0').optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  depends_on: z.union([z.array(z.string()), z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') }))]).default([]),
  healthcheck: healthcheck.optional(),
  stop_grace_period: duration.optional(),
  mem_limit: z.string().optional(),
})

const Compose = z.strictObject({
  name: z.string(),
  'x-node': z.unknown(),
  'x-node-settings': z.unknown(),
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
})

/** What is put on top of the other: nodes are the same, with more settings. */
const Overlay = z.strictObject({
  'x-decided': z.unknown(),
  'x-nats': z.unknown(),
  'x-exporter': z.unknown(),
  services: z.record(z.string(), service.extend({ image: z.string().optional() })),
  volumes: z.record(z.string(), z.null()),
})

const collector = Collector.parse(read(`${home}/collector/collector.yaml`))
const tempo = Tempo.parse(read(`${home}/tempo/tempo.yaml`))
const compose = Compose.parse(read(`${home}/compose.yaml`))
const overlay = Overlay.parse(read(`${home}/compose.nats.yaml`))
interface Scrape {
  readonly job_name: string
  readonly static_configs?: readonly { readonly targets: readonly string[] }[]
  readonly dns_sd_configs?: readonly { readonly names: readonly string[]; readonly port: number }[]
}
const scrapes = (read(`${home}/prometheus/compose.yml`) as { scrape_configs: Scrape[] }).scrape_configs
const services = Object.entries(compose.services)
const portOf = (address: string): number => Number(address.split(':').at(-1))
/** As docker reads it where nothing is set. */
const withDefaults = (value: string): string => value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
const targetsOf = (job: string): string[] =>
  scrapes.find(({ job_name }) => job_name === job)?.static_configs?.flatMap(({ targets }) => targets) ?? []

describe('the schemas can fail', () => {
  test.for([
    ['a field that is misspelt', Collector, { ...collector, exporter: {} }],
    ['a block that Tempo 3 refuses', Tempo, { ...tempo, ingester: {} }],
    ['a service with a field of another', Compose, { ...compose, services: { n1: { image: 'x', health: {} } } }],
  ] as const)('on %s', ([, schema, value]) => {
    expect(schema.safeParse(value).success).toBe(false)
  })
})

describe('the collector', () => {
  const pipelines = Object.entries(collector.service.pipelines)
  const defined = (kind: 'receivers' | 'exporters') => [...Object.keys(collector[kind]), ...Object.keys(collector.connectors)]

  test('uses what is defined, and defines what is used', () => {
    const used = (kind: 'receivers' | 'processors' | 'exporters') => new Set(pipelines.flatMap(([, each]) => each[kind]))
    expect([...used('receivers')].toSorted()).toEqual(defined('receivers').toSorted())
    expect([...used('exporters')].toSorted()).toEqual(defined('exporters').toSorted())
    expect([...used('processors')].toSorted()).toEqual(Object.keys(collector.processors).toSorted())
    expect(collector.service.extensions).toEqual(Object.keys(collector.extensions))
  })

  test('guards its memory before anything else', () => {
    for (const [name, { receivers, processors }] of pipelines) {
      if (receivers.includes('otlp')) expect([name, processors[0]]).toEqual([name, 'memory_limiter'])
    }
  })

  test('measures spans before any is dropped', () => {
    const [, measured] = pipelines.find(([, { exporters }]) => exporters.includes('span_metrics')) ?? []
    expect(measured?.receivers).toEqual(['otlp'])
    expect(measured?.processors).toEqual(['memory_limiter'])
    expect(measured?.exporters).toContain('forward')
    const [, sampled] = pipelines.find(([, { processors }]) => processors.includes('tail_sampling')) ?? []
    expect(sampled?.receivers).toEqual(['forward'])
  })

  test('keeps what is marked, the lifecycle, errors and what is slow', () => {
    const { policies } = collector.processors.tail_sampling
    expect(policies).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ boolean_attribute: { key: 'otp.keep' satisfies keyof typeof ATTRIBUTES, value: true } }),
        expect.objectContaining({ status_code: { status_codes: ['ERROR'] } }),
        expect.objectContaining({ type: 'latency' }),
      ]),
    )
    const scopes = policies.flatMap((one) => (one.type === 'ottl_condition' ? one.ottl_condition.span : []))
    const kept = [...new Set(Object.values(SPANS).map(({ scope }) => scope))].filter((scope) => scope !== 'otp.message')
    expect(scopes.toSorted()).toEqual(kept.map((scope) => `instrumentation_scope.name == "${scope}"`).toSorted())
  })

  test('labels by attributes that exist and are bounded', () => {
    const labels = collector.connectors.span_metrics.dimensions.map(({ name }) => name)
    for (const label of labels) expect([label, label in ATTRIBUTES]).toEqual([label, true])
    for (const unbounded of ['otp.process.pid', 'otp.name', 'otp.child']) expect(labels).not.toContain(unbounded)
  })
})

describe('the services of compose', () => {
  const nodes = services.filter(([, { environment }]) => environment['OTP_NODE_NAME'] !== undefined)

  test('are three nodes, and all that watches them', () => {
    expect(services.map(([name]) => name).toSorted()).toEqual(
      ['n1', 'n2', 'n3', 'alertmanager', 'collector', 'contact', 'grafana', 'prometheus', 'tempo'].toSorted(),
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
  })

  test('are where the others look for them', () => {
    expect(collector.exporters.otlp_grpc.endpoint).toBe(`tempo:${portOf(tempo.distributor.receivers.otlp.protocols.grpc.endpoint)}`)
    expect(targetsOf('spans')).toEqual([`collector:${portOf(collector.exporters.prometheus.endpoint)}`])
    expect(targetsOf('collector')).toEqual([`collector:${collector.service.telemetry.metrics.readers[0]?.pull.exporter.prometheus.port}`])
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

  test('say how they are, but for two whose images hold nothing that could ask: Prometheus scrapes those', () => {
    const silent = services.filter(([, each]) => each.healthcheck === undefined).map(([name]) => name)
    expect(silent.toSorted()).toEqual(['collector', 'tempo'])
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

describe('Grafana', () => {
  const folder = 'grafana/provisioning'
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => `${folder}/${file}`)
  const environment = compose.services['grafana']?.environment ?? {}
  const sources = (read(`${folder}/datasources/otp.yaml`) as { datasources: { uid: string; url: string; jsonData?: object }[] }).datasources

  test('is given every address that it is provisioned with', () => {
    expect(files.length).toBeGreaterThanOrEqual(3)
    for (const file of files) {
      for (const [, variable] of text(file).matchAll(/\$\{([A-Z]+_URL)\}/g))
        expect([file, Object.keys(environment)]).toEqual([file, expect.arrayContaining([variable])])
    }
    for (const [variable, address] of Object.entries(environment).filter(([name]) => name.endsWith('_URL'))) {
      expect([variable, Object.keys(compose.services)]).toEqual([variable, expect.arrayContaining([new URL(address).hostname])])
    }
  })

  test('goes from exemplars to traces and from spans to metrics, by sources that there are', () => {
    const uids = sources.map(({ uid }) => uid)
    const named = [...JSON.stringify(sources).matchAll(/"(?:datasourceUid|alertmanagerUid)":"(\w+)"/g)].map((match) => match[1] as string)
    expect(named.length).toBeGreaterThanOrEqual(3)
    expect(named.filter((uid) => !uids.includes(uid))).toEqual([])
    expect(unknownMetrics(text(`${folder}/datasources/otp.yaml`))).toEqual([])
    expect(Object.values(METRICS).some((metric) => 'exemplars' in metric)).toBe(true)
  })

  test('has the boards where its provisioning looks for them', () => {
    const { providers } = read(`${folder}/dashboards/otp.yaml`) as { providers: { options: { path: string } }[] }
    for (const { options } of providers) {
      expect(compose.services['grafana']?.volumes.map((volume) => volume.split(':')[1])).toContain(options.path)
    }
  })
})

test('the contact prints one line for each alert: to whom, what, and where to read on', () => {
  const alert = {
    status: 'firing',
    labels: { alertname: 'OtpNodeDown' },
    annotations: { description: 'Node c is silent.', runbook_url: 'https://x' },
  }
  expect(lines({ receiver: 'ticket', status: 'firing', alerts: [alert, { ...alert, status: 'resolved' }] })).toEqual([
    'ticket: firing  OtpNodeDown  Node c is silent.  https://x',
    'ticket: over  OtpNodeDown  Node c is silent.  https://x',
  ])
})
