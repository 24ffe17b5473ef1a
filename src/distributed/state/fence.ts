// Fencing tokens: which of two owners of a name may write its state, decided alike wherever it is asked. Pure.
import type { NodeId } from '#process'

/** One birth of a name: its number, and the node that began it. Two that did not know of each other may have begun births of one number. */
export interface BirthId {
  readonly gen: number
  readonly founder: NodeId
}

/** One node's ownership of a name. Equal epochs of two nodes cannot be told apart by age: then the lower id is the greater token, everywhere. */
export interface Fence extends BirthId {
  readonly epoch: number
  readonly owner: NodeId
  /**
   * Tokens of later births up to this number do not shut it out: whoever raised them was gone before anybody knew of the birth, or made nothing
   * of it. Nothing of theirs is touched: should one turn up after all, the directory decides.
   */
  readonly over?: number
}

/** A state as it was written: by whom, as how-manieth under that token, and as bytes that only its reader understands. */
export interface StoredState {
  readonly fence: Fence
  readonly seq: number
  /** Of what the bytes mean, as the behaviour numbers it. */
  readonly version: number
  readonly bytes: Uint8Array
}

/** What refuses a write to a birth that is over: no token that anybody has, and none can outdo it. */
export const ENDED: Fence = { gen: 0, founder: '', epoch: 0, owner: '' }

export function isSameBirth(a: BirthId, b: BirthId): boolean {
  return a.gen === b.gen && a.founder === b.founder
}

/** Whether who holds `b` may not write any more, since there is `a`. Between two births of one number the directory decides, and no token. */
export function shutsOut(a: Fence, b: Fence): boolean {
  return a.gen === b.gen ? a.founder === b.founder && compareFences(a, b) > 0 : a.gen > Math.max(b.gen, b.over ?? 0)
}

/** Positive if `a` is the later ownership; 0 if they are the same. */
export function compareFences(a: Fence, b: Fence): number {
  if (a.gen !== b.gen) return a.gen - b.gen
  if (a.founder !== b.founder) return a.founder < b.founder ? 1 : -1
  if (a.epoch !== b.epoch) return a.epoch - b.epoch
  if (a.owner === b.owner) return 0
  return a.owner < b.owner ? 1 : -1
}

/** Positive if `a` was written after `b`. */
export function compareStates(a: StoredState, b: StoredState): number {
  return compareFences(a.fence, b.fence) || a.seq - b.seq
}

/** The last of what was written. */
export function newestOf(states: Iterable<StoredState | undefined>): StoredState | undefined {
  let newest: StoredState | undefined
  for (const state of states) {
    if (state === undefined) continue
    if (newest === undefined || compareStates(state, newest) > 0) newest = state
  }
  return newest
}
