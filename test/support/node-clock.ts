// The clock of one node: of its own pace, with a wall clock that is off and may jump; it may be slow, stand still or be dead.
import type { Clock, Timer } from '#base'
import type { FakeClock } from './fake-clock.ts'

export interface NodeClockOptions {
  /** How much time goes by on it in a true millisecond. */
  readonly pace?: number
  readonly wallAheadMs?: number
}

export class NodeClock implements Clock {
  readonly #true: FakeClock
  readonly #pace: number
  #wallAheadMs: number
  #held: (() => void)[] | undefined
  /** Nothing of it runs any more. */
  isDead = false
  /** Timers come up to so much later. */
  lateMs = 0

  constructor(clock: FakeClock, { pace = 1, wallAheadMs = 0 }: NodeClockOptions = {}) {
    this.#true = clock
    this.#pace = pace
    this.#wallAheadMs = wallAheadMs
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
    // A slow node is not slow at random: the same timer is late by the same share of its own time.
    const late = (this.lateMs * (ms % 97)) / 97
    return this.#true.after(ms / this.#pace + late, () => this.#run(fn))
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
