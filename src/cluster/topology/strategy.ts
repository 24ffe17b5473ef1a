// The topology port, libcluster's "strategy": who might be a peer, and at which address. It finds; it never declares anybody dead.
import type { NodeId } from '#process'

/** What a strategy tells: the whole set it sees now. The cluster dials what is new and lets be what is gone. */
export interface TopologyListener {
  /** Addresses of possible peers, this node's own may be among them. */
  peers(addresses: readonly string[]): void
  failed(error: Error): void
}

/** What a strategy may know of its node. */
export interface TopologySelf {
  readonly id: NodeId
  /** Where this node listens. */
  readonly address: string
}

/** A way to look; it holds nothing of any node, so that one value serves all nodes of an OS process. */
export interface TopologyStrategy {
  /** Label in metrics and events. */
  readonly name: string
  /** Begins to look for one node; resolves when the first look is done. */
  start(self: TopologySelf, listener: TopologyListener): Promise<RunningTopology>
}

/** A strategy at work for one node. */
export interface RunningTopology {
  /** Looks at once, beside its own rhythm: a link was lost. */
  refresh(): void
  /** Ends and takes back what it told others of this node; nothing is told after it was called. */
  stop(): Promise<void>
}
