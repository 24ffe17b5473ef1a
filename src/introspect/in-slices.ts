// Long work in pieces, so that nothing else waits for it for more than a few milliseconds.
import type { Clock } from '#base'

const SLICE_MS = 4
/** The clock is looked at once in so many items. */
const LOOK_EVERY = 64

/** Does something with each item; whenever that has taken a few ms, the event loop turns before it goes on. */
export async function inSlices<T>(items: readonly T[], clock: Clock, act: (item: T) => void): Promise<void> {
  let until = clock.now() + SLICE_MS
  for (const [i, item] of items.entries()) {
    act(item)
    if (i % LOOK_EVERY !== LOOK_EVERY - 1 || clock.now() < until) continue
    await new Promise<void>((resolve) => clock.soon(resolve))
    until = clock.now() + SLICE_MS
  }
}
