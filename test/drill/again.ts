// A fault that is made again and again, until the drill is over.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ground } from './ground.ts'

/** Begins at once; `end` waits for the turn that is under way. A turn that fails fails `end`, and there is no other. */
export function again(
  everyMs: number,
  act: (ground: Ground) => Promise<unknown>,
): { readonly begin: (ground: Ground) => Promise<void>; readonly end: (ground: Ground) => Promise<void> } {
  let isOver = false
  let done: Promise<void> = Promise.resolve()
  const go = async (ground: Ground): Promise<void> => {
    for (; !isOver; await sleep(everyMs)) await act(ground)
  }
  return {
    begin: async (ground) => {
      isOver = false
      done = go(ground)
      // Whoever ends it hears of it.
      done.catch(() => undefined)
    },
    end: async () => {
      isOver = true
      await done
    },
  }
}
