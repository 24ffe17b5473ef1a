// Pure. The values of closed labels: those that facts and the node's snapshot can have, held together by the compiler.
import type { HandoffPhase, NodeEvents, NodeSnapshot } from '#otp-labs'

type Fact<E extends keyof NodeEvents, F extends keyof NodeEvents[E]> = NodeEvents[E][F] & string

/** Neither a value too many nor one forgotten compiles. */
const values = <T extends string>(set: Readonly<Record<T, true>>): readonly T[] => Object.keys(set) as T[]

export const spawnCauses = values<Fact<'process.spawned', 'cause'>>({
  boot: true,
  call: true,
  restart: true,
  takeover: true,
  handoff: true,
  reconcile: true,
  relocate: true,
})
export const failureClasses = values<Fact<'process.spawn_failed', 'class'>>({ error: true, timeout: true, already_started: true })
export const exitClasses = values<Fact<'process.exited', 'class'>>({
  normal: true,
  shutdown: true,
  error: true,
  killed: true,
  noproc: true,
  noconnection: true,
  timeout: true,
})
export const restartCauses = values<Fact<'supervisor.child_restarted', 'cause'>>({
  crash: true,
  exit: true,
  sibling: true,
  retry: true,
  manual: true,
})
export const applicationStops = values<Fact<'application.stopped', 'cause'>>({ told: true, ended: true })
export const callOutcomes = values<keyof NodeSnapshot['behaviours'][number]['calls']>({
  ok: true,
  error: true,
  timeout: true,
  noproc: true,
  nodedown: true,
})
export const overflows = values<keyof NodeSnapshot['behaviours'][number]['dropped']>({ drop_newest: true, drop_oldest: true, reject: true })
export const letterReasons = values<Fact<'process.dead_letter', 'reason'>>({
  noproc: true,
  noconnection: true,
  unhandled: true,
  overloaded: true,
})
export const memberStatuses = values<NodeSnapshot['members'][number]['status']>({
  up: true,
  suspect: true,
  leaving: true,
  down: true,
  left: true,
})
export const memberChanges = values<Fact<'cluster.member_changed', 'change'>>({
  join: true,
  leave: true,
  suspect: true,
  down: true,
  refute: true,
  drain: true,
  resume: true,
})
export const memberCauses = values<Fact<'cluster.member_changed', 'cause'>>({
  heartbeat: true,
  refused: true,
  left: true,
  superseded: true,
  link: true,
  gossip: true,
})
export const refusals = values<Fact<'cluster.handshake_refused', 'reason'>>({
  secret: true,
  version: true,
  garbage: true,
  limit: true,
  cluster: true,
  timeout: true,
  tls: true,
})
export const topologyRefusals = values<Fact<'topology.refused', 'reason'>>({
  garbage: true,
  limit: true,
  cluster: true,
  secret: true,
  replay: true,
  time: true,
  rate: true,
})
export const takeoverOutcomes = values<Fact<'child.taken_over', 'outcome'>>({ started: true, failed: true, superseded: true })
export const relocationCauses = values<Fact<'child.relocated', 'cause'>>({
  crashed: true,
  start_failed: true,
  redistribution: true,
  drain: true,
})
export const drainOutcomes = values<Fact<'node.drained', 'outcome'>>({ completed: true, deadline: true, hastened: true, resumed: true })
export const handoffReasons = values<Fact<'handoff.ended', 'reason'>>({ drain: true, rebalance: true, manual: true })
export const handoffOutcomes = values<Fact<'handoff.ended', 'outcome'>>({ completed: true, resumed: true, refused: true, stopped: true })
export const handoffPhases = values<HandoffPhase | 'total'>({
  prepare: true,
  transfer: true,
  activate: true,
  forward: true,
  total: true,
})
export const directions = values<keyof NodeSnapshot['handoffs']>({ in: true, out: true })
export const registryOps = values<Fact<'registry.refused', 'op'>>({ register: true, unregister: true })
export const resolutions = values<Fact<'registry.conflict', 'resolution'>>({ kept: true, stopped: true, remote: true })
export const stateOutcomes = ['ok', ...values<Fact<'state.write_failed', 'outcome'>>({ fenced: true, error: true })]
export const claimOps = values<Fact<'arbiter.claimed', 'op'>>({ start: true, takeover: true, handoff: true, reclaim: true })
export const claimOutcomes = values<Fact<'arbiter.claimed', 'outcome'>>({ granted: true, held: true, ended: true, unavailable: true })
export const leaseLosses = values<Fact<'arbiter.lease_lost', 'cause'>>({ expired: true, refused: true })
export const childStates = values<keyof NodeSnapshot['supervisors'][number]['children']>({
  specified: true,
  active: true,
  restarting: true,
})
