// Where children go by this node's view: the strategy's choice among the members that may be given them.
import type { NodeId } from '#process'
import type { DirectoryRecord } from '../directory/record.ts'
import type { Members } from './members.ts'
import type { DistributionStrategy, ZoneOf } from './placement.ts'
import { untriedFirst } from './relocation.ts'

/** What of a child decides where it goes. */
export type Placed = Pick<DirectoryRecord, 'key' | 'gen' | 'behaviour' | 'child'>

export class ChildPlacement {
  readonly #strategy: DistributionStrategy
  readonly #members: Members
  readonly #zoneOf: ZoneOf
  /** By behaviour; kept, since they are asked for each of many children. */
  readonly #candidates = new Map<string | undefined, readonly NodeId[]>()

  constructor(strategy: DistributionStrategy, members: Members, zoneOf: ZoneOf) {
    this.#strategy = strategy
    this.#members = members
    this.#zoneOf = zoneOf
  }

  get needsQuorum(): boolean {
    return this.#strategy.needsQuorum
  }

  /** Forgets who may be given something: the view of the cluster, or the list of members, has changed. */
  refresh(): void {
    this.#candidates.clear()
  }

  /** Who may be given a child of this behaviour; without one, of any. */
  candidates(behaviour?: string): readonly NodeId[] {
    let candidates = this.#candidates.get(behaviour)
    if (candidates === undefined) {
      candidates = this.#members.candidates(behaviour)
      this.#candidates.set(behaviour, candidates)
    }
    return candidates
  }

  /** The node a child falls to: not one on which it failed, if there is another. */
  nodeFor(child: Placed): NodeId | undefined {
    return this.among(untriedFirst(this.candidates(child.behaviour), child.child?.failures), child)
  }

  /** The node it would fall to if only these were left: one that may not be given it only where there is no other. */
  heirAmong(left: readonly NodeId[], child: Pick<Placed, 'key' | 'gen'> & Partial<Placed>): NodeId | undefined {
    const able = this.candidates(child.behaviour).filter((id) => left.includes(id))
    return this.among(able.length > 0 ? untriedFirst(able, child.child?.failures) : left, child)
  }

  /** The strategy's choice among some of the candidates. */
  among(candidates: readonly NodeId[], { key, gen }: Pick<Placed, 'key' | 'gen'>): NodeId | undefined {
    return this.#strategy.chooseNode(key, candidates, gen, this.#zoneOf)
  }
}
