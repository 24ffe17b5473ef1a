// Whether a node sees enough of its cluster to act for all of it. Pure.

/** What a quorum is counted from: names of nodes, since a node that was started again is the same voter. */
export interface QuorumView {
  /** How many members there should be. */
  readonly expected: number
  readonly alive: ReadonlySet<string>
  /** All that are members or may come back, the alive among them. */
  readonly known: ReadonlySet<string>
}

/** A majority of the expected members; of an even number exactly half counts where the lowest of all names is, which is on one side only. */
export function hasQuorum({ expected, alive, known }: QuorumView): boolean {
  if (2 * alive.size !== expected) return 2 * alive.size > expected
  // Who has never seen all names does not know which is the lowest.
  return known.size >= expected && alive.has([...known].toSorted()[0] as string)
}

/** How many members there should be: what is known of it, or the most that ever agreed to be members at one time. */
export class ExpectedMembers {
  readonly #known: () => number | undefined
  #agreed = 1
  #hasAgreed = false

  /** `known`: what was configured, or what a topology says. */
  constructor(known: () => number | undefined) {
    this.#known = known
  }

  get size(): number {
    return this.#known() ?? this.#agreed
  }

  /** All members of this view have shown that theirs is the same. */
  agreed(size: number): void {
    this.#hasAgreed ||= size > 1
    this.#agreed = Math.max(this.#agreed, size)
  }

  /** A peer's own number. It counts for a node that has agreed with nobody yet: it comes to a cluster that may be larger than what it sees. */
  told(size: number): void {
    if (!this.#hasAgreed) this.#agreed = Math.max(this.#agreed, size)
  }

  /** A member left for good: one fewer, but never fewer than there are. */
  left(alive: number): void {
    this.#agreed = Math.max(alive, this.#agreed - 1)
  }
}
