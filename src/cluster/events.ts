// The facts this room states: links, members, and what topologies find.
import type { NodeId } from '#process'

/** What changed in this node's view of a member; `refute`: a suspect was heard again. */
export type MembershipChange = 'join' | 'leave' | 'suspect' | 'down' | 'refute'

/** How this node knows: heartbeats stayed away, every peer was refused, the node said so, or a newer life of it came. */
export type MembershipCause = 'heartbeat' | 'refused' | 'left' | 'superseded' | 'link' | 'gossip'

/** Why a handshake was refused. */
export type RefusalReason = 'secret' | 'version' | 'garbage' | 'limit' | 'cluster' | 'timeout' | 'tls'

export interface ClusterEvents {
  'cluster.member_changed': {
    member: NodeId
    name: string
    change: MembershipChange
    cause: MembershipCause
    /** Wall clock of the change; `silentMs`: how long nothing had been heard of it. */
    at: number
    silentMs: number
    trace: string | undefined
  }
  'cluster.link_up': { peer: NodeId; address: string; direction: 'out' | 'in'; protocol: number; startedAt: number; durationMs: number }
  'cluster.link_down': { peer: NodeId; address: string; reason: string; at: number }
  'cluster.connect_failed': { address: string; reason: string; refused: boolean }
  'cluster.handshake_refused': { reason: RefusalReason; remote: string; detail: string }
  /** An authenticated peer sent something that is no frame of this protocol; the link was closed. */
  'cluster.frame_refused': { peer: NodeId; reason: string }
  /** Certificates that were rotated cannot be used; links go on with the last good ones. Said once of each reason. */
  'cluster.certificates_refused': { error: string }
  /** A newer life of this node's name is in the cluster: this one has to end. */
  'cluster.superseded': { by: NodeId }
  /** The event loop or the machine stood still; nobody is judged by that time. */
  'cluster.paused': { gapMs: number }
  'topology.peer_found': { topology: string; address: string }
  'topology.peer_lost': { topology: string; address: string }
  'topology.failed': { topology: string; error: string }
}
