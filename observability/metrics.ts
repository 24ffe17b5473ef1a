// The metrics of one node: counted from its facts, read from its live structures, rendered when somebody scrapes.
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client'
import { type CallMeasured, type Clock, type MessageMeasured, type NodeSnapshot, systemClock } from '#otp-labs'
import { runtimeMetricNames } from '#vocabulary'
import type { ExportCounts } from './export-queue.ts'
import { Behaviours } from './metrics/behaviours.ts'
import type { ExemplarLabels } from './metrics/cells.ts'
import { sampleEventLoop } from './metrics/event-loop.ts'
import { keptIds } from './metrics/exemplar.ts'
import { Exposition, type Page } from './metrics/exposition.ts'
import { metricsTable } from './metrics/facts.ts'
import { Families } from './metrics/families.ts'
import { LiveReader } from './metrics/live.ts'
import { Supervisors } from './metrics/supervisors.ts'
import type { SpanCounts } from './traces/span-queue.ts'

/** What the metrics of a node are made from. */
export interface MetricsOptions {
  /** Read once a scrape; `undefined` while there is no node yet. */
  readonly snapshot: () => NodeSnapshot | undefined | Promise<NodeSnapshot | undefined>
  /** The kept span that was made of a fact: its exemplar. */
  readonly exemplar?: (event: object) => ExemplarLabels | undefined
  readonly spanCounts?: () => readonly SpanCounts[]
  /** `undefined` where no log record is sent. */
  readonly recordCounts?: () => Readonly<ExportCounts> | undefined
  readonly clock?: Clock
  /** Whether `process_*` and `nodejs_*` are exposed; true unless a test compares whole pages. */
  readonly runtime?: boolean
}

/** A node's metrics, in a registry of their own: many nodes may run in one OS process. */
export interface Metrics {
  readonly table: ReturnType<typeof metricsTable>
  /** For the runtime, which decides which calls and messages it times. */
  readonly callMeasured: CallMeasured
  readonly messageMeasured: MessageMeasured
  render(accept?: string): Promise<Page>
  stop(): void
}

/** What prom-client knows about Node.js, as far as the vocabulary lists it. Its own view of the event loop resets at each scrape. */
function runtimeFamilies(): Metric[] {
  const register = new Registry()
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: 1000 })
  return runtimeMetricNames.flatMap((name) => register.getSingleMetric(name) ?? [])
}

export function createMetrics({
  snapshot,
  exemplar = () => undefined,
  spanCounts = () => [],
  recordCounts = () => undefined,
  clock = systemClock,
  runtime = true,
}: MetricsOptions): Metrics {
  const wall = () => clock.wall()
  const families = new Families(wall)
  const [behaviours, supervisors] = [new Behaviours(families), new Supervisors(families)]
  const live = new LiveReader(families, behaviours, supervisors, wall)
  const refresh = async () => {
    const node = await snapshot()
    if (node !== undefined) live.read(node)
    const spans = spanCounts()
    if (spans.length > 0) families.forget('otp_telemetry_spans_total')
    for (const { scope, queued, ...outcomes } of spans) {
      families.set('otp_telemetry_span_queue', { scope }, queued)
      for (const [outcome, count] of Object.entries(outcomes)) families.add('otp_telemetry_spans_total', { scope, outcome }, count)
    }
    const records = recordCounts()
    if (records !== undefined) families.forget('otp_telemetry_log_records_total')
    for (const [outcome, count] of Object.entries(records ?? {})) families.add('otp_telemetry_log_records_total', { outcome }, count)
  }
  const exposition = new Exposition({
    families: [...families.all],
    runtime: runtime ? runtimeFamilies() : [],
    refresh,
    onRendered: (seconds, series) => {
      families.observe('otp_telemetry_scrape_duration_seconds', {}, seconds)
      families.set('otp_telemetry_series', {}, series)
    },
  })
  const stop = sampleEventLoop(clock, {
    lag: (seconds) => families.observe('otp_eventloop_lag_seconds', {}, seconds),
    utilization: (ratio) => families.set('otp_eventloop_utilization_ratio', {}, ratio),
  })
  const calls = {
    local: families.histogram('otp_call_duration_seconds', { locality: 'local' }),
    remote: families.histogram('otp_call_duration_seconds', { locality: 'remote' }),
  }
  const depths = families.histogram('otp_mailbox_depth', {})
  return {
    table: metricsTable({ families, behaviours, supervisors, exemplar }),
    callMeasured: (locality, durationMs, _outcome, count, trace) => {
      families.observeIn(calls[locality], durationMs / 1000, count, keptIds(trace))
    },
    messageMeasured: ({ behaviour, count, depth, waitMs, handleMs, trace }) => {
      const { wait, handle } = behaviours.of(behaviour)
      const ids = keptIds(trace)
      depths.observe(depth, count)
      families.observeIn(wait, waitMs / 1000, count, ids)
      families.observeIn(handle, handleMs / 1000, count, ids)
    },
    render: (accept) => exposition.render(accept),
    stop,
  }
}
