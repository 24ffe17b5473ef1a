// Lets the first records of a kind under one supervisor through and counts the others, so that a storm neither fills a disk nor hides the rest.
import type { Clock } from '#otp-labs'
import type { Facts } from '#vocabulary'

/** What was held back in one window. */
export interface HeldBack {
  readonly of: keyof Facts
  /** Empty where there is none. */
  readonly supervisor: string
  readonly count: number
  /** Wall clock of the first and the last of them. */
  readonly first: number
  readonly last: number
  readonly reasons: readonly string[]
}

const MAX_REASONS = 10

interface Tally {
  readonly of: keyof Facts
  readonly supervisor: string
  seen: number
  first: number
  last: number
  readonly reasons: Set<string>
}

/** One window for all kinds, that opens with a record and closes by a timer: when nothing is logged, nothing is kept. */
export class StormGate {
  readonly #clock: Clock
  readonly #limit: number
  readonly #windowMs: number
  readonly #report: (held: HeldBack) => void
  /** By kind, then by supervisor: one key for both would be put together for every record of a storm. */
  readonly #tallies = new Map<keyof Facts, Map<string, Tally>>()

  constructor(clock: Clock, { limit, windowMs }: { readonly limit: number; readonly windowMs: number }, report: (held: HeldBack) => void) {
    this.#clock = clock
    this.#limit = limit
    this.#windowMs = windowMs
    this.#report = report
  }

  /** Whether this one is to be written; `reason` is asked for only where it is not. */
  admits(of: keyof Facts, supervisor: string, reason: () => string | undefined): boolean {
    if (this.#tallies.size === 0) this.#clock.after(this.#windowMs, () => this.flush())
    const tally = this.#tallyOf(of, supervisor)
    tally.seen++
    if (tally.seen <= this.#limit) return true
    tally.last = this.#clock.wall()
    if (tally.seen === this.#limit + 1) tally.first = tally.last
    const said = tally.reasons.size < MAX_REASONS ? reason() : undefined
    if (said !== undefined) tally.reasons.add(said)
    return false
  }

  #tallyOf(of: keyof Facts, supervisor: string): Tally {
    let tallies = this.#tallies.get(of)
    if (tallies === undefined) {
      tallies = new Map()
      this.#tallies.set(of, tallies)
    }
    let tally = tallies.get(supervisor)
    if (tally === undefined) {
      tally = { of, supervisor, seen: 0, first: 0, last: 0, reasons: new Set() }
      tallies.set(supervisor, tally)
    }
    return tally
  }

  /** Ends the window now and tells what it held back. */
  flush(): void {
    const tallies = [...this.#tallies.values()].flatMap((ofKind) => [...ofKind.values()])
    this.#tallies.clear()
    for (const { seen, reasons, ...which } of tallies) {
      if (seen > this.#limit) this.#report({ ...which, count: seen - this.#limit, reasons: [...reasons] })
    }
  }
}
