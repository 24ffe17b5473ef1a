// The clock of one node of a simulation: of its own pace, with a wall clock that jumps, and it may stand still or be dead.
import type { Clock, Timer } from '#base'
import type { FakeClock } from '#test/support/fake-clock.ts'

export class OwnClock implements Clock {
  readonly #true: FakeClock
  readonly #pace: number
  #wallAheadMs = 0
  #held: (() => void)[] | undefined
  isDead = false

  /** `pace`: how much of a true millisecond's time goes by on it in one. */
  constructor(clock: FakeClock, pace: number) {
    this.#true = clock
    this.#pace = pace
  }

  now(): number {
    return this.#true.now() * this.#pace
  }

  wall(): number {
    return this.#true.wall() + this.#wallAheadMs
  }

  jump(ms: number): void {
    this.#wallAheadMs += ms
  }

  after(ms: number, fn: () => void): Timer {
    return this.#true.after(ms / this.#pace, () => this.#run(fn))
  }

  soon(fn: () => void): void {
    this.#true.soon(() => this.#run(fn))
  }

  get isPaused(): boolean {
    return this.#held !== undefined
  }

  /** As SIGSTOP: what comes due waits. */
  pause(): void {
    this.#held ??= []
  }

  /** As SIGCONT. */
  resume(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const fn of held) this.#run(fn)
  }

  #run(fn: () => void): void {
    if (this.isDead) return
    if (this.#held === undefined) fn()
    else this.#held.push(fn)
  }
}
