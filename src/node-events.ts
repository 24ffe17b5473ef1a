// Every fact a node can state: the rooms' events put together, with those of the node itself, and which of them its event log keeps.
import type { EventStream, Handlers, StreamEvents } from '#base'
import type { Crash, NodeId, ProcessEvents } from '#process'
import type { ClusterEvents } from './cluster/events.ts'
import type { DistributedEvents } from './distributed/events.ts'
import type { HttpEvents } from './http/events.ts'
import type { EventLog } from './introspect/event-log.ts'
import type { IntrospectEvents } from './introspect/events.ts'
import type { OtpEvents } from './otp/events.ts'

export interface LifecycleEvents {
  'node.started': { node: NodeId; name: string; address: string; at: number }
  /** It places nothing here any more, says so to its peers and stops its children. */
  'node.leaving': { node: NodeId; reason: string; at: number }
  'node.stopped': { node: NodeId; reason: string; at: number; durationMs: number }
}

export type NodeEvents = ProcessEvents & OtpEvents & ClusterEvents & DistributedEvents & IntrospectEvents & HttpEvents & LifecycleEvents

export type NodeEventStream = EventStream<NodeEvents>

/** Facts that hold an exit reason, and with it an error. */
type EndEvent = {
  [K in keyof NodeEvents]: NodeEvents[K] extends { reason: infer R } ? (Crash extends R ? K : never) : never
}[keyof NodeEvents]

/** The event log's table: what `/observer/v1/events` shows. A new event without a row does not compile. */
export function eventLogTable(log: EventLog): Required<Handlers<NodeEvents & StreamEvents>> {
  const keep = (type: Exclude<keyof (NodeEvents & StreamEvents), EndEvent>) => (event: unknown) => log.add(type, event)
  const keepEnd =
    <K extends EndEvent>(type: K) =>
    (event: NodeEvents[K]) =>
      log.addEnd(type, event)
  return {
    'events.subscriber_detached': keep('events.subscriber_detached'),
    'process.spawned': keep('process.spawned'),
    'process.spawn_failed': keepEnd('process.spawn_failed'),
    'process.start_ignored': keep('process.start_ignored'),
    'process.exited': keepEnd('process.exited'),
    // A burst of messages to a dead process would push everything else out of the log; it is counted in the metrics.
    'process.dead_letter': null,
    'supervisor.started': keep('supervisor.started'),
    'supervisor.child_restarted': keepEnd('supervisor.child_restarted'),
    'supervisor.restart_failed': keepEnd('supervisor.restart_failed'),
    'supervisor.intensity_exceeded': keepEnd('supervisor.intensity_exceeded'),
    'supervisor.stopped': keepEnd('supervisor.stopped'),
    'application.started': keep('application.started'),
    'application.stopped': keepEnd('application.stopped'),
    'cluster.member_changed': keep('cluster.member_changed'),
    'cluster.link_up': keep('cluster.link_up'),
    'cluster.link_down': keep('cluster.link_down'),
    // Every few seconds of every peer.
    'cluster.peer_answered': null,
    // A peer that is gone is dialled for as long as it may come back.
    'cluster.connect_failed': null,
    'cluster.handshake_refused': keep('cluster.handshake_refused'),
    'cluster.frame_refused': keep('cluster.frame_refused'),
    'cluster.certificates_refused': keep('cluster.certificates_refused'),
    'cluster.secrets_refused': keep('cluster.secrets_refused'),
    'cluster.superseded': keep('cluster.superseded'),
    'cluster.paused': keep('cluster.paused'),
    'cluster.quorum_gained': keep('cluster.quorum_gained'),
    'cluster.quorum_lost': keep('cluster.quorum_lost'),
    'topology.peer_found': keep('topology.peer_found'),
    'topology.peer_lost': keep('topology.peer_lost'),
    'topology.peer_terminating': keep('topology.peer_terminating'),
    // Each look of each topology; how long ago the newest was is a metric.
    'topology.synced': null,
    'topology.failed': keep('topology.failed'),
    'topology.restarted': keep('topology.restarted'),
    'topology.refused': keep('topology.refused'),
    'registry.registered': keep('registry.registered'),
    'registry.unregistered': keep('registry.unregistered'),
    'registry.refused': keep('registry.refused'),
    'registry.conflict': keep('registry.conflict'),
    'child.taken_over': keep('child.taken_over'),
    'directory.joined': keep('directory.joined'),
    'directory.member_given_up': keep('directory.member_given_up'),
    // One a write and peer: how long it took is a metric.
    'directory.replicated': null,
    // The spawn, the registration and the end say the same.
    'child.started': null,
    'child.ended': keepEnd('child.ended'),
    'child.relocated': keepEnd('child.relocated'),
    'child.quarantined': keepEnd('child.quarantined'),
    'child.released': keep('child.released'),
    // One a write: counted in the metrics.
    'state.written': null,
    'state.write_failed': keep('state.write_failed'),
    'state.loaded': keep('state.loaded'),
    'arbiter.lease_acquired': keep('arbiter.lease_acquired'),
    // Every few seconds; how long it took is a metric.
    'arbiter.lease_renewed': null,
    'arbiter.lease_lost': keep('arbiter.lease_lost'),
    'arbiter.lease_released': keep('arbiter.lease_released'),
    'arbiter.degraded': keep('arbiter.degraded'),
    'arbiter.recovered': keep('arbiter.recovered'),
    // The registration says the same, and there is one for each child of a node that is gone.
    'arbiter.claimed': null,
    'arbiter.session_ended': keep('arbiter.session_ended'),
    'handoff.started': keep('handoff.started'),
    'handoff.ended': keep('handoff.ended'),
    'handoff.received': keep('handoff.received'),
    'observer.managed': keep('observer.managed'),
    // The observer's own requests would fill the log that they read.
    'http.request_completed': null,
    'node.started': keep('node.started'),
    'node.draining': keep('node.draining'),
    'node.resumed': keep('node.resumed'),
    'node.drained': keep('node.drained'),
    'node.leaving': keep('node.leaving'),
    'node.stopped': keep('node.stopped'),
  }
}
