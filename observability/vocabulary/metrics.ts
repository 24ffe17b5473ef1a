// Every metric a node exposes: name, kind, unit, help, labels with their values, buckets.
import {
  applicationStops,
  callOutcomes,
  childStates,
  claimOps,
  claimOutcomes,
  directions,
  drainOutcomes,
  exitClasses,
  failureClasses,
  handoffOutcomes,
  handoffPhases,
  handoffReasons,
  leaseLosses,
  letterReasons,
  memberCauses,
  memberChanges,
  memberStatuses,
  overflows,
  refusals,
  registryOps,
  relocationCauses,
  resolutions,
  restartCauses,
  spawnCauses,
  stateOutcomes,
  takeoverOutcomes,
  topologyRefusals,
} from './label-values.ts'
import { counter, gauge, histogram, type MetricEntry, optional, withExemplars } from './metric-entry.ts'
import { RUNTIME_METRICS } from './runtime-metrics.ts'

const SECONDS = {
  short: [0.0001, 0.0005, 0.002, 0.01, 0.05, 0.25, 1],
  handling: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
  /** Of an engine on the network: at its best, busy, and without its leader. */
  asking: [0.002, 0.01, 0.05, 0.25, 1, 5],
} as const
const scopes = ['otp.message', 'otp.lifecycle', 'otp.cluster', 'other']

/** What the runtime, its cluster and its telemetry say about themselves. */
const OTP_METRICS = {
  otp_node_info: gauge('info', 'Always 1; the labels say which version runs in which role and zone.', {
    version: 'open',
    role: 'open',
    zone: 'open',
  }),
  otp_node_draining: gauge('boolean', '1 while the node takes nothing new: it was told to drain, or is on its way out.'),
  otp_node_joined: gauge('boolean', '1 when the node has merged what its peers knew, so that it may own children.'),
  otp_node_uptime_seconds: gauge('seconds', 'Time since the node started.'),
  otp_node_pauses_total: counter('pauses', 'Times the event loop or the machine stood still for longer than the failure detector allows.'),
  otp_node_paused_seconds_total: counter('seconds', 'How long the event loop or the machine stood still in those pauses.'),

  otp_process_spawns_total: counter('processes', 'Processes started, by why they were started.', { behaviour: 'open', cause: spawnCauses }),
  otp_process_spawn_failures_total: counter('processes', 'Processes that did not start, by class of failure.', {
    behaviour: 'open',
    class: failureClasses,
  }),
  otp_process_starts_ignored_total: counter('processes', 'Starts that made no process because `init` wanted none.', { behaviour: 'open' }),
  otp_process_init_duration_seconds: histogram('seconds', 'How long init took.', SECONDS.short, { behaviour: 'open' }),
  otp_process_exits_total: counter('processes', 'Processes that ended, by class of exit reason.', {
    behaviour: 'open',
    class: exitClasses,
  }),
  otp_process_lifetime_seconds: histogram(
    'seconds',
    'Age of a process at its end; short lives mean a crash loop.',
    [0.1, 1, 10, 60, 600, 3600, 86_400],
    {
      behaviour: 'open',
    },
  ),
  otp_processes: gauge('processes', 'Processes that live on this node now.', { behaviour: 'open' }),

  otp_supervisor_restarts_total: withExemplars(
    counter('restarts', 'Children started again by their supervisor; a start on another node is a takeover, not a restart.', {
      supervisor: 'open',
      cause: restartCauses,
    }),
  ),
  otp_supervisor_restart_failures_total: counter('restarts', 'Restarts whose child did not come up.', { supervisor: 'open' }),
  otp_supervisor_restart_duration_seconds: histogram('seconds', 'From the exit seen to the child being ready again.', SECONDS.handling, {
    supervisor: 'open',
  }),
  otp_supervisor_restart_intensity_used_ratio: histogram(
    'ratio',
    'Share of the restart budget that was used, observed at each restart.',
    [0.1, 0.5, 0.75, 0.9, 1],
    { supervisor: 'open' },
  ),
  otp_supervisor_intensity_exceeded_total: withExemplars(
    counter('supervisors', 'Supervisors that gave up: more restarts than allowed within the period.', { supervisor: 'open' }),
  ),
  otp_application_starts_total: counter('applications', 'Applications started, their start phases included.', { application: 'open' }),
  otp_application_stops_total: counter('applications', 'Applications stopped: told to, or ended because their tree did.', {
    application: 'open',
    cause: applicationStops,
  }),
  otp_supervisor_children: gauge('processes', 'Children of a supervisor, by state.', { supervisor: 'open', state: childStates }),

  otp_mailbox_depth: histogram(
    'messages',
    'How many messages are in a mailbox when another comes in, itself included. Of many some are looked at and stand for the others.',
    [1, 4, 16, 64, 256, 1024, 4096],
  ),
  otp_mailbox_wait_seconds: withExemplars(
    histogram(
      'seconds',
      'How long messages wait until they are taken up. Of many some are timed and stand for the others.',
      SECONDS.handling,
      {
        behaviour: 'open',
      },
    ),
  ),
  otp_message_handle_duration_seconds: withExemplars(
    histogram('seconds', 'How long messages are handled. Of many some are timed and stand for the others.', SECONDS.handling, {
      behaviour: 'open',
    }),
  ),
  otp_mailbox_messages: gauge('messages', 'Messages that wait in mailboxes now.', { behaviour: 'open' }),
  otp_mailbox_oldest_message_age_seconds: gauge('seconds', 'Age of the oldest waiting message.', { behaviour: 'open' }),
  otp_handler_in_progress_max_seconds: gauge('seconds', 'How long the longest handler that runs now has been running.', {
    behaviour: 'open',
  }),
  otp_messages_handled_total: counter('messages', 'Messages handled.', { behaviour: 'open' }),
  otp_mailbox_dropped_total: counter('messages', 'Messages that found a bounded mailbox full, by what became of them.', {
    behaviour: 'open',
    reason: overflows,
  }),
  otp_dead_letters_total: counter('messages', 'Messages that reached nobody.', { reason: letterReasons }),
  otp_calls_total: withExemplars(
    counter('calls', 'Calls made by this node, by outcome as the caller sees it.', { behaviour: 'open', outcome: callOutcomes }),
  ),
  otp_call_duration_seconds: withExemplars(
    histogram('seconds', 'From call to answer, by the caller. Of many local ones some are timed and stand for the others.', SECONDS.short, {
      locality: ['local', 'remote'],
    }),
  ),

  otp_takeovers_total: counter('processes', 'Children of a node that is gone, taken over by this one.', { outcome: takeoverOutcomes }),
  otp_takeover_duration_seconds: histogram(
    'seconds',
    'From the owner known to be gone to the child being ready here.',
    [0.05, 0.25, 1, 2.5, 5, 10, 30],
    { outcome: takeoverOutcomes },
  ),
  otp_children_unplaced: gauge('processes', 'Children that should live and for which no node can be found.', { supervisor: 'open' }),
  otp_children_quarantined: gauge('processes', 'Children that failed wherever they went and wait to be released, in the whole cluster.', {
    supervisor: 'open',
  }),
  otp_quarantines_total: counter('processes', 'Children that this node quarantined.', { behaviour: 'open' }),
  otp_relocations_total: counter('processes', 'Children that this node sent to another one, by why.', {
    supervisor: 'open',
    cause: relocationCauses,
  }),
  otp_state_writes_total: counter(
    'writes',
    'States of children written, by what became of the write; fenced: the name was another node’s already.',
    {
      store: 'open',
      outcome: stateOutcomes,
    },
  ),
  otp_state_write_duration_seconds: histogram('seconds', 'How long the answers that such a write holds back had to wait.', SECONDS.short, {
    store: 'open',
  }),
  otp_state_loads_total: counter('children', 'Children that went on from a written state on this node.', { store: 'open' }),
  otp_arbiter_lease_age_seconds: optional(gauge('seconds', 'Time since the last renewal of this node’s lease was sent that succeeded.')),
  otp_arbiter_lease_limit_seconds: optional(gauge('seconds', 'What that age must not come to: nothing is handled here from then on.')),
  otp_arbiter_may_own: optional(gauge('boolean', '1 while this node may own names.')),
  otp_arbiter_claims_total: optional(
    counter('claims', 'Names that this node claimed, by what for and by the answer; held: by a node whose lease may still run.', {
      op: claimOps,
      outcome: claimOutcomes,
    }),
  ),
  otp_arbiter_claim_duration_seconds: optional(
    histogram('seconds', 'From asking for a name to the answer.', SECONDS.asking, { op: claimOps }),
  ),
  otp_arbiter_lease_renewal_duration_seconds: optional(
    histogram('seconds', 'How long renewals of the lease took that succeeded.', SECONDS.asking),
  ),
  otp_arbiter_leases_lost_total: optional(
    counter('leases', 'Leases that this node lost, with all that ran under them.', { cause: leaseLosses }),
  ),
  otp_handoffs_total: withExemplars(
    counter('processes', 'Children that were to leave this node with their state, by why and by what became of it.', {
      reason: handoffReasons,
      outcome: handoffOutcomes,
    }),
  ),
  otp_handoffs_in_progress: gauge('processes', 'Children that are leaving this node with their state, or coming to it.', {
    direction: directions,
  }),
  otp_handoff_duration_seconds: withExemplars(
    histogram(
      'seconds',
      'By phase: prepare: held and saved; transfer: sent until ready; activate: told until it runs there; forward: until the end here.',
      [0.005, 0.025, 0.1, 0.5, 3, 10, 30],
      { phase: handoffPhases },
    ),
  ),
  otp_handoff_unavailability_seconds: histogram(
    'seconds',
    'How long a child that was to move handled no message.',
    [0.005, 0.025, 0.1, 0.5, 3, 10, 30],
  ),
  otp_handoff_state_bytes: histogram(
    'bytes',
    'Size of the states that were to move, timers included.',
    [256, 1024, 16_384, 262_144, 1_048_576, 16_777_216, 67_108_864],
  ),
  otp_drains_total: counter('drains', 'Drains of this node that ended, by how.', { outcome: drainOutcomes }),
  otp_drain_duration_seconds: histogram('seconds', 'How long drains took.', [0.5, 3, 10, 30, 60]),
  otp_drain_children_total: counter('processes', 'Children of a node that drained or left, by what became of them.', {
    outcome: ['moved', 'restarted', 'stopped', 'gave_up'],
  }),
  otp_placement_imbalance_ratio: gauge('ratio', 'Children of the fullest node over the mean, by this node’s view; 1 is even.'),

  otp_cluster_members: gauge('nodes', 'Members by status, by this node’s view.', { status: memberStatuses }),
  otp_cluster_members_expected: gauge('nodes', 'How many members there should be; absent where nobody said.'),
  otp_cluster_membership_changes_total: withExemplars(
    counter('changes', 'Changes of this node’s view of its members.', { change: memberChanges, cause: memberCauses }),
  ),
  otp_cluster_quorum: gauge('quorum', '1 while this node sees a majority of the members that there should be.'),
  otp_cluster_quorum_losses_total: counter('losses', 'Times this node has lost the majority from view.'),
  otp_directory_members_given_up_total: counter(
    'members',
    'Members that were down for so long that ended names were forgotten without them.',
  ),
  otp_cluster_view_checksum: gauge('checksum', 'Over the sorted ids of members that are up; equal on nodes that agree.'),
  otp_handshakes_refused_total: counter('handshakes', 'Connections to the cluster port that were refused.', { reason: refusals }),
  otp_frames_refused_total: counter('frames', 'Frames of authenticated peers that are none of this protocol.', { peer: 'open' }),
  otp_certificates_refused_total: counter('rotations', 'Rotated certificates that could not be used; links go on with the last good ones.'),
  otp_secrets_refused_total: counter('rotations', 'Changed secrets that could not be used; links go on with the last good ones.'),
  otp_connect_failures_total: counter(
    'connections',
    'Attempts to reach a peer that failed; refused: its host answered that nobody listens.',
    {
      kind: ['refused', 'other'],
    },
  ),
  otp_topology_peers: gauge('nodes', 'Peers that a topology finds.', { topology: 'open' }),
  otp_topology_sync_age_seconds: gauge('seconds', 'Time since a topology last heard from its source.', { topology: 'open' }),
  otp_topology_errors_total: counter('errors', 'Polls or watches of a topology that failed.', { topology: 'open' }),
  otp_topology_watch_restarts_total: counter('watches', 'Watches of a topology that broke and went on where they had ended.', {
    topology: 'open',
  }),
  otp_topology_relists_total: counter('lists', 'Watches of a topology that had to begin anew with the whole list.', { topology: 'open' }),
  otp_topology_refused_total: counter('datagrams', 'What came in to a topology and was not believed, by why.', {
    topology: 'open',
    reason: topologyRefusals,
  }),
  otp_link_bytes_total: counter('bytes', 'Bytes that went over the links to a peer.', { peer: 'open', direction: ['in', 'out'] }),
  otp_link_messages_total: counter('messages', 'Messages that went over the links to a peer.', { peer: 'open', direction: ['in', 'out'] }),
  otp_link_rtt_seconds: histogram(
    'seconds',
    'How long a peer takes to answer over its link; both event loops are part of it.',
    SECONDS.short,
    {
      peer: 'open',
    },
  ),
  otp_link_send_errors_total: counter(
    'messages',
    'Messages that could not be sent to a peer: too large, no plain data, or too much waited already.',
    { peer: 'open' },
  ),
  otp_link_pauses_total: counter('pauses', 'How often reading from a peer waited: it sent faster than this node handles, or than it may.', {
    peer: 'open',
  }),
  otp_link_queued_bytes: gauge('bytes', 'Bytes that wait for a peer to read.', { peer: 'open' }),
  otp_link_reconnects_total: counter('links', 'Links that came up again to the same life of a peer.', { peer: 'open' }),

  otp_registry_names: gauge('names', 'Names with a live owner in the whole cluster, as this node knows it.'),
  otp_registry_operations_total: counter(
    'operations',
    'Names that got or lost an owner on this node; refused: it had one already, or was none of this node’s.',
    {
      op: registryOps,
      outcome: ['ok', 'refused'],
    },
  ),
  otp_registry_conflicts_total: withExemplars(
    counter('conflicts', 'Two claims of one name met, by what became of this node’s.', { resolution: resolutions }),
  ),

  otp_replication_lag_seconds: histogram(
    'seconds',
    'From a change of the directory being sent to the word of a peer that it has merged it.',
    [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
    { peer: 'open' },
  ),
  otp_replication_bytes_total: counter('bytes', 'What the directory took of the bytes that went to a peer.', { peer: 'open' }),

  otp_eventloop_utilization_ratio: gauge('ratio', 'Share of the last 5 s in which the event loop was busy.'),
  otp_eventloop_lag_seconds: histogram(
    'seconds',
    'How late a timer came that was set for 100 ms; sampled all the time.',
    [0.001, 0.005, 0.01, 0.025, 0.1, 0.5, 2],
  ),

  otp_observer_requests_total: counter('requests', 'Requests to the observer.', {
    route: 'open',
    outcome: ['ok', 'client_error', 'server_error'],
  }),
  otp_observer_request_duration_seconds: histogram('seconds', 'How long the observer took to answer.', [0.025, 0.25, 1], { route: 'open' }),

  otp_telemetry_spans_total: counter('spans', 'Spans that ended, by what became of them.', {
    scope: scopes,
    outcome: ['exported', 'failed', 'dropped'],
  }),
  otp_telemetry_log_records_total: counter(
    'records',
    'Log records to be sent over OTLP, by what became of them; standard output has them all.',
    {
      outcome: ['exported', 'failed', 'dropped'],
    },
  ),
  otp_telemetry_span_queue: gauge('spans', 'Spans that wait for their export.', { scope: scopes }),
  otp_telemetry_scrape_duration_seconds: histogram(
    'seconds',
    'How long a rendering of this page took.',
    [0.001, 0.005, 0.01, 0.025, 0.1, 0.5],
  ),
  otp_telemetry_series: gauge('series', 'Series in the rendering before this one.'),
  otp_telemetry_label_overflow_total: counter('values', 'Facts counted as “other”, since a family had 200 values of a label already.', {
    metric: 'open',
  }),
  otp_telemetry_subscribers_detached_total: counter('subscribers', 'Listeners that threw and hear nothing any more.', {
    subscriber: 'open',
  }),
} as const satisfies Readonly<Record<string, MetricEntry>>

/** Every metric by its name. */
export const METRICS = { ...OTP_METRICS, ...RUNTIME_METRICS }

/** A metric's name, checked by the compiler wherever code speaks of one. */
export type MetricName = keyof typeof METRICS
/** A metric that this project fills itself. */
export type OtpMetricName = keyof typeof OTP_METRICS

/** The labels a family takes, each with a value. */
export type LabelsOf<N extends OtpMetricName> = Readonly<Record<keyof (typeof OTP_METRICS)[N]['labels'] & string, string>>
/** Names of one kind. */
export type NameOf<K extends MetricEntry['kind']> = {
  [N in OtpMetricName]: (typeof OTP_METRICS)[N]['kind'] extends K ? N : never
}[OtpMetricName]

/** The names this project fills, and those prom-client fills. */
export const otpMetricNames = Object.keys(OTP_METRICS) as OtpMetricName[]
export const runtimeMetricNames = Object.keys(RUNTIME_METRICS)

/** How many values of an open label a family may have before the rest is counted as `OTHER`. */
export const MAX_LABEL_VALUES = 200
/** Stands for every label value beyond that. */
export const OTHER = 'other'
