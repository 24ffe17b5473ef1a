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
  /** Calls `fn` once, `ms` milliseconds from now; soon, if that time has passed. The timer does not keep the OS process alive. */
  after(ms: number, fn: () => void): Timer
  /** Calls `fn` when the event loop has had a turn for sockets and timers. */
  soon(fn: () => void): void
}

/** `setTimeout` calls at once what is to wait longer. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after,
  soon: (fn) => {
    setImmediate(fn)
  },
}

function after(ms: number, fn: () => void): Timer {
  if (ms > LONGEST_TIMEOUT_MS) {
    let timer = after(LONGEST_TIMEOUT_MS, () => {
      timer = after(ms - LONGEST_TIMEOUT_MS, fn)
    })
    return { cancel: () => timer.cancel() }
  }
  // A time that has passed is one for a warning to `setTimeout`.
  const timer = setTimeout(fn, Math.max(0, ms))
  timer.unref()
  return { cancel: () => clearTimeout(timer) }
}
