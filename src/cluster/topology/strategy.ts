// The topology port, libcluster's "strategy": who might be a peer, and at which address. It finds; it never declares anybody dead.
import type { NodeId } from '#process'

/** Why something that came in was not believed: not of this form, too long, of another cluster, unproven, heard before, too old or too much. */
export type TopologyRefusal = 'garbage' | 'limit' | 'cluster' | 'secret' | 'replay' | 'time' | 'rate'

/** What a strategy may know beside the addresses. */
export interface TopologyFacts {
  /** How many members there should be, this node among them. */
  readonly expected?: number
  /** Of the addresses, those of nodes that have been told to end: nothing is placed there any more. */
  readonly terminating?: readonly string[]
  /** Of the addresses, this node's own among them, in which zone they are. */
  readonly zones?: ReadonlyMap<string, string>
}

/** What a strategy tells. Most need `peers` and `failed` only. */
export interface TopologyListener {
  /**
   * The whole set, each time the source has been heard, changed or not: from this the age of the news is known.
   * Addresses of possible peers, this node's own may be among them. The cluster dials what is new and lets be what is gone.
   */
  peers(addresses: readonly string[], facts?: TopologyFacts): void
  /** The source was not heard, or made no sense. No news: what was found stays. */
  failed(error: Error): void
  /** A watch broke and began anew: where it had ended (`watch`), or with the whole list since its place was forgotten (`list`). */
  restarted(from: 'watch' | 'list'): void
  /** Something came in `count` times that is no word of a peer. */
  refused(reason: TopologyRefusal, count: number): void
}

/** What a strategy may know of its node. */
export interface TopologySelf {
  readonly id: NodeId
  /** Where this node listens. */
  readonly address: string
}

/** A way to look; it holds nothing of any node, so that one value serves all nodes of an OS process. */
export interface TopologyStrategy {
  /** Label in metrics and events; no two topologies of a node have the same. */
  readonly name: string
  /** Begins to look for one node; resolves when the first look is done, also in vain. Rejects only if it can never work. */
  start(self: TopologySelf, listener: TopologyListener): Promise<RunningTopology>
}

/** A strategy at work for one node. */
export interface RunningTopology {
  /** Looks at once, beside its own rhythm: a link was lost. */
  refresh(): void
  /** Ends and takes back what it told others of this node; nothing is told after it was called. */
  stop(): Promise<void>
}
