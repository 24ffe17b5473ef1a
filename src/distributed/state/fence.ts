// Fencing tokens: which of two owners of a name may write its state, decided alike wherever it is asked. Pure.
import type { NodeId } from '#process'

/** One node's ownership of a name. Equal epochs of two nodes cannot be told apart by age: then the lower id is the greater token, everywhere. */
export interface Fence {
  /** The birth of the name. */
  readonly gen: number
  readonly epoch: number
  readonly owner: NodeId
}

/** A state as it was written: by whom, as how-manieth under that token, and as bytes that only its reader understands. */
export interface StoredState {
  readonly fence: Fence
  readonly seq: number
  /** Of what the bytes mean, as the behaviour numbers it. */
  readonly version: number
  readonly bytes: Uint8Array
}

/** Positive if `a` shuts `b` out; 0 if they are the same ownership. */
export function compareFences(a: Fence, b: Fence): number {
  if (a.gen !== b.gen) return a.gen - b.gen
  if (a.epoch !== b.epoch) return a.epoch - b.epoch
  if (a.owner === b.owner) return 0
  return a.owner < b.owner ? 1 : -1
}

/** Positive if `a` was written after `b`. */
export function compareStates(a: StoredState, b: StoredState): number {
  return compareFences(a.fence, b.fence) || a.seq - b.seq
}

/** The last of what was written, of births from `oldestGen` on. */
export function newestOf(states: Iterable<StoredState | undefined>, oldestGen: number): StoredState | undefined {
  let newest: StoredState | undefined
  for (const state of states) {
    if (state === undefined || state.fence.gen < oldestGen) continue
    if (newest === undefined || compareStates(state, newest) > 0) newest = state
  }
  return newest
}
