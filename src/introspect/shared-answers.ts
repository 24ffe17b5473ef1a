// One answer for however many ask: the same question within its refresh interval is not worked out again.
import type { Clock } from '#base'

interface Kept<T> {
  readonly answer: Promise<T>
  readonly until: number
}

/** So many different questions are remembered. */
const MOST = 200

export class SharedAnswers {
  readonly #clock: Clock
  readonly #kept = new Map<string, Kept<unknown>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What was answered under `key` less than `refreshMs` ago, or is being worked out; else what `work` answers. Failures are not kept. */
  async ask<T>(key: string, refreshMs: number, work: () => Promise<T>): Promise<T> {
    const now = this.#clock.now()
    const kept = this.#kept.get(key)
    if (kept !== undefined && now < kept.until) return kept.answer as Promise<T>
    const answer = work()
    this.#kept.delete(key)
    this.#kept.set(key, { answer, until: now + refreshMs })
    this.#forget(now)
    try {
      return await answer
    } catch (error) {
      if (this.#kept.get(key)?.answer === answer) this.#kept.delete(key)
      throw error
    }
  }

  /** Those that are over, and the oldest of too many. */
  #forget(now: number): void {
    for (const [key, { until }] of this.#kept) {
      if (until >= now && this.#kept.size <= MOST) break
      this.#kept.delete(key)
    }
  }
}
