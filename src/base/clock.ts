// The clock port: time and timers are given to the rooms from outside, so that tests can turn them by hand.

/** A timer that was set and may be cancelled; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Monotonic milliseconds with fractions; never goes back. Stands still while the machine sleeps. */
  now(): number
  /** Milliseconds since 1970 by the wall clock; may jump. */
  wall(): number
  /** Calls `fn` once, `ms` milliseconds from now. The timer does not keep the OS process alive. */
  after(ms: number, fn: () => void): Timer
  /** Calls `fn` when the event loop has had a turn for sockets and timers. */
  soon(fn: () => void): void
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  soon: (fn) => {
    setImmediate(fn)
  },
}
