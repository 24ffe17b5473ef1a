// The copies of states that lie on this node, its own among them: what is let in, and what is dropped. No I/O.
import type { NodeId } from '#process'
import { compareFences, compareStates, type Fence, type StoredState } from './fence.ts'

/** What the directory says of a name, as far as it concerns its state. */
export interface Standing {
  readonly gen: number
  readonly epoch: number
  readonly owner: NodeId
  readonly ended: boolean
}

interface Copy {
  fence: Fence
  /** `undefined`: nothing was written yet under a token that was shown here. */
  stored: StoredState | undefined
}

export class CopyTable {
  readonly #copies = new Map<string, Copy>()
  readonly #standingOf: (key: string) => Standing | undefined
  #sweep: IterableIterator<[string, Copy]> | undefined

  constructor(standingOf: (key: string) => Standing | undefined) {
    this.#standingOf = standingOf
  }

  get size(): number {
    return this.#copies.size
  }

  read(key: string): StoredState | undefined {
    return this.#copies.get(key)?.stored
  }

  *states(): Generator<readonly [key: string, stored: StoredState]> {
    for (const [key, { stored }] of this.#copies) if (stored !== undefined) yield [key, stored]
  }

  /** Makes `fence` the token of the name here; answers the greater one if there is, and then nothing has changed. */
  raise(key: string, fence: Fence): Fence | undefined {
    const copy = this.#copies.get(key)
    if (copy !== undefined && compareFences(copy.fence, fence) > 0) return copy.fence
    const standing = this.#standingOf(key)
    if (standing !== undefined && isPast(fence, standing)) return standing
    if (copy === undefined) this.#copies.set(key, { fence, stored: undefined })
    else copy.fence = fence
    return undefined
  }

  /** Takes a state, unless it is late; answers as `raise`. */
  write(key: string, state: StoredState): Fence | undefined {
    const by = this.raise(key, state.fence)
    if (by !== undefined) return by
    const copy = this.#copies.get(key) as Copy
    if (copy.stored === undefined || compareStates(state, copy.stored) > 0) copy.stored = state
    return undefined
  }

  /** Drops what was written up to `seq` of this token, or under a lesser one: its owner has it elsewhere. */
  drop(key: string, fence: Fence, seq: number): void {
    const copy = this.#copies.get(key)
    if (copy?.stored === undefined) return
    if (compareStates(copy.stored, { fence, seq, version: 0, bytes: copy.stored.bytes }) <= 0) copy.stored = undefined
  }

  /** Drops everything of a birth, and of those before it. */
  forget(key: string, gen: number): void {
    const copy = this.#copies.get(key)
    if (copy !== undefined && copy.fence.gen <= gen) this.#copies.delete(key)
  }

  /** Looks at the next `most` names, and drops what is of births that are over, and tokens that the directory knows without them. */
  sweep(most: number): void {
    this.#sweep ??= this.#copies.entries()
    for (let left = most; left > 0; left--) {
      const { value, done } = this.#sweep.next()
      if (done === true) {
        this.#sweep = undefined
        return
      }
      const [key, copy] = value
      const standing = this.#standingOf(key)
      if (standing !== undefined && isSpent(copy, standing)) this.#copies.delete(key)
    }
  }
}

/** Whether the directory knows already of a later owner, or that the birth is over. */
function isPast({ gen, epoch }: Fence, standing: Standing): boolean {
  if (standing.gen !== gen) return standing.gen > gen
  return standing.ended || standing.epoch > epoch
}

/** A state of a birth that lives is dropped by its owner's word alone: its next owner may not have asked for it yet. */
function isSpent({ fence, stored }: Copy, standing: Standing): boolean {
  if (stored === undefined) return isPast(fence, standing) || (fence.gen === standing.gen && fence.epoch === standing.epoch)
  return standing.gen > fence.gen || (standing.gen === fence.gen && standing.ended)
}
