// Pure. How fast a peer is read: a bucket of bytes that refills with time, so that a burst passes and a flood is slowed.

export class Intake {
  readonly #perSecond: number
  /** What may be taken at once: a second's worth when nothing came for a second. */
  #allowance: number
  #at: number

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#allowance = perSecond
    this.#at = now
  }

  /** So many bytes were read; answers for how many milliseconds no more may be read, 0 where that is at once. */
  took(bytes: number, now: number): number {
    const refilled = this.#allowance + ((now - this.#at) / 1000) * this.#perSecond
    this.#allowance = Math.min(this.#perSecond, refilled) - bytes
    this.#at = now
    return this.#allowance >= 0 ? 0 : Math.ceil((-this.#allowance / this.#perSecond) * 1000)
  }
}
