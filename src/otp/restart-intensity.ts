// How many restarts within how long are too many. Pure.

/** OTP's `intensity` and `period`: with more than `maxRestarts` restarts within `periodMs`, a supervisor gives up. */
export class RestartIntensity {
  readonly maxRestarts: number
  readonly periodMs: number
  #restarts: number[] = []

  constructor(maxRestarts: number, periodMs: number) {
    this.maxRestarts = maxRestarts
    this.periodMs = periodMs
  }

  /** Notes a restart at `now` (monotonic ms): whether it is one too many, and the share of the budget it leaves used (0–1). */
  add(now: number): { exceeded: boolean; used: number } {
    this.#forget(now)
    this.#restarts.push(now)
    const count = this.#restarts.length
    return { exceeded: count > this.maxRestarts, used: this.maxRestarts === 0 ? 1 : Math.min(1, count / this.maxRestarts) }
  }

  /** Restarts within the period that ends at `now`. */
  count(now: number): number {
    this.#forget(now)
    return this.#restarts.length
  }

  #forget(now: number): void {
    const oldest = now - this.periodMs
    let gone = 0
    while (gone < this.#restarts.length && (this.#restarts[gone] as number) <= oldest) gone++
    if (gone > 0) this.#restarts.splice(0, gone)
  }
}
