// Long walks in short stretches: whoever looks must not hold up those who work.
import type { Clock } from '#base'

/** No stretch is longer than that, give or take a few visits. */
const STRETCH_MS = 1
/** Visits between two looks at the clock, which cost more than most visits. */
const LOOK_EVERY = 64

/** Visits every item; sockets, timers and processes have their turn after each stretch. To come by the items is part of the work. Where a visit is dear, say so by a smaller `lookEvery`. */
export async function inSlices<T>(
  clock: Clock,
  items: Iterable<T>,
  visit: (item: T) => void,
  lookEvery: number = LOOK_EVERY,
): Promise<void> {
  let until = clock.now() + STRETCH_MS
  const turn = async () => {
    await new Promise<void>((resolve) => clock.soon(resolve))
    until = clock.now() + STRETCH_MS
  }
  let visited = 0
  for (const item of items) {
    if (visited++ % lookEvery === 0 && clock.now() >= until) await turn()
    visit(item)
  }
  // What comes next begins with a stretch of its own.
  if (clock.now() >= until - STRETCH_MS / 2) await turn()
}
