// A clock that stands still until a test turns it: timers run in order, and what they set off has settled before time goes on.
import type { Clock, Timer } from '#base'

interface Due {
  readonly at: number
  readonly order: number
  readonly fn: () => void
}

export class FakeClock implements Clock {
  #now = 0
  #wall: number
  #order = 0
  /** Sorted by time, then by the order in which they were set. */
  readonly #due: Due[] = []

  constructor(wall = Date.UTC(2026, 0, 1)) {
    this.#wall = wall
  }

  now(): number {
    return this.#now
  }

  wall(): number {
    return Math.floor(this.#wall + this.#now)
  }

  /** Lets the wall clock jump, as after a correction; timers and `now` do not see it. */
  setWall(wall: number): void {
    this.#wall = wall - this.#now
  }

  after(ms: number, fn: () => void): Timer {
    const due = { at: this.#now + Math.max(0, ms), order: this.#order++, fn }
    let index = this.#due.length
    while (index > 0 && (this.#due[index - 1] as Due).at > due.at) index--
    this.#due.splice(index, 0, due)
    return {
      cancel: () => {
        const place = this.#due.indexOf(due)
        if (place !== -1) this.#due.splice(place, 1)
      },
    }
  }

  soon(fn: () => void): void {
    this.after(0, fn)
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#due.length
  }

  /** Lets `ms` pass: everything due runs at its own time, and microtasks and `nextTick`s settle after each. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await settled()
    for (;;) {
      const next = this.#due[0]
      if (next === undefined || next.at > until) break
      this.#due.shift()
      this.#now = Math.max(this.#now, next.at)
      next.fn()
      await settled()
    }
    this.#now = until
  }

  /** Lets time pass in steps until `condition` holds; fails after `limitMs`. */
  async until(condition: () => boolean, limitMs = 60_000, stepMs = 10): Promise<void> {
    const limit = this.#now + limitMs
    await settled()
    while (!condition()) {
      if (this.#now >= limit) throw new Error(`not within ${limitMs} ms of the fake clock: ${condition}`)
      await this.advance(stepMs)
    }
  }

  /** Runs an operation to its end, turning the clock meanwhile; `wait` comes before each turn. */
  async through<T>(operation: Promise<T>, wait?: (ms: number) => Promise<void>): Promise<T> {
    let isOver = false
    const over = () => {
      isOver = true
    }
    operation.then(over, over)
    await settled()
    for (const limit = this.#now + 60_000; !isOver; ) {
      if (this.#now >= limit) throw new Error('not over within a minute of the fake clock')
      await wait?.(1)
      await this.advance(1)
    }
    return operation
  }
}

/** Resolves when every microtask and `nextTick` under way, and what they started, has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
