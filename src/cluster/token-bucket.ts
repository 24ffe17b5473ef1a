// Pure. How much may come in: so much at once, and so much a second after that. A burst passes, and a flood does not. Time is given.

export class TokenBucket {
  readonly #perSecond: number
  /** What may come in at once: a second's worth when nothing came for a second. */
  #tokens: number
  #at: number

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#tokens = perSecond
    this.#at = now
  }

  #refill(now: number): void {
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond)
    this.#at = now
  }

  /** Whether one more may come in at `now`. */
  take(now: number): boolean {
    this.#refill(now)
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** So much has come in already; answers for how many milliseconds no more may, 0 where that is at once. */
  took(amount: number, now: number): number {
    this.#refill(now)
    this.#tokens -= amount
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#perSecond) * 1000)
  }
}
