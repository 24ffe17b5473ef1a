// What has gone to each peer and come from it since this node started, over all the links there were: a count must not go back with a link that ends.
import type { NodeId } from '#process'
import type { Membership } from './membership.ts'
import { nodeName } from './node-name.ts'
import { addLinkCounts, noLinkCounts } from './transport/link-counts.ts'
import type { Link, LinkCounts } from './transport/transport.ts'

/** By the peer's name: its lives are counted together. */
export interface PeerTraffic extends Readonly<LinkCounts> {
  readonly peer: string
  /** Bytes that wait for it to read now. */
  readonly queuedBytes: number
}

export class Traffic {
  readonly #links: ReadonlyMap<NodeId, Link>
  readonly #membership: Membership
  readonly #ended = new Map<string, LinkCounts>()

  /** `links`: those that are up, as they come and go. */
  constructor(links: ReadonlyMap<NodeId, Link>, membership: Membership) {
    this.#links = links
    this.#membership = membership
  }

  /** The link is counted to its end. */
  ended({ peer, counts }: Link): void {
    const name = nodeName(peer)
    const sum = this.#ended.get(name) ?? noLinkCounts()
    addLinkCounts(sum, counts)
    this.#ended.set(name, sum)
  }

  /** Of peers that are linked now, or still known as members; others are forgotten. */
  read(): PeerTraffic[] {
    const known = new Set([...this.#membership.members].map(({ name }) => name))
    for (const name of this.#ended.keys()) if (!known.has(name)) this.#ended.delete(name)
    const sums = new Map([...this.#ended].map(([name, counts]) => [name, { counts: { ...counts }, queuedBytes: 0 }]))
    for (const { peer, counts, queuedBytes } of this.#links.values()) {
      const name = nodeName(peer)
      const sum = sums.get(name) ?? { counts: noLinkCounts(), queuedBytes: 0 }
      addLinkCounts(sum.counts, counts)
      sum.queuedBytes += queuedBytes
      sums.set(name, sum)
    }
    return [...sums].map(([peer, { counts, queuedBytes }]) => ({ peer, queuedBytes, ...counts }))
  }
}
