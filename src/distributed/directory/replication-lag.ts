// How long it takes until a peer has merged what this node wrote, by this node's own clock: the way back of its word is part of it. Pure.
import type { NodeId } from '#process'

/** Pushes that are remembered; of more than so many at a time the oldest are not measured. */
const MOST = 64

interface Push {
  readonly version: number
  readonly at: number
}

export class ReplicationLag {
  readonly #pushes: Push[] = []
  /** What of each peer has been measured already. */
  readonly #shown = new Map<NodeId, number>()

  /** All up to `version` has been sent to the peers. */
  pushed(version: number, now: number): void {
    if (this.#pushes.length === MOST) this.#pushes.shift()
    this.#pushes.push({ version, at: now })
  }

  /** The peer has merged all up to `version`: the ages of the pushes that this is news of. What a new peer brings with it is none. */
  shown(peer: NodeId, version: number, now: number): number[] {
    const before = this.#shown.get(peer)
    if (before !== undefined && version <= before) return []
    this.#shown.set(peer, version)
    if (before === undefined) return []
    return this.#pushes.filter((push) => push.version > before && push.version <= version).map(({ at }) => now - at)
  }

  forget(peer: NodeId): void {
    this.#shown.delete(peer)
  }
}
