// The children of a supervisor: by their ids, and in their start order.
import { Chain, systemRandom } from '#base'
import { Child } from './child.ts'

/** So that ids from outside cannot be made to meet in one place of the table. */
const SEED = systemRandom.int(2 ** 32)

/**
 * A `Map` of ids looks at the texts of the ids it compares, which lie all over the heap: among 100,000 children that took a fifth of a
 * start. Numbers are compared in the table itself, so ids are found by a hash of theirs, and only the one that is meant is looked at.
 */
export class Children {
  readonly #hashOf: (id: string) => number
  /** A list only where hashes meet. */
  readonly #byHash = new Map<number, Child | readonly Child[]>()
  #inOrder = new Chain<Child>()
  #size = 0

  /** With another hash only in tests. */
  constructor(hash: (id: string) => number = hashOf) {
    this.#hashOf = hash
  }

  get size(): number {
    return this.#size
  }

  /** What is no text is nobody's id: who asks may have sent anything. */
  get(id: string): Child | undefined {
    if (typeof id !== 'string') return undefined
    const met = this.#byHash.get(this.#hashOf(id))
    if (met instanceof Child) return met.spec.id === id ? met : undefined
    return met?.find(({ spec }) => spec.id === id)
  }

  /** Puts a child behind all others. Its id must be new. */
  add(child: Child): void {
    const hash = this.#hashOf(child.spec.id)
    const met = this.#byHash.get(hash)
    this.#byHash.set(hash, met === undefined ? child : [met, child].flat())
    this.#inOrder.join(child)
    this.#size++
  }

  /** Takes a child out, if it is there. */
  delete(child: Child): void {
    const { id } = child.spec
    if (this.get(id) !== child) return
    const hash = this.#hashOf(id)
    const met = this.#byHash.get(hash)
    if (met instanceof Child || met === undefined) this.#byHash.delete(hash)
    else {
      this.#byHash.set(
        hash,
        met.filter((other) => other !== child),
      )
    }
    this.#inOrder.leave(child)
    this.#size--
  }

  clear(): void {
    this.#byHash.clear()
    this.#inOrder = new Chain()
    this.#size = 0
  }

  /** The one that starts first; each leads to the one that is `later`. */
  get first(): Child | undefined {
    return this.#inOrder.first
  }

  /** In start order. */
  [Symbol.iterator](): Iterator<Child> {
    return this.#inOrder[Symbol.iterator]()
  }
}

/** Whole, of 32 bits. Each step mixes in what a multiplication alone would leave apart, or ids could be made to meet whatever the seed. */
function hashOf(id: string): number {
  let hash = SEED | 0
  for (let i = 0; i < id.length; i++) {
    hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
    hash ^= hash >>> 15
  }
  return hash
}
