// The metrics of NATS' own exporter that boards show, as prometheus-nats-exporter names them; nodes expose none of them.
import { counter, gauge, type MetricEntry } from './metric-entry.ts'

const server = { server_id: 'open' } as const
const stream = {
  server_name: 'open',
  account: 'open',
  stream_name: 'open',
  stream_leader: 'open',
  is_stream_leader: ['true', 'false'],
} as const

/** Scraped under a job of their own with the label `cluster` of the nodes that use the servers. */
export const ENGINE_METRICS = {
  gnatsd_healthz_status: gauge('boolean', '0 while the server says of itself that it is well.', server),
  gnatsd_varz_connections: gauge('connections', 'Clients that are connected.', server),
  gnatsd_varz_cpu: gauge('percent', 'Share of one processor.', server),
  gnatsd_varz_mem: gauge('bytes', 'Resident memory.', server),
  gnatsd_varz_slow_consumers: counter('clients', 'Clients that were cut off, since they read too slowly.', server),
  gnatsd_varz_in_msgs: counter('messages', 'Messages from clients.', server),
  gnatsd_routez_num_routes: gauge('routes', 'Connections to other servers.', server),
  jetstream_server_total_message_bytes: gauge('bytes', 'What all streams hold on a server.', { server_name: 'open' }),
  jetstream_server_max_storage: gauge('bytes', 'What they may come to.', { server_name: 'open' }),
  jetstream_stream_total_messages: gauge('messages', 'What a stream holds: of a bucket, its keys.', stream),
  jetstream_stream_last_seq: counter('writes', 'The number of the last write of a stream: the last fencing token.', stream),
} as const satisfies Readonly<Record<string, MetricEntry>>

/** A name of one of them, checked by the compiler. */
export type EngineMetricName = keyof typeof ENGINE_METRICS
