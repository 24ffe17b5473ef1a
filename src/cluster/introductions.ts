// What members tell of each other beside that they live: where they listen, which behaviours they can start, and in which zone they are.
import type { NodeId } from '#process'
import type { Cluster } from './cluster.ts'
import type { ClusterOptions } from './cluster-options.ts'
import { introductionsIn, nodeIdIn, offersIn, zoneIn } from './member-frames.ts'
import type { GossipEntry } from './membership.ts'
import type { Frame, Link } from './transport/transport.ts'

export class Introductions {
  readonly #cluster: Cluster
  readonly #offers: readonly string[]
  readonly #zone: string
  readonly #found: (address: string) => void
  readonly #listeners: ((member: NodeId) => void)[] = []
  #isOffering = false

  /** `offers`: names of the behaviours this node can start; `found`: called with each address that a peer names. */
  constructor(cluster: Cluster, { offers = [], zone = '' }: Pick<ClusterOptions, 'offers' | 'zone'>, found: (address: string) => void) {
    this.#cluster = cluster
    this.#offers = offers
    this.#zone = zone
    this.#found = found
    cluster.handle('offers', (from, frame) => this.#learn(from, offersIn(frame[1]), zoneIn(frame[2])))
    cluster.handle('peers', (_from, frame) => this.#onPeers(frame))
    cluster.handle('who', (from, frame) => this.#onWho(from, nodeIdIn(frame[1])))
  }

  /** Whether the member is known to be able to start the behaviour. */
  canStart(id: NodeId, behaviour: string): boolean {
    if (id === this.#cluster.id) return this.#isOffering && this.#offers.includes(behaviour)
    return this.#cluster.membership.member(id)?.offers?.has(behaviour) === true
  }

  /** In which zone a node says that it is; empty if it does not know, or has said nothing yet. */
  zoneOf(id: NodeId): string {
    return id === this.#cluster.id ? this.#zone : (this.#cluster.membership.member(id)?.zone ?? '')
  }

  /** Called when it has become known what a member can start. */
  onOffers(listener: (member: NodeId) => void): void {
    this.#listeners.push(listener)
  }

  /** From now on this node may be given something. Before it has joined it would only refuse, and nobody else would be asked. */
  offer(): void {
    this.#isOffering = true
    this.#cluster.broadcast(this.#own)
  }

  /** For a new link: of this node first, so that it is a candidate as soon as it is a member. */
  introduce(to: Link): void {
    if (this.#isOffering) to.send(this.#own)
  }

  get #own(): Frame {
    return ['offers', this.#offers, this.#zone]
  }

  others(to: NodeId): Frame {
    return ['peers', [...this.#cluster.alive].filter((id) => id !== to).flatMap((id) => this.#introduction(id))]
  }

  /** Asks the peer who spoke of members that this node has no link to what they can start; one at a time is enough. */
  askFor(entries: readonly GossipEntry[], from: NodeId): void {
    const { alive, membership, id: self } = this.#cluster
    const unknown = entries.find(([id]) => id !== from && id !== self && alive.has(id) && membership.member(id)?.offers === undefined)
    if (unknown !== undefined) this.#cluster.send(from, ['who', unknown[0]])
  }

  #introduction(id: NodeId): unknown[] {
    const member = this.#cluster.membership.member(id)
    if (member?.address === undefined) return []
    return [[id, member.address, member.offers === undefined ? null : [...member.offers], member.zone]]
  }

  #onWho(from: NodeId, id: NodeId): void {
    const introduction = this.#introduction(id)
    if (introduction.length > 0) this.#cluster.send(from, ['peers', introduction])
  }

  #onPeers(frame: Frame): void {
    for (const { id, address, offers, zone } of introductionsIn(frame[1])) {
      if (id === this.#cluster.id) continue
      this.#cluster.membership.introduce(id, address)
      if (offers !== undefined) this.#learn(id, offers, zone)
      this.#found(address)
    }
  }

  #learn(id: NodeId, offers: readonly string[], zone: string): void {
    const member = this.#cluster.membership.member(id)
    if (member === undefined || member.offers !== undefined) return
    member.offers = new Set(offers)
    member.zone = zone
    for (const listener of this.#listeners) listener(id)
  }
}
