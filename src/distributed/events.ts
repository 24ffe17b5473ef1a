// The facts this room states: who owns which name, and what moves when a node dies.
import type { ExitReason, NodeId, Pid } from '#process'

export interface DistributedEvents {
  /** A name got an owner on this node. */
  'registry.registered': { name: string; pid: Pid; epoch: number; at: number }
  'registry.unregistered': { name: string; pid: Pid; at: number }
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
  'child.started': { name: string; behaviour: string; pid: Pid; epoch: number; acknowledged: boolean }
  'child.ended': { name: string; behaviour: string; reason: ExitReason | 'terminated'; at: number }
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
  /** Its start failed again and again on its node; it is not tried any more. */
  'child.abandoned': { name: string; behaviour: string; reason: ExitReason; attempts: number; at: number }
}
