// The copies of states that lie on this node, its own among them: what is let in, and what is dropped. No I/O.
import type { NodeId } from '#process'
import { type BirthId, compareStates, type Fence, isSameBirth, newestOf, type StoredState, shutsOut } from './fence.ts'

/** What the directory says of a name, as far as it concerns its state. */
export interface Standing {
  readonly gen: number
  readonly epoch: number
  readonly owner: NodeId
  /** Where it is not the owner. */
  readonly founder?: NodeId | undefined
  readonly ended: boolean
}

/** Of one birth. */
interface Copy {
  fence: Fence
  /** `undefined`: nothing was written yet under a token that was shown here. */
  stored: StoredState | undefined
}

export class CopyTable {
  /** Of each name, by birth: one, unless two nodes began it without knowing of each other. */
  readonly #copies = new Map<string, readonly Copy[]>()
  readonly #standingOf: (key: string) => Standing | undefined
  #sweep: IterableIterator<[string, readonly Copy[]]> | undefined

  constructor(standingOf: (key: string) => Standing | undefined) {
    this.#standingOf = standingOf
  }

  get size(): number {
    return this.#copies.size
  }

  #copy(key: string, birth: BirthId): Copy | undefined {
    return this.#copies.get(key)?.find(({ fence }) => isSameBirth(fence, birth))
  }

  read(key: string, birth: BirthId): StoredState | undefined {
    return this.#copy(key, birth)?.stored
  }

  /** What was written last of any birth up to this one. */
  readUpTo(key: string, { gen }: BirthId): StoredState | undefined {
    return newestOf((this.#copies.get(key) ?? []).map(({ fence, stored }) => (fence.gen <= gen ? stored : undefined)))
  }

  *states(): Generator<readonly [key: string, stored: StoredState]> {
    for (const [key, copies] of this.#copies) for (const { stored } of copies) if (stored !== undefined) yield [key, stored]
  }

  /** Makes `fence` the token of its birth here; answers what shuts it out if there is such, and then nothing has changed. */
  raise(key: string, fence: Fence): Fence | undefined {
    const copies = this.#copies.get(key) ?? []
    const standing = this.#standingOf(key)
    if (standing !== undefined && isPast(fence, standing)) return { ...standing, founder: standing.founder ?? standing.owner }
    const greater = copies.find((copy) => shutsOut(copy.fence, fence))
    if (greater !== undefined) return greater.fence
    const copy = this.#copy(key, fence)
    if (copy === undefined) this.#copies.set(key, [...copies, { fence, stored: undefined }])
    else copy.fence = fence
    return undefined
  }

  /** Takes a state, unless it is late; answers as `raise`. */
  write(key: string, state: StoredState): Fence | undefined {
    const by = this.raise(key, state.fence)
    if (by !== undefined) return by
    const copy = this.#copy(key, state.fence) as Copy
    if (copy.stored === undefined || compareStates(state, copy.stored) > 0) copy.stored = state
    return undefined
  }

  /** Drops what was written up to `seq` of this token, or under a lesser one: its owner has it elsewhere. */
  drop(key: string, fence: Fence, seq: number): void {
    const copy = this.#copy(key, fence)
    if (copy?.stored === undefined) return
    if (compareStates(copy.stored, { fence, seq, version: 0, bytes: copy.stored.bytes }) <= 0) copy.stored = undefined
  }

  /** Drops everything of a birth, and of those before it. */
  forget(key: string, gen: number): void {
    this.#keep(key, ({ fence }) => fence.gen > gen)
  }

  #keep(key: string, isKept: (copy: Copy) => boolean): void {
    const copies = this.#copies.get(key)
    if (copies === undefined || copies.every(isKept)) return
    const kept = copies.filter(isKept)
    if (kept.length === 0) this.#copies.delete(key)
    else this.#copies.set(key, kept)
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
      const [key] = value
      const standing = this.#standingOf(key)
      if (standing !== undefined) this.#keep(key, (copy) => !isSpent(copy, standing))
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
