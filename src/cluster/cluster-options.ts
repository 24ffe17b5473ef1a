// What this node brings to its cluster.
import type { Clock, Emitter, Random } from '#base'
import type { NodeId } from '#process'
import type { ClusterEvents } from './events.ts'
import type { MembershipRules, MembershipTimes } from './membership.ts'
import type { TopologyStrategy } from './topology/strategy.ts'
import type { Transport } from './transport/transport.ts'

export interface ClusterOptions {
  readonly id: NodeId
  readonly transport: Transport
  readonly topologies: readonly TopologyStrategy[]
  readonly clock: Clock
  readonly random: Random
  readonly events: Emitter<ClusterEvents>
  readonly times?: MembershipTimes
  readonly rules?: MembershipRules
  /** How many members there should be, whatever topologies say; if they do not, the most that ever agreed. */
  readonly membersExpected?: number | undefined
  /** Names of the behaviours that this node can start. */
  readonly offers?: readonly string[]
  /** In which zone this node is, such as a data centre. Default: what a topology says. */
  readonly zone?: string | undefined
  /** Whether messages that have come keep this node busy, so that links had better wait. Default: never. */
  readonly isBehind?: () => boolean
  /** The trace that runs now, to be stored on facts. */
  readonly currentTrace?: () => string | undefined
}
