// Waits until every live peer has merged all that this node knew at one moment: then nobody looks for anything here any more.
import type { NodeId } from '#process'
import type { Acknowledgements } from './acknowledgements.ts'

export class Confirmation {
  readonly #wanted: ReadonlyMap<NodeId, number>
  readonly #missing: Set<NodeId>
  readonly #settle: (isConfirmed: boolean) => void

  /** `peers` are those that have to confirm; `settle` is called with `true` when none is missing. */
  constructor(wanted: ReadonlyMap<NodeId, number>, peers: Iterable<NodeId>, settle: (isConfirmed: boolean) => void) {
    this.#wanted = wanted
    this.#missing = new Set(peers)
    this.#settle = settle
    this.#look()
  }

  get missing(): Iterable<NodeId> {
    return this.#missing
  }

  /** A peer has merged the same as this node has by now. */
  confirmed(peer: NodeId): void {
    if (this.#missing.delete(peer)) this.#look()
  }

  /** A peer has shown what it has merged. */
  shown(peer: NodeId, by: Acknowledgements): void {
    for (const [writer, version] of this.#wanted) if (by.get(peer, writer) < version) return
    this.confirmed(peer)
  }

  /** Who is gone asks for nothing. */
  keepOnly(alive: ReadonlySet<NodeId>): void {
    for (const peer of this.#missing) if (!alive.has(peer)) this.confirmed(peer)
  }

  #look(): void {
    if (this.#missing.size === 0) this.#settle(true)
  }
}
