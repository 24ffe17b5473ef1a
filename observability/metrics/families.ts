// The metric families of one node, made from the vocabulary: typed labels, bounded values, zeros before the first fact.
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
import { type Exemplar, type ExemplarLabels, HistogramCell, ValueCell } from './cells.ts'

type Labels = Readonly<Record<string, string>>

/** One family: what the vocabulary says of it, and its cells. */
export interface Family {
  readonly name: OtpMetricName
  readonly entry: MetricEntry
  readonly labels: readonly string[]
  readonly cells: Map<string, ValueCell | HistogramCell>
  /** The values so far of each open label; those that are not listed are closed, or the family's own. */
  readonly admitted: ReadonlyMap<string, Set<string>>
}

const OVERFLOW = 'otp_telemetry_label_overflow_total'

function familyOf(name: OtpMetricName): Family {
  const entry: MetricEntry = METRICS[name]
  const open = Object.entries(entry.labels).filter(([, values]) => values === 'open' && name !== OVERFLOW)
  return {
    name,
    entry,
    labels: Object.keys(entry.labels),
    cells: new Map(),
    admitted: new Map(open.map(([label]) => [label, new Set()])),
  }
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** Finds cells by name and labels. A label value beyond the bound leads to `other`, and what is counted there is counted as overflow, too. */
export class Families {
  readonly #byName = new Map(otpMetricNames.map((name) => [name, familyOf(name)]))
  readonly #wall: () => number

  /** `wall`: ms since 1970, for exemplars. */
  constructor(wall: () => number) {
    this.#wall = wall
    for (const { name, entry, admitted } of this.#byName.values()) {
      if (admitted.size === 0 && entry.kind !== 'gauge' && entry.optional !== true && name !== OVERFLOW) this.#zero(name, {})
    }
  }

  get all(): IterableIterator<Family> {
    return this.#byName.values()
  }

  /** The cell to count in, or to set. */
  value<N extends NameOf<'counter' | 'gauge'>>(name: N, labels: LabelsOf<N>): ValueCell {
    return this.#cell(name, labels) as ValueCell
  }

  /** The cell to observe in. */
  histogram<N extends NameOf<'histogram'>>(name: N, labels: LabelsOf<N>): HistogramCell {
    return this.#cell(name, labels) as HistogramCell
  }

  /** Counts one. */
  count<N extends NameOf<'counter'>>(name: N, labels: LabelsOf<N>, ids?: ExemplarLabels): void {
    this.countIn(this.value(name, labels), ids)
  }

  countIn(cell: ValueCell, ids?: ExemplarLabels): void {
    cell.add()
    if (ids !== undefined) cell.exemplar = this.#exemplar(ids, 1)
  }

  add<N extends NameOf<'counter'>>(name: N, labels: LabelsOf<N>, by: number): void {
    this.value(name, labels).add(by)
  }

  observe<N extends NameOf<'histogram'>>(name: N, labels: LabelsOf<N>, value: number, ids?: ExemplarLabels): void {
    this.observeIn(this.histogram(name, labels), value, 1, ids)
  }

  /** `times`: how many the value stands for. */
  observeIn(cell: HistogramCell, value: number, times: number, ids?: ExemplarLabels): void {
    const place = cell.observe(value, times)
    if (ids !== undefined) cell.exemplars[place] = this.#exemplar(ids, value)
  }

  set<N extends NameOf<'gauge'>>(name: N, labels: LabelsOf<N>, value: number): void {
    this.value(name, labels).set(value)
  }

  /** Forgets all values of a family that is read anew at each scrape; a gauge without a value is not exposed: 0 would be a claim. */
  forget(name: OtpMetricName): void {
    this.#byName.get(name)?.cells.clear()
  }

  /** Starts every combination of the closed labels at 0: a counter born at 1 is invisible to `increase()`. */
  zero(name: NameOf<'counter' | 'histogram'>, openLabels: Labels): void {
    this.#zero(name, openLabels)
  }

  /** The same for a counter of one closed label, and its cells by the values of that. */
  cells<V extends string>(name: NameOf<'counter'>, openLabels: Labels, label: string): Readonly<Record<V, ValueCell>> {
    const values = (METRICS[name] as MetricEntry).labels[label] as readonly V[]
    return Object.fromEntries(values.map((value) => [value, this.#cell(name, { ...openLabels, [label]: value })])) as Record<V, ValueCell>
  }

  #zero(name: OtpMetricName, openLabels: Labels): void {
    let combinations: Labels[] = [openLabels]
    for (const [label, values] of Object.entries((METRICS[name] as MetricEntry).labels)) {
      if (values !== 'open') combinations = combinations.flatMap((labels) => values.map((value) => ({ ...labels, [label]: value })))
    }
    for (const labels of combinations) this.#cell(name, labels)
  }

  #cell(name: OtpMetricName, labels: Labels): ValueCell | HistogramCell {
    const family = this.#byName.get(name) as Family
    let key = ''
    let isOther = false
    for (const label of family.labels) {
      const value = labels[label] as string
      const isAdmitted = this.#admits(family, label, value)
      key += `${isAdmitted ? value : OTHER}\n`
      isOther ||= !isAdmitted
    }
    return family.cells.get(key) ?? this.#make(family, key, labels, isOther)
  }

  #admits({ name, admitted }: Family, label: string, value: string): boolean {
    const known = admitted.get(label)
    if (known === undefined || known.has(value)) return true
    if (known.size >= MAX_LABEL_VALUES) return false
    known.add(value)
    // Long before the first overflow, which would not be seen in a counter that is born with it.
    if (known.size === MAX_LABEL_VALUES / 2) this.#cell(OVERFLOW, { metric: name })
    return true
  }

  #make(family: Family, key: string, labels: Labels, isOther: boolean): ValueCell | HistogramCell {
    const { name, entry, cells } = family
    const shown = family.labels.map((label) => {
      const value = labels[label] as string
      return `${label}="${escaped(this.#admits(family, label, value) ? value : OTHER)}"`
    })
    const overflow = isOther ? (this.#cell(OVERFLOW, { metric: name }) as ValueCell) : undefined
    const text = shown.join(',')
    const cell = entry.kind === 'histogram' ? new HistogramCell(text, entry.buckets ?? [], overflow) : new ValueCell(text, overflow)
    cells.set(key, cell)
    return cell
  }

  #exemplar(ids: ExemplarLabels, value: number): Exemplar {
    return { ids, value, at: this.#wall() / 1000 }
  }
}
