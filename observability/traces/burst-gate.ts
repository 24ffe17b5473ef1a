// Lets the first facts of a kind through and counts the rest, so that a storm of thousands stays a story one can read.
import type { Clock } from '#otp-labs'
import type { SpanName } from '#vocabulary'

/** What stands for the facts that were not let through. */
export interface Burst {
  readonly of: SpanName
  /** The supervisor, node or table under which they happened. */
  readonly under: string
  count: number
  /** Wall clock of the first and the last of them. */
  readonly first: number
  last: number
  readonly reasons: Set<string>
}

const MAX_REASONS = 10

interface Count {
  admitted: number
  held: Burst | undefined
}

/** One kind of fact: `limit` of them a supervisor and a window. */
export class BurstLimit {
  readonly #of: SpanName
  readonly #gate: BurstGate
  readonly #counts = new Map<string, Count>()

  constructor(of: SpanName, gate: BurstGate) {
    this.#of = of
    this.#gate = gate
  }

  /** Asked before anything else is made of a fact: in a storm this is all that most of them cost. */
  admits(under: string, at: number, reason?: string): boolean {
    let count = this.#counts.get(under)
    if (count === undefined) {
      count = { admitted: 0, held: undefined }
      this.#counts.set(under, count)
      this.#gate.open()
    }
    if (count.admitted < this.#gate.limit) {
      count.admitted++
      return true
    }
    count.held ??= { of: this.#of, under, count: 0, first: at, last: at, reasons: new Set() }
    const { held } = count
    held.count++
    if (at > held.last) held.last = at
    if (reason !== undefined && held.reasons.size < MAX_REASONS) held.reasons.add(reason)
    return false
  }

  close(report: (burst: Burst) => void): void {
    const bursts = [...this.#counts.values()].flatMap(({ held }) => held ?? [])
    this.#counts.clear()
    for (const burst of bursts) report(burst)
  }
}

/**
 * The limits of all kinds, whose windows open with the first fact and close together: no clock is read for a fact. A loop that is
 * blocked makes a window longer, never a burst that nothing stands for.
 */
export class BurstGate {
  readonly limit: number
  readonly #clock: Clock
  readonly #report: (burst: Burst) => void
  readonly #windowMs: number
  readonly #limits = new Map<SpanName, BurstLimit>()
  #isOpen = false

  constructor(clock: Clock, report: (burst: Burst) => void, limit = 100, windowMs = 1000) {
    this.#clock = clock
    this.#report = report
    this.limit = limit
    this.#windowMs = windowMs
  }

  of(name: SpanName): BurstLimit {
    let limit = this.#limits.get(name)
    if (limit === undefined) {
      limit = new BurstLimit(name, this)
      this.#limits.set(name, limit)
    }
    return limit
  }

  /** A window begins, unless one is open. */
  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#clock.after(this.#windowMs, () => this.flush())
  }

  /** Reports what is held back now, before the end of the window. */
  flush(): void {
    this.#isOpen = false
    for (const limit of this.#limits.values()) limit.close(this.#report)
  }
}
