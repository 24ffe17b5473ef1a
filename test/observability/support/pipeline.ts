// The files between a node and a person, as their programs read them: what they take, as far as these files use it. Anything else is a slip of the pen, which some pass over in silence.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

export const home = 'observability'
export const text = (path: string): string => readFileSync(path, 'utf8')
export const read = (path: string): unknown => parse(text(path), { merge: true })

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

const sending = {
  sending_queue: z.strictObject({ queue_size: z.int() }),
  retry_on_failure: z.strictObject({ max_elapsed_time: duration }),
}

export const Collector = z.strictObject({
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
      ...sending,
    }),
    otlp_http: z.strictObject({ endpoint: z.url(), ...sending }),
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
export const Tempo = z.strictObject({
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

/** What OTLP needs: structured metadata, and with it an index of tsdb and a schema of 13. */
export const Loki = z.strictObject({
  auth_enabled: z.literal(false),
  server: z.strictObject({ http_listen_port: z.int(), log_level: z.enum(['debug', 'info', 'warn', 'error']) }),
  common: z.strictObject({
    path_prefix: z.string(),
    instance_addr: z.literal('127.0.0.1'),
    replication_factor: z.literal(1),
    ring: z.strictObject({ kvstore: z.strictObject({ store: z.literal('inmemory') }) }),
    storage: z.strictObject({ filesystem: z.strictObject({ chunks_directory: z.string(), rules_directory: z.string() }) }),
  }),
  schema_config: z.strictObject({
    configs: z.tuple([
      z.strictObject({
        from: z.iso.date(),
        store: z.literal('tsdb'),
        object_store: z.literal('filesystem'),
        schema: z.literal('v13'),
        index: z.strictObject({ prefix: z.string(), period: z.literal('24h') }),
      }),
    ]),
  }),
  limits_config: z.strictObject({
    retention_period: duration,
    allow_structured_metadata: z.literal(true),
    otlp_config: z.strictObject({
      resource_attributes: z.strictObject({
        ignore_defaults: z.literal(true),
        attributes_config: z.tuple([z.strictObject({ action: z.literal('index_label'), attributes: z.array(z.string()) })]),
      }),
    }),
  }),
  compactor: z.strictObject({
    working_directory: z.string(),
    retention_enabled: z.literal(true),
    delete_request_store: z.literal('filesystem'),
  }),
  analytics: z.strictObject({ reporting_enabled: z.literal(false) }),
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

export const Compose = z.strictObject({
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

export const collector = Collector.parse(read(`${home}/collector/collector.yaml`))
export const loki = Loki.parse(read(`${home}/loki/loki.yaml`))
export const tempo = Tempo.parse(read(`${home}/tempo/tempo.yaml`))
export const compose = Compose.parse(read(`${home}/compose.yaml`))
export const overlay = Overlay.parse(read(`${home}/compose.nats.yaml`))
interface Scrape {
  readonly job_name: string
  readonly static_configs?: readonly { readonly targets: readonly string[] }[]
  readonly dns_sd_configs?: readonly { readonly names: readonly string[]; readonly port: number }[]
}
export const scrapes = (read(`${home}/prometheus/compose.yml`) as { scrape_configs: Scrape[] }).scrape_configs
export const services = Object.entries(compose.services)
export const portOf = (address: string): number => Number(address.split(':').at(-1))
/** As docker reads it where nothing is set. */
export const withDefaults = (value: string): string => value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
export const targetsOf = (job: string): string[] =>
  scrapes.find(({ job_name }) => job_name === job)?.static_configs?.flatMap(({ targets }) => targets) ?? []
