// What a family is made of: one cell a label set. Who counts often keeps the cell: to find it by its labels costs more than to count.

/** Ids of a kept span, as OpenMetrics wants them. */
export interface ExemplarLabels {
  readonly trace_id: string
  readonly span_id: string
}

/** One measurement that can be looked up as a trace; `at` in seconds since 1970. */
export interface Exemplar {
  readonly ids: ExemplarLabels
  readonly value: number
  readonly at: number
}

/** A counter's or a gauge's value. `overflow` counts what is added to a cell that stands for many. */
export class ValueCell {
  readonly labels: string
  value = 0
  exemplar: Exemplar | undefined
  readonly #overflow: ValueCell | undefined

  constructor(labels: string, overflow?: ValueCell) {
    this.labels = labels
    this.#overflow = overflow
  }

  add(by = 1): void {
    this.value += by
    if (this.#overflow !== undefined && by > 0) this.#overflow.value++
  }

  /** Values that fall together in one cell are added up. */
  set(value: number): void {
    if (this.#overflow === undefined) this.value = value
    else this.add(value)
  }
}

/** How often a value fell between two bounds, and the sum of all. */
export class HistogramCell {
  readonly labels: string
  readonly bounds: readonly number[]
  /** One more than there are bounds: the last is above all of them. */
  readonly counts: number[]
  sum = 0
  readonly exemplars: (Exemplar | undefined)[]
  readonly #overflow: ValueCell | undefined

  constructor(labels: string, bounds: readonly number[], overflow?: ValueCell) {
    this.labels = labels
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
    this.exemplars = Array.from({ length: bounds.length + 1 })
    this.#overflow = overflow
  }

  /** `times`: how many it stands for. The answer is the place of the bucket it fell into. */
  observe(value: number, times = 1): number {
    let place = 0
    while (place < this.bounds.length && value > (this.bounds[place] as number)) place++
    this.counts[place] = (this.counts[place] as number) + times
    this.sum += value * times
    if (this.#overflow !== undefined) this.#overflow.value++
    return place
  }
}
