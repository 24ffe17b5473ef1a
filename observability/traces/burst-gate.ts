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

interface Window {
  readonly endsAt: number
  admitted: number
  held: Burst | undefined
}

/** `limit` facts of a kind a supervisor and a window; `report` is told of the rest once, when their window has ended. */
export class BurstGate {
  readonly #clock: Clock
  readonly #report: (burst: Burst) => void
  readonly #limit: number
  readonly #windowMs: number
  readonly #windows = new Map<string, Window>()

  constructor(clock: Clock, report: (burst: Burst) => void, limit = 100, windowMs = 1000) {
    this.#clock = clock
    this.#report = report
    this.#limit = limit
    this.#windowMs = windowMs
  }

  admits(of: SpanName, under: string, at: number, reason?: string): boolean {
    const key = `${of} ${under}`
    const now = this.#clock.now()
    let window = this.#windows.get(key)
    if (window === undefined || now >= window.endsAt) {
      this.#close(key)
      window = { endsAt: now + this.#windowMs, admitted: 0, held: undefined }
      this.#windows.set(key, window)
    }
    if (window.admitted < this.#limit) {
      window.admitted++
      return true
    }
    if (window.held === undefined) {
      window.held = { of, under, count: 0, first: at, last: at, reasons: new Set() }
      this.#clock.after(window.endsAt - now, () => this.#close(key, window))
    }
    const { held } = window
    held.count++
    held.last = Math.max(held.last, at)
    if (reason !== undefined && held.reasons.size < MAX_REASONS) held.reasons.add(reason)
    return false
  }

  /** Reports what is held back now, before the end. */
  flush(): void {
    for (const key of [...this.#windows.keys()]) this.#close(key)
  }

  #close(key: string, only?: Window): void {
    const window = this.#windows.get(key)
    if (window === undefined || (only !== undefined && window !== only)) return
    this.#windows.delete(key)
    if (window.held !== undefined) this.#report(window.held)
  }
}
