// The metric families of one node, made from the vocabulary: typed labels, bounded values, zeros before the first fact.
import { Counter, Gauge, Histogram } from 'prom-client'
import {
  type LabelsOf,
  MAX_LABEL_VALUES,
  METRICS,
  type MetricEntry,
  type NameOf,
  OTHER,
  type OtpMetricName,
  otpMetricNames,
} from '#vocabulary'

/** Ids of a kept span, as OpenMetrics wants them. */
export interface ExemplarLabels {
  readonly trace_id: string
  readonly span_id: string
}

type Labels = Readonly<Record<string, string>>
/** Any family of prom-client. */
export type Family = Counter | Gauge | Histogram

function create(name: OtpMetricName, entry: MetricEntry): Family {
  const config = { name, help: entry.help, labelNames: Object.keys(entry.labels), registers: [] }
  if (entry.kind === 'counter') return new Counter({ ...config, enableExemplars: entry.exemplars === true })
  if (entry.kind === 'gauge') return new Gauge(config)
  return new Histogram({ ...config, buckets: [...(entry.buckets ?? [])] })
}

/** Counts, observes and sets by name. A label value beyond the bound is counted as `other`, and that is counted, too. */
export class Families {
  readonly all: readonly Family[]
  readonly #byName = new Map<string, Family>()
  /** Open labels of a family, and their values so far. */
  readonly #admitted = new Map<string, Map<string, Set<string>>>()
  readonly #zeroed = new Set<string>()

  constructor() {
    for (const name of otpMetricNames) {
      const entry: MetricEntry = METRICS[name]
      this.#byName.set(name, create(name, entry))
      const open = Object.entries(entry.labels).filter(([, values]) => values === 'open')
      if (open.length > 0 && name !== 'otp_telemetry_label_overflow_total') {
        this.#admitted.set(name, new Map(open.map(([label]) => [label, new Set()])))
      }
      if (open.length === 0) this.#zero(name, {})
      if (entry.kind === 'gauge' && Object.keys(entry.labels).length === 0) this.withhold(name as NameOf<'gauge'>)
    }
    this.all = [...this.#byName.values()]
  }

  count<N extends NameOf<'counter'>>(name: N, labels: LabelsOf<N>, by = 1, exemplar?: ExemplarLabels): void {
    const counter = this.#byName.get(name) as Counter & { enableExemplars: boolean }
    const bounded = this.#bound(name, labels)
    if (!counter.enableExemplars) counter.inc(bounded, by)
    else if (exemplar === undefined) counter.inc({ labels: bounded, value: by })
    else counter.inc({ labels: bounded, value: by, exemplarLabels: { ...exemplar } })
  }

  observe<N extends NameOf<'histogram'>>(name: N, labels: LabelsOf<N>, value: number): void {
    const histogram = this.#byName.get(name) as Histogram
    histogram.observe(this.#bound(name, labels), value)
  }

  /** Values of label sets that fall together in `other` are added up. */
  set<N extends NameOf<'gauge'>>(name: N, labels: LabelsOf<N>, value: number): void {
    const gauge = this.#byName.get(name) as Gauge
    const bounded = this.#bound(name, labels)
    if (bounded === labels) gauge.set(bounded, value)
    else gauge.inc(bounded, value)
  }

  /** Exposes no value for a gauge without labels until it is set: 0 would be a claim. */
  withhold(name: NameOf<'gauge'>): void {
    const gauge = this.#byName.get(name) as Gauge
    gauge.remove()
  }

  /** Forgets all values of a family that is read anew at each scrape. */
  reset(name: OtpMetricName): void {
    this.#byName.get(name)?.reset()
  }

  /** Starts every combination of the closed labels at 0, once: a counter born at 1 is invisible to `increase()`. */
  zero(name: NameOf<'counter' | 'histogram'>, openLabels: Labels): void {
    this.#zero(name, openLabels)
  }

  #zero(name: OtpMetricName, openLabels: Labels): void {
    const family = this.#byName.get(name)
    if (family === undefined || family instanceof Gauge) return
    const bounded = this.#bound(name, openLabels)
    const key = `${name} ${Object.values(bounded).join(' ')}`
    if (this.#zeroed.has(key)) return
    this.#zeroed.add(key)
    let combinations: Labels[] = [bounded]
    for (const [label, values] of Object.entries((METRICS[name] as MetricEntry).labels)) {
      if (values !== 'open') combinations = combinations.flatMap((labels) => values.map((value) => ({ ...labels, [label]: value })))
    }
    for (const labels of combinations) {
      if (family instanceof Histogram) family.zero(labels)
      else this.count(name as NameOf<'counter'>, labels, 0)
    }
  }

  #bound<L extends Labels>(name: OtpMetricName, labels: L): L {
    let bounded = labels
    for (const [label, known] of this.#admitted.get(name) ?? []) {
      const value = labels[label] as string
      if (known.has(value)) continue
      if (known.size < MAX_LABEL_VALUES) {
        known.add(value)
        continue
      }
      bounded = { ...bounded, [label]: OTHER }
      this.count('otp_telemetry_label_overflow_total', { metric: name })
    }
    return bounded
  }
}
