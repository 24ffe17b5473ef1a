// Which children have failed lately, so that those which made their supervisor give up are told from those that fell with it. Pure.
import type { ExitReason } from '#process'

interface Crash {
  readonly at: number
  readonly reason: ExitReason
}

/** More than so many are thinned out, so that a long life with many crashes keeps no more than its last period. */
const THIN_OUT_ABOVE = 1000

export class CrashWindow {
  readonly #periodMs: number
  /** By the child's id, oldest first. */
  readonly #crashes = new Map<string, Crash>()

  constructor(periodMs: number) {
    this.#periodMs = periodMs
  }

  /** Notes a failure at `at`, monotonic ms. */
  add(id: string, reason: ExitReason, at: number): void {
    this.#crashes.delete(id)
    this.#crashes.set(id, { at, reason })
    if (this.#crashes.size > THIN_OUT_ABOVE) this.#forgetBefore(at - this.#periodMs)
  }

  /** Takes out whoever failed within the period that ends at `now`, each with its last reason. */
  take(now: number): ReadonlyMap<string, ExitReason> {
    this.#forgetBefore(now - this.#periodMs)
    const reasons = new Map([...this.#crashes].map(([id, { reason }]) => [id, reason]))
    this.#crashes.clear()
    return reasons
  }

  #forgetBefore(oldest: number): void {
    for (const [id, { at }] of this.#crashes) {
      if (at > oldest) return
      this.#crashes.delete(id)
    }
  }
}
