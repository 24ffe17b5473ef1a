// The facts this room states: who owns which name, and what moves when a node dies.
import type { ExitReason, NodeId, Pid, TraceCarrier } from '#process'
import type { ClaimOp, ClaimOutcome } from './arbiter/arbiter.ts'
import type { DrainReport } from './handoff/drain.ts'

/** `drain`: its node leaves; `rebalance`: it belongs elsewhere by now; `manual`: somebody asked for it. */
export type HandoffReason = 'drain' | 'rebalance' | 'manual'
export type HandoffPhase = 'prepare' | 'transfer' | 'activate' | 'forward'

export interface DistributedEvents {
  /** A name got an owner on this node. */
  'registry.registered': { name: string; pid: Pid; epoch: number; at: number }
  'registry.unregistered': { name: string; pid: Pid; at: number }
  /** A name was not registered, since it has an owner, or not given up, since it is none of this node's own. */
  'registry.refused': { name: string; op: 'register' | 'unregister'; at: number }
  /** Two claims of one name met; the total order of records decided. */
  'registry.conflict': {
    name: string
    winner: { owner: NodeId; pid: Pid; epoch: number }
    loser: { owner: NodeId; pid: Pid; epoch: number }
    resolution: 'kept' | 'stopped' | 'remote'
    at: number
  }
  /** A child of a node that is gone was taken over by this node. */
  'child.taken_over': {
    name: string
    behaviour: string
    from: NodeId
    pid: Pid | undefined
    epoch: number
    outcome: 'started' | 'failed' | 'superseded'
    /** Wall clock at which the owner was known to be gone, and from there to the child being ready. */
    startedAt: number
    durationMs: number
  }
  /** This node has merged all that one peer knew, or found itself alone: from now on it may own children. */
  'directory.joined': { via: NodeId | undefined; records: number; at: number; durationMs: number }
  /** A peer has merged what this node wrote so long ago; the way back of its word is part of it. */
  'directory.replicated': { peer: NodeId; lagMs: number }
  /** So many ended births are remembered that a member which is down is not waited for any more: what ended meanwhile may return with it. */
  'directory.member_given_up': { member: NodeId; ended: number; silentMs: number }
  /** `acknowledged`: whether a peer has its record; `undefined` if another node asked for the start, which sees to that itself. */
  'child.started': { name: string; behaviour: string; pid: Pid; epoch: number; acknowledged: boolean | undefined }
  'child.ended': { name: string; behaviour: string; reason: ExitReason | 'terminated'; at: number }
  /** A child was given to another node: it failed here, belongs there by now, or its node drains. It starts there after `waitMs`. */
  'child.relocated': {
    name: string
    behaviour: string
    /** Path of the supervisor that it leaves. */
    supervisor: string
    from: NodeId
    to: NodeId
    cause: 'crashed' | 'start_failed' | 'redistribution' | 'drain'
    reason: ExitReason
    /** Failures in a row, this one included. */
    attempts: number
    waitMs: number
    epoch: number
    at: number
  }
  /** A child moves with its state: this node holds it and offers it to another. */
  'handoff.started': { handoffId: string; name: string; behaviour: string; to: NodeId; reason: HandoffReason; at: number }
  /**
   * It has moved, or not: `resumed`: it goes on here, `refused`: it does since the other node would not have it, `stopped`: meanwhile the name
   * had ended, or was another's, or the process had ended. Stated by the node it was to leave.
   */
  'handoff.ended': {
    handoffId: string
    name: string
    behaviour: string
    to: NodeId
    reason: HandoffReason
    outcome: 'completed' | 'resumed' | 'refused' | 'stopped'
    /** Why it has not moved. */
    because: string | undefined
    /** Size of its state, and the messages that were sent after it. */
    bytes: number
    forwarded: number
    /** Wall clock. The phases that there were, in ms: held and saved; sent until ready; told until it ran; forwarded until the end here. */
    startedAt: number
    durationMs: number
    phases: Readonly<Partial<Record<HandoffPhase, number>>>
    /** How long no message was handled. */
    unavailabilityMs: number
    trace: TraceCarrier | undefined
  }
  /** A child goes on here that came with its state. */
  'handoff.received': {
    handoffId: string
    name: string
    behaviour: string
    from: NodeId
    pid: Pid
    epoch: number
    bytes: number
    startedAt: number
    durationMs: number
    trace: TraceCarrier | undefined
  }
  /** This node takes nothing new from now on, though it stays; and it does again. */
  'node.draining': { node: NodeId; at: number }
  'node.resumed': { node: NodeId; at: number }
  /** A drain is over, before a node that leaves stops what is left. */
  'node.drained': DrainReport & { node: NodeId; isLeaving: boolean; startedAt: number }
  /** A child failed wherever it went: it is stopped, its name stays claimed, and nothing is tried until it is released. */
  'child.quarantined': { name: string; behaviour: string; reason: ExitReason; attempts: number; epoch: number; at: number }
  /** Somebody let a quarantined child start again, on the node `to`. */
  'child.released': { name: string; behaviour: string; to: NodeId; epoch: number; at: number }
  /** The state of a child was written; its callers are told now. Once a write. */
  'state.written': { name: string; behaviour: string; store: string; bytes: number; durationMs: number }
  /** It was not. `fenced`: the name is another node's; `error`: it could not be written. Either way its process ends. */
  'state.write_failed': {
    name: string
    behaviour: string
    store: string
    outcome: 'fenced' | 'error'
    why: string
    at: number
    durationMs: number
  }
  /** A child is about to go on from what was written, by its owner `from`. */
  'state.loaded': { name: string; behaviour: string; store: string; from: NodeId; bytes: number; at: number; durationMs: number }
  /** This node has a lease, its `session`-th: from now on it may own names. */
  'arbiter.lease_acquired': { arbiter: string; session: number; at: number; durationMs: number }
  /** Once every third of a lease. */
  'arbiter.lease_renewed': { arbiter: string; durationMs: number }
  /** The lease is over: `expired` if nobody renewed it in time, `refused` if another has ended it. So many children are stopped. */
  'arbiter.lease_lost': { arbiter: string; session: number; cause: 'expired' | 'refused'; ageMs: number; children: number; at: number }
  /** Given back, since nothing runs here any more. */
  'arbiter.lease_released': { arbiter: string; session: number; at: number }
  /** A renewal has failed, with so much of the lease gone; and one has succeeded again after so long. */
  'arbiter.degraded': { arbiter: string; why: string; ageMs: number; limitMs: number; at: number }
  'arbiter.recovered': { arbiter: string; forMs: number; at: number }
  /** A name was claimed, or was not to be had. */
  'arbiter.claimed': {
    arbiter: string
    name: string
    op: ClaimOp
    outcome: ClaimOutcome
    /** The fencing token of a claim that was granted. */
    epoch: number | undefined
    at: number
    durationMs: number
  }
  /** This node has made sure that another's lease is over. */
  'arbiter.session_ended': { arbiter: string; node: NodeId; at: number }
}
