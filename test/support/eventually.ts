// Waiting for what OS processes do: looks again and again until there is something to see, or it is too late. For test/system alone.
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 50

/** Resolves with the first answer of `look` that is neither `undefined` nor `false`; fails after `withinMs`, with the last error if there was one. */
export async function eventually<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    let failure: unknown
    try {
      const seen = await look()
      if (seen !== undefined && seen !== false) return seen
    } catch (error) {
      failure = error
    }
    if (performance.now() >= deadline) throw new Error(`not within ${withinMs} ms: ${what}`, { cause: failure })
    await sleep(POLL_MS)
  }
}
