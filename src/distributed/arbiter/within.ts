// Waits for an answer of the engine for so long, by the clock of the node that asks.
import type { Clock } from '#base'

/** Rejects if nobody answers in time; what was asked may be done all the same. */
export function within<T>(clock: Clock, ms: number, pending: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new Error(`nobody answered within ${ms} ms`)))
    pending.then(
      (value) => {
        timer.cancel()
        resolve(value)
      },
      (error: unknown) => {
        timer.cancel()
        reject(error)
      },
    )
  })
}
