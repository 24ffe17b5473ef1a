// What becomes of every fact: the level of its log record, the metrics it feeds and the span it makes.
import type { NodeEvents, StreamEvents } from '#otp-labs'
import type { OtpMetricName } from './metrics.ts'
import type { SpanName } from './spans.ts'

/** All that a node's stream can carry. */
export type Facts = NodeEvents & StreamEvents
/** Levels by consequence: `error` wants somebody, `warn` explains an alert, `info` is a change, `debug` is daily life. */
export type Level = 'debug' | 'info' | 'warn' | 'error'

/** One fact's traces in telemetry. */
export interface EventEntry {
  readonly says: string
  /** More than one where the consequence depends on the fact. */
  readonly levels: readonly [Level, ...Level[]]
  readonly metrics: readonly OtpMetricName[]
  readonly spans: readonly SpanName[]
}

const fact = (
  says: string,
  levels: EventEntry['levels'],
  metrics: readonly OtpMetricName[] = [],
  spans: readonly SpanName[] = [],
): EventEntry => ({
  says,
  levels,
  metrics,
  spans,
})

/** Every fact by its type. Gauges are not listed: they are read when somebody scrapes. */
export const EVENTS: Readonly<Record<keyof Facts, EventEntry>> = {
  'process.spawned': fact(
    'process started',
    ['debug'],
    ['otp_process_spawns_total', 'otp_process_init_duration_seconds'],
    ['otp.process.spawn'],
  ),
  'process.spawn_failed': fact(
    'process did not start',
    ['warn', 'debug'],
    ['otp_process_spawn_failures_total'],
    ['otp.process.spawn_failure'],
  ),
  'process.start_ignored': fact('process not wanted by its init', ['debug'], ['otp_process_starts_ignored_total']),
  'process.exited': fact(
    'process ended',
    ['error', 'warn', 'debug'],
    ['otp_process_exits_total', 'otp_process_lifetime_seconds'],
    ['otp.process.crash', 'otp.process.exit'],
  ),
  'process.dead_letter': fact('message reached nobody', ['warn', 'debug'], ['otp_dead_letters_total']),
  'supervisor.started': fact('supervisor started', ['debug']),
  'supervisor.child_restarted': fact(
    'child restarted',
    ['warn'],
    ['otp_supervisor_restarts_total', 'otp_supervisor_restart_duration_seconds', 'otp_supervisor_restart_intensity_used_ratio'],
    ['otp.supervisor.restart'],
  ),
  'supervisor.restart_failed': fact(
    'restart failed',
    ['error'],
    ['otp_supervisor_restart_failures_total'],
    ['otp.supervisor.restart_failure'],
  ),
  'supervisor.intensity_exceeded': fact(
    'supervisor gave up',
    ['error'],
    ['otp_supervisor_intensity_exceeded_total'],
    ['otp.supervisor.intensity_exceeded'],
  ),
  'supervisor.stopped': fact('supervisor stopped', ['debug']),
  'application.started': fact('application started', ['info'], ['otp_application_starts_total'], ['otp.application.start']),
  'application.stopped': fact('application stopped', ['info', 'error'], ['otp_application_stops_total'], ['otp.application.stop']),
  'cluster.member_changed': fact(
    'view of a member changed',
    ['warn', 'info'],
    ['otp_cluster_membership_changes_total'],
    ['otp.cluster.member_change'],
  ),
  'cluster.link_up': fact('link came up', ['info'], ['otp_link_reconnects_total']),
  'cluster.link_down': fact('link went down', ['info']),
  'cluster.peer_answered': fact('peer answered', ['debug'], ['otp_link_rtt_seconds']),
  'cluster.connect_failed': fact('peer could not be reached', ['debug'], ['otp_connect_failures_total']),
  'cluster.handshake_refused': fact('handshake refused', ['warn'], ['otp_handshakes_refused_total']),
  'cluster.frame_refused': fact('frame refused', ['warn'], ['otp_frames_refused_total']),
  'cluster.certificates_refused': fact('certificates cannot be used', ['error'], ['otp_certificates_refused_total']),
  'cluster.secrets_refused': fact('secrets cannot be used', ['error'], ['otp_secrets_refused_total']),
  'cluster.superseded': fact('a newer life of this node is in the cluster', ['error']),
  'cluster.quorum_gained': fact('this node sees a majority', ['info']),
  'cluster.quorum_lost': fact('this node sees no majority any more', ['error'], ['otp_cluster_quorum_losses_total']),
  'cluster.paused': fact('the node stood still', ['warn'], ['otp_node_pauses_total', 'otp_node_paused_seconds_total']),
  'topology.peer_found': fact('topology found a peer', ['debug']),
  'topology.peer_lost': fact('topology lost a peer', ['debug']),
  'topology.peer_terminating': fact('peer was told to end, as a topology says', ['info']),
  'topology.synced': fact('topology heard its source', ['debug']),
  'topology.failed': fact('topology failed', ['warn'], ['otp_topology_errors_total']),
  'topology.restarted': fact(
    'watch of a topology began anew',
    ['info'],
    ['otp_topology_watch_restarts_total', 'otp_topology_relists_total'],
  ),
  'topology.refused': fact('topology did not believe what it heard', ['info', 'warn'], ['otp_topology_refused_total']),
  'registry.registered': fact('name registered', ['debug'], ['otp_registry_operations_total'], ['otp.registry.register']),
  'registry.unregistered': fact('name unregistered', ['debug'], ['otp_registry_operations_total'], ['otp.registry.unregister']),
  'registry.refused': fact('name not registered or given up', ['debug'], ['otp_registry_operations_total']),
  'registry.conflict': fact('two claims of a name met', ['warn'], ['otp_registry_conflicts_total'], ['otp.registry.conflict']),
  'child.taken_over': fact(
    'child taken over',
    ['warn', 'error'],
    ['otp_takeovers_total', 'otp_takeover_duration_seconds'],
    ['otp.child.takeover'],
  ),
  'directory.joined': fact('directory joined', ['info'], [], ['otp.directory.join']),
  'directory.replicated': fact('peer merged what was written', ['debug'], ['otp_replication_lag_seconds']),
  'directory.member_given_up': fact('member is not waited for any more', ['error'], ['otp_directory_members_given_up_total']),
  'child.started': fact('child started', ['debug']),
  'child.ended': fact('child ended', ['debug']),
  'child.relocated': fact('child sent to another node', ['warn', 'info'], ['otp_relocations_total'], ['otp.child.relocation']),
  'child.quarantined': fact('child quarantined', ['error'], ['otp_quarantines_total'], ['otp.child.quarantine']),
  'child.released': fact('child released from quarantine', ['info'], [], ['otp.child.release']),
  'state.written': fact('state written', ['debug'], ['otp_state_writes_total', 'otp_state_write_duration_seconds']),
  'state.write_failed': fact('state was not written', ['error', 'warn'], ['otp_state_writes_total', 'otp_state_write_duration_seconds']),
  'state.loaded': fact('state loaded', ['debug'], ['otp_state_loads_total']),
  'arbiter.lease_acquired': fact('lease acquired', ['info']),
  'arbiter.lease_renewed': fact('lease renewed', ['debug'], ['otp_arbiter_lease_renewal_duration_seconds']),
  'arbiter.lease_lost': fact('lease lost: children are stopped', ['error'], ['otp_arbiter_leases_lost_total'], ['otp.arbiter.lease_loss']),
  'arbiter.lease_released': fact('lease given back', ['info']),
  'arbiter.degraded': fact('lease could not be renewed', ['warn']),
  'arbiter.recovered': fact('lease is renewed again', ['info'], [], ['otp.arbiter.outage']),
  'arbiter.claimed': fact(
    'name claimed of the arbiter',
    ['debug', 'warn'],
    ['otp_arbiter_claims_total', 'otp_arbiter_claim_duration_seconds'],
    ['otp.arbiter.claim'],
  ),
  'arbiter.session_ended': fact('the lease of another node is over', ['warn'], [], ['otp.arbiter.session_end']),
  'handoff.started': fact('handoff started', ['debug']),
  'handoff.ended': fact(
    'handoff ended',
    ['info', 'warn'],
    ['otp_handoffs_total', 'otp_handoff_duration_seconds', 'otp_handoff_unavailability_seconds', 'otp_handoff_state_bytes'],
    ['otp.handoff.prepare', 'otp.handoff.transfer', 'otp.handoff.activate', 'otp.handoff.forward'],
  ),
  'handoff.received': fact('child came with its state', ['debug'], [], ['otp.handoff.receive']),
  'observer.managed': fact('an operator did something through the observer', ['warn', 'info']),
  'http.request_completed': fact(
    'request answered',
    ['debug', 'warn'],
    ['otp_observer_requests_total', 'otp_observer_request_duration_seconds'],
    [],
  ),
  'node.started': fact('node started', ['info']),
  'node.draining': fact('node takes nothing new', ['info']),
  'node.resumed': fact('node takes children again', ['info']),
  'node.drained': fact(
    'node has handed over its children',
    ['info', 'warn'],
    ['otp_drains_total', 'otp_drain_duration_seconds', 'otp_drain_children_total'],
    ['otp.node.drain'],
  ),
  'node.leaving': fact('node is leaving', ['info']),
  'node.stopped': fact('node stopped', ['info']),
  'events.subscriber_detached': fact('a listener threw and was detached', ['error'], ['otp_telemetry_subscribers_detached_total']),
}
