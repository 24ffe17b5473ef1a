// A crash storm for drills: crashes so many lots, chosen at random, at a given rate.
import type { Clock } from '#otp-labs'

export interface Storm {
  readonly crashes: number
  readonly perSecond: number
}

/** How often it looks what is due: at high rates several lots crash at once, at low ones a crash is not much too late. */
const LOOK_MS = { least: 10, most: 100 } as const

/** One storm at a time. It counts by the time that has passed, so that late timers do not make it slower. */
export class StormMaker {
  readonly #clock: Clock
  readonly #crashOne: () => void
  #timer: { cancel(): void } | undefined

  constructor(clock: Clock, crashOne: () => void) {
    this.#clock = clock
    this.#crashOne = crashOne
  }

  get isUnderWay(): boolean {
    return this.#timer !== undefined
  }

  /** The first crash comes after one interval. A storm that is under way is not disturbed: `false`. */
  start({ crashes, perSecond }: Storm): boolean {
    if (this.isUnderWay) return false
    const startedAt = this.#clock.now()
    const intervalMs = Math.min(LOOK_MS.most, Math.max(LOOK_MS.least, 1000 / perSecond))
    let done = 0
    const tick = (): void => {
      const due = Math.min(crashes, Math.floor(((this.#clock.now() - startedAt) * perSecond) / 1000))
      for (; done < due; done++) this.#crashOne()
      this.#timer = done < crashes ? this.#clock.after(intervalMs, tick) : undefined
    }
    this.#timer = this.#clock.after(intervalMs, tick)
    return true
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
