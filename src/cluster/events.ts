// The facts this room states: links, members, and what topologies find.
import type { NodeId } from '#process'
import type { TopologyRefusal } from './topology/strategy.ts'

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
  /** A peer has answered a question that asks for nothing: how long it took, both ways. */
  'cluster.peer_answered': { peer: NodeId; durationMs: number }
  'cluster.connect_failed': { address: string; reason: string; refused: boolean }
  'cluster.handshake_refused': { reason: RefusalReason; remote: string; detail: string }
  /** An authenticated peer sent something that is no frame of this protocol; the link was closed. */
  'cluster.frame_refused': { peer: NodeId; reason: string }
  /** This node sees enough of the members that there should be to act for all of them, or does so no more. */
  'cluster.quorum_gained': { alive: number; expected: number; at: number }
  'cluster.quorum_lost': { alive: number; expected: number; at: number }
  /** Certificates that were rotated cannot be used; links go on with the last good ones. Said once of each reason. */
  'cluster.certificates_refused': { error: string }
  /** A newer life of this node's name is in the cluster: this one has to end. */
  'cluster.superseded': { by: NodeId }
  /** The event loop or the machine stood still; nobody is judged by that time. */
  'cluster.paused': { gapMs: number }
  'topology.peer_found': { topology: string; address: string }
  'topology.peer_lost': { topology: string; address: string }
  /** A peer has been told to end, as the platform says: nothing is placed there any more. */
  'topology.peer_terminating': { topology: string; address: string }
  /** The source was heard; `peers` is what is found now. */
  'topology.synced': { topology: string; peers: number; at: number }
  /** The source was not heard, or made no sense: no news, what was found stays. */
  'topology.failed': { topology: string; error: string }
  /** A watch broke and began anew, where it had ended or with the whole list. */
  'topology.restarted': { topology: string; from: 'watch' | 'list' }
  /** So many times something came in that is no word of a peer. */
  'topology.refused': { topology: string; reason: TopologyRefusal; count: number }
}
