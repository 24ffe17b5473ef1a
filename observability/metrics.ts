// The metrics of one node: counted from its facts, read from its live structures, rendered when somebody scrapes.
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client'
import { type Clock, type NodeSnapshot, systemClock } from '#otp-labs'
import { runtimeMetricNames } from '#vocabulary'
import { sampleEventLoop } from './metrics/event-loop.ts'
import { Exposition, type Page } from './metrics/exposition.ts'
import { metricsTable } from './metrics/facts.ts'
import { type ExemplarLabels, Families } from './metrics/families.ts'
import { LinkTotals, readLive } from './metrics/live.ts'
import type { SpanCounts } from './traces/span-queue.ts'

/** What the metrics of a node are made from. */
export interface MetricsOptions {
  /** Read once a scrape; `undefined` while there is no node yet. */
  readonly snapshot: () => NodeSnapshot | undefined
  /** The kept span that was made of a fact: its exemplar. */
  readonly exemplar?: (event: object) => ExemplarLabels | undefined
  readonly spanCounts?: () => readonly SpanCounts[]
  readonly clock?: Clock
  /** Whether `process_*` and `nodejs_*` are exposed; true unless a test compares whole pages. */
  readonly runtime?: boolean
}

/** A node's metrics, in a registry of their own: many nodes may run in one OS process. */
export interface Metrics {
  readonly table: ReturnType<typeof metricsTable>
  /** For the runtime, which decides which calls it times. */
  callMeasured(locality: 'local' | 'remote', durationMs: number, outcome: string): void
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
  clock = systemClock,
  runtime = true,
}: MetricsOptions): Metrics {
  const families = new Families()
  const links = new LinkTotals()
  const refresh = () => {
    const node = snapshot()
    if (node !== undefined) readLive(families, node, links)
    families.reset('otp_telemetry_spans_total')
    for (const { scope, queued, ...outcomes } of spanCounts()) {
      families.set('otp_telemetry_span_queue', { scope }, queued)
      for (const [outcome, count] of Object.entries(outcomes)) families.count('otp_telemetry_spans_total', { scope, outcome }, count)
    }
  }
  const exposition = new Exposition([...families.all, ...(runtime ? runtimeFamilies() : [])], refresh, (seconds, series) => {
    families.observe('otp_telemetry_scrape_duration_seconds', {}, seconds)
    families.set('otp_telemetry_series', {}, series)
  })
  const stop = sampleEventLoop(clock, {
    lag: (seconds) => families.observe('otp_eventloop_lag_seconds', {}, seconds),
    utilization: (ratio) => families.set('otp_eventloop_utilization_ratio', {}, ratio),
  })
  return {
    table: metricsTable(families, exemplar),
    callMeasured: (locality, durationMs) => families.observe('otp_call_duration_seconds', { locality }, durationMs / 1000),
    render: (accept) => exposition.render(accept),
    stop,
  }
}
