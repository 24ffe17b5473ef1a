// How long, and how often, an engine that does not answer is asked again.
import { type Clock, CodedError } from '#base'

/** Longer than the death of an engine's leader stalls it. */
export const WITHIN_MS = 10_000
const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 1000

/**
 * For one operation: each call resolves after a pause, longer than the last, or rejects with `ERR_OTP_DISTRIBUTED_STATE_UNAVAILABLE` when the time is up.
 * `what` was expected of the engine.
 */
export function patience(clock: Clock, what: string): (why: string) => Promise<void> {
  const deadline = clock.now() + WITHIN_MS
  let pauseMs = FIRST_PAUSE_MS
  return async (why) => {
    if (clock.now() >= deadline) {
      const message = `expected the engine that keeps states to ${what} within ${WITHIN_MS} ms: ${why}`
      throw new CodedError('ERR_OTP_DISTRIBUTED_STATE_UNAVAILABLE', `${message}; see whether most of its servers are up`)
    }
    const ms = pauseMs
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    await new Promise<void>((resolve) => clock.after(ms, resolve))
  }
}
