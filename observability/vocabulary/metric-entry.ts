// What is said of one metric: kind, unit, help, labels with their values, buckets.

/** `closed`: every value is known and counted from 0 on. `open`: at most 200 values, the rest is `other`. */
export type LabelValues = readonly string[] | 'open'

/** One metric family, as it is exposed and documented. */
export interface MetricEntry {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  /** The base unit that the name ends in, or what is counted. */
  readonly unit: string
  readonly help: string
  readonly labels: Readonly<Record<string, LabelValues>>
  /** Upper bounds without +Inf; at most 7, so 8 with it. */
  readonly buckets?: readonly number[]
  /** Carries `trace_id` and `span_id` of a kept span in OpenMetrics. */
  readonly exemplars?: true
  /** Of a part that a node may do without: nothing is exposed, not even zeros, until it is there. */
  readonly optional?: true
}

type Labels = MetricEntry['labels']
type None = Readonly<Record<never, LabelValues>>
/** Only goes up. */
export const counter = <L extends Labels = None>(unit: string, help: string, labels: L = {} as L) =>
  ({ kind: 'counter', unit, help, labels }) as const
/** A value that goes up and down. */
export const gauge = <L extends Labels = None>(unit: string, help: string, labels: L = {} as L) =>
  ({ kind: 'gauge', unit, help, labels }) as const
/** A distribution. */
export const histogram = <L extends Labels = None>(unit: string, help: string, buckets: readonly number[], labels: L = {} as L) =>
  ({ kind: 'histogram', unit, help, buckets, labels }) as const
/** The same, and its exemplars lead to traces. */
export const withExemplars = <M extends MetricEntry>(metric: M) => ({ ...metric, exemplars: true }) as const
/** The same, and a node without that part exposes nothing of it. */
export const optional = <M extends MetricEntry>(metric: M) => ({ ...metric, optional: true }) as const
