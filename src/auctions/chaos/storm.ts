// Something bad so often, at a given rate: a storm of crashes, of calls that nobody answers.
import type { Clock } from '#otp-labs'

export interface Storm {
  readonly times: number
  readonly perSecond: number
}

/** How often it looks what is due: at high rates several come at once, at low ones none is much too late. */
const LOOK_MS = { least: 10, most: 100 } as const

/** One storm at a time. It counts by the time that has passed, so that late timers do not make it slower. */
export class StormMaker {
  readonly #clock: Clock
  readonly #doOne: () => void
  #timer: { cancel(): void } | undefined

  constructor(clock: Clock, doOne: () => void) {
    this.#clock = clock
    this.#doOne = doOne
  }

  get isUnderWay(): boolean {
    return this.#timer !== undefined
  }

  /** The first crash comes after one interval. A storm that is under way is not disturbed: `false`. */
  start({ times, perSecond }: Storm): boolean {
    if (this.isUnderWay) return false
    const startedAt = this.#clock.now()
    const intervalMs = Math.min(LOOK_MS.most, Math.max(LOOK_MS.least, 1000 / perSecond))
    let done = 0
    const tick = (): void => {
      const due = Math.min(times, Math.floor(((this.#clock.now() - startedAt) * perSecond) / 1000))
      for (; done < due; done++) this.#doOne()
      this.#timer = done < times ? this.#clock.after(intervalMs, tick) : undefined
    }
    this.#timer = this.#clock.after(intervalMs, tick)
    return true
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
