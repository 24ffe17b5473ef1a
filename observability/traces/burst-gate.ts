// Lets the first facts of a kind through and counts the rest, so that a storm of thousands stays a story one can read.
import type { Clock, ExitReason } from '#otp-labs'

/** What stands for the facts that were not let through. */
export interface Burst<Of extends string> {
  readonly of: Of
  /** The supervisor, node or table under which they happened. */
  readonly under: string
  count: number
  /** Wall clock of the first and the last of them. */
  readonly first: number
  last: number
  /** Those of the first thousand, at most 10. */
  readonly reasons: Set<string>
}

const MAX_REASONS = 10
/** Of so many facts that are held back the reasons are put into words; what a longer storm would add costs more than it says. */
const ASKED = 1000

interface Count<Of extends string> {
  admitted: number
  held: Burst<Of> | undefined
}

/** One kind of fact: `limit` of them a supervisor and a window. */
export class BurstLimit<Of extends string> {
  readonly #of: Of
  readonly #gate: BurstGate<Of>
  readonly #counts = new Map<string, Count<Of>>()

  constructor(of: Of, gate: BurstGate<Of>) {
    this.#of = of
    this.#gate = gate
  }

  /** Asked before anything else is made of a fact: in a storm this is all that most of them cost. */
  admits(under: string, at: number, reason?: ExitReason): boolean {
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
    if (reason !== undefined && held.count <= ASKED && held.reasons.size < MAX_REASONS) held.reasons.add(this.#gate.inWords(reason))
    return false
  }

  close(report: (burst: Burst<Of>) => void): void {
    const bursts = [...this.#counts.values()].flatMap(({ held }) => held ?? [])
    this.#counts.clear()
    for (const burst of bursts) report(burst)
  }
}

/**
 * The limits of all kinds, whose windows open with the first fact and close together: no clock is read for a fact. A loop that is
 * blocked makes a window longer, never a burst that nothing stands for.
 */
export class BurstGate<Of extends string> {
  readonly limit: number
  readonly inWords: (reason: ExitReason) => string
  readonly #clock: Clock
  readonly #report: (burst: Burst<Of>) => void
  readonly #windowMs: number
  readonly #limits = new Map<Of, BurstLimit<Of>>()
  #isOpen = false

  constructor(clock: Clock, inWords: (reason: ExitReason) => string, report: (burst: Burst<Of>) => void, limit = 100, windowMs = 1000) {
    this.inWords = inWords
    this.#clock = clock
    this.#report = report
    this.limit = limit
    this.#windowMs = windowMs
  }

  of(name: Of): BurstLimit<Of> {
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
