// How many restarts within how long are too many. Pure.

/** OTP's `intensity` and `period`: with more than `maxRestarts` restarts within `periodMs`, a supervisor gives up. */
export class RestartIntensity {
  readonly maxRestarts: number
  readonly periodMs: number
  /** When they were, oldest first; those before `#first` are forgotten. */
  #restarts: number[] = []
  #first = 0

  constructor(maxRestarts: number, periodMs: number) {
    this.maxRestarts = maxRestarts
    this.periodMs = periodMs
  }

  /** Notes a restart at `now` (monotonic ms): whether it is one too many, and the share of the budget it leaves used (0–1). */
  add(now: number): { exceeded: boolean; used: number } {
    this.#forget(now)
    this.#restarts.push(now)
    const count = this.#restarts.length - this.#first
    return { exceeded: count > this.maxRestarts, used: this.maxRestarts === 0 ? 1 : Math.min(1, count / this.maxRestarts) }
  }

  /** Restarts within the period that ends at `now`. */
  count(now: number): number {
    this.#forget(now)
    return this.#restarts.length - this.#first
  }

  #forget(now: number): void {
    const oldest = now - this.periodMs
    while (this.#first < this.#restarts.length && (this.#restarts[this.#first] as number) <= oldest) this.#first++
    // Moved up only when half of them are forgotten: in a storm there are many, and one goes with each that comes.
    if (this.#first < 32 || this.#first * 2 < this.#restarts.length) return
    this.#restarts = this.#restarts.slice(this.#first)
    this.#first = 0
  }
}
