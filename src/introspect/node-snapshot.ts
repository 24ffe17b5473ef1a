// What one node looks like right now: live structures read once, for whoever scrapes or asks.
import type { CallCounts, NodeId } from '#process'

export interface BehaviourSnapshot {
  readonly behaviour: string
  readonly live: number
  readonly handled: number
  /** Calls made by this node to processes of the behaviour, by outcome. */
  readonly calls: Readonly<CallCounts>
  readonly mailboxMessages: number
  readonly oldestMessageAgeMs: number
  readonly longestHandlerMs: number
}

export interface SupervisorSnapshot {
  readonly supervisor: string
  readonly pid: string
  readonly strategy: string
  readonly children: { readonly specified: number; readonly active: number; readonly restarting: number }
  readonly maxRestarts: number
  readonly periodMs: number
  /** Restarts within the period that ends now. */
  readonly restartsInPeriod: number
}

export type MemberStatus = 'up' | 'suspect' | 'leaving' | 'down' | 'left'

export interface MemberSnapshot {
  readonly id: NodeId
  readonly name: string
  readonly incarnation: string
  readonly status: MemberStatus
}

export interface LinkSnapshot {
  /** The peer's name. */
  readonly peer: string
  readonly direction: 'out' | 'in'
  readonly bytesOut: number
  readonly bytesIn: number
  readonly messagesOut: number
  readonly messagesIn: number
}

export interface NodeSnapshot {
  readonly id: NodeId
  readonly name: string
  readonly incarnation: string
  readonly version: string
  readonly role: string
  readonly zone: string
  readonly uptimeMs: number
  /** On its way out: takes nothing new. */
  readonly draining: boolean
  /** It has merged what its peers knew, or is alone: it may own children. */
  readonly joined: boolean
  readonly processes: number
  readonly behaviours: readonly BehaviourSnapshot[]
  readonly supervisors: readonly SupervisorSnapshot[]
  readonly members: readonly MemberSnapshot[]
  /** How many members there should be; `undefined` where nobody said. */
  readonly membersExpected: number | undefined
  /** Over the sorted ids of members that are up: equal on nodes that agree. 32 bits. */
  readonly viewChecksum: number
  /** Names with a live owner, in the whole cluster, as this node knows it. */
  readonly registryNames: number
  /** Children that should live and for which no node can be found. */
  readonly childrenUnplaced: number
  /** Children of the fullest node over the mean, by this node's view; 1 is even. */
  readonly placementImbalance: number
  readonly links: readonly LinkSnapshot[]
  readonly topologies: readonly { readonly topology: string; readonly peers: number; readonly syncAgeMs: number }[]
}
