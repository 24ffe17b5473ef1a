// Long work in pieces, so that nothing else waits for it for more than a few milliseconds.
import type { Clock } from '#base'

const SLICE_MS = 2
/** The clock is looked at once in so many items. */
const LOOK_EVERY = 64

/** Does something with each item; whenever that has taken so long, the event loop turns before it goes on. To come by the items is part of the work. */
export async function inSlices<T>(list: Iterable<T>, clock: Clock, act: (item: T) => void): Promise<void> {
  let until = clock.now() + SLICE_MS
  const turn = async () => {
    await new Promise<void>((resolve) => clock.soon(resolve))
    until = clock.now() + SLICE_MS
  }
  let count = 0
  for (const item of list) {
    if (count++ % LOOK_EVERY === 0 && clock.now() >= until) await turn()
    act(item)
  }
  // Who comes next begins with a slice of his own.
  if (clock.now() >= until - SLICE_MS / 2) await turn()
}
