// What the load driver counts, and what it reports each second. Pure.

/** Sent each second to the process that started the driver. Counts are since the start; the rate and the latencies are the last second's. */
export interface LoadReport {
  readonly type: 'load'
  readonly bidsPerSecond: number
  readonly accepted: number
  readonly tooLow: number
  readonly closed: number
  /** Bids, looks and openings that failed for good, in all and by kind; `retries`: tries after which another one was made. */
  readonly errors: number
  readonly errorsByKind: Readonly<Record<string, number>>
  readonly retries: number
  /** Of bids, from the moment they were due. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly lots: number
}

export class Tally {
  accepted = 0
  tooLow = 0
  closed = 0
  retries = 0
  readonly #errors = new Map<string, number>()
  #latencies: number[] = []
  #since: number

  constructor(now: number) {
    this.#since = now
  }

  /** A bid was answered, whichever way. */
  answered(latencyMs: number): void {
    this.#latencies.push(latencyMs)
  }

  failed(kind: string): void {
    this.#errors.set(kind, (this.#errors.get(kind) ?? 0) + 1)
  }

  /** Reports, and begins a new second. */
  report(now: number, lots: number): LoadReport {
    const sorted = this.#latencies.sort((a, b) => a - b)
    const seconds = Math.max(0.001, (now - this.#since) / 1000)
    this.#latencies = []
    this.#since = now
    return {
      type: 'load',
      bidsPerSecond: round(sorted.length / seconds),
      accepted: this.accepted,
      tooLow: this.tooLow,
      closed: this.closed,
      errors: [...this.#errors.values()].reduce((sum, count) => sum + count, 0),
      errorsByKind: Object.fromEntries(this.#errors),
      retries: this.retries,
      p50Ms: round(percentile(sorted, 0.5)),
      p99Ms: round(percentile(sorted, 0.99)),
      lots,
    }
  }
}

/** Nearest rank; 0 of nothing. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

const round = (value: number): number => Math.round(value * 10) / 10
