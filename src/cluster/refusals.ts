// The fast path for a killed process: when everybody finds that nobody listens where a member did, nobody waits for silence.
import type { NodeId } from '#process'
import type { Cluster } from './cluster.ts'
import { whole } from './frame-check.ts'
import { nodeIdIn } from './member-frames.ts'
import type { Change, Member } from './membership.ts'
import type { Frame } from './transport/transport.ts'

/** What it needs of its cluster that is nobody else's business. */
interface Inside {
  now(): number
  dial(address: string): void
  state(changes: readonly Change[]): void
}

export class Refusals {
  readonly #cluster: Cluster
  readonly #inside: Inside

  constructor(cluster: Cluster, inside: Inside) {
    this.#cluster = cluster
    this.#inside = inside
    cluster.handle('lost', (from, frame) => this.#onLost(from, frame))
  }

  /** This node was refused where the member listened: everybody is told, and looks for itself. */
  report(member: Member): void {
    const { alive, membership, id: self } = this.#cluster
    if (!alive.has(member.id)) return
    this.#cluster.broadcast(['lost', member.id, member.heartbeat])
    this.#inside.state(membership.refused(member.id, self, member.heartbeat, this.#inside.now()).changes)
  }

  /** Looks again where members listened of whom there is younger news than this node's own refusal. */
  probe(members: readonly Member[]): void {
    for (const { id, address } of members) if (address !== undefined && !this.#cluster.isLinked(id)) this.#inside.dial(address)
  }

  #onLost(from: NodeId, frame: Frame): void {
    const id = nodeIdIn(frame[1])
    const { membership, id: self } = this.#cluster
    if (id === self) return
    const { changes, isNewsToMe } = membership.refused(id, from, whole(frame[2], 'heartbeat'), this.#inside.now())
    this.#inside.state(changes)
    const member = membership.member(id)
    if (isNewsToMe && member !== undefined) this.probe([member])
  }
}
