// How large the states of processes are, as far as their behaviours let them be seen: bytes when packed, for a bounded piece of work.
import type { Clock } from '#base'
import { packedSize } from '#cluster'
import { stateAtRest } from '#otp'
import type { Process } from '#process'
import { inSlices } from './slices.ts'

/** What is larger is not measured. Others wait while one state is: for a few ms with so much, unless an object in it has a hundred thousand keys. */
export const STATE_BYTES_MOST = 256 * 1024
/** In all; who has not had a turn by then is not measured. */
const WITHIN_MS = 200

/**
 * In their order. Null: it is no process any more, its behaviour lets nothing be seen, it handles a message now, what may be seen is too large or
 * no plain data, or the time was over.
 */
export async function stateBytes(clock: Clock, processes: readonly (Process | undefined)[]): Promise<(number | null)[]> {
  const until = clock.now() + WITHIN_MS
  const sizes: (number | null)[] = []
  // Each may be dear, so that the clock is looked at after each.
  await inSlices(clock, processes, (process) => sizes.push(process === undefined || clock.now() >= until ? null : sizeOf(process)), 1)
  return sizes
}

function sizeOf(process: Process): number | null {
  const { observe } = process.body
  if (observe?.state === undefined) return null
  const rest = stateAtRest(process)
  if (rest === undefined) return null
  // The behaviour's own code, outside of its process: what it throws ends nobody.
  try {
    return packedSize(observe.state(rest.state), STATE_BYTES_MOST) ?? null
  } catch {
    return null
  }
}
