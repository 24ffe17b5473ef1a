// Every alert that can fire, and the addresses that a person who is paged is sent to.

/** Where this project's files can be read. Nobody's address until it is published: set it here, then `npm run generate`. */
export const REPOSITORY = 'https://example.invalid/otp-labs'
/** Where Grafana, Prometheus and a node's observer are when everything runs on one machine. */
export const LOCAL = { grafana: 'http://127.0.0.1:3000', prometheus: 'http://127.0.0.1:9090', node: 'http://127.0.0.1:4001' } as const

/** `critical` wakes somebody, `warning` waits for the morning, `info` explains others. */
export type Severity = 'critical' | 'warning' | 'info'

/** One alert: how bad it is, in one sentence that never changes, and the three things to look at first. */
export interface AlertEntry {
  /** More than one where the reach decides. */
  readonly severities: readonly [Severity, ...Severity[]]
  /** Where it is seen: its link leads there. */
  readonly board: keyof typeof BOARDS
  readonly says: string
  readonly look: readonly [string, string, string]
}

/** Alerts by name. */
export const ALERTS = {
  OtpRestartStorm: {
    severities: ['warning', 'critical'],
    board: 'otp-supervision',
    says: 'A supervisor restarts crashed children again and again.',
    look: [
      'Which children: one is a poison child, many share a dependency or a release.',
      'The crashes grouped by error, on /observer of any node.',
      'The versions on the board: a release that storms is rolled back.',
    ],
  },
  OtpSupervisorGaveUp: {
    severities: ['critical'],
    board: 'otp-supervision',
    says: 'A supervisor used up its restart budget and ended with all its children.',
    look: [
      'The crashes just before, on /observer of the node that logged it.',
      'Whether the supervisor above it restarted it: otp_processes is back where it was.',
      'Whether its children were sent elsewhere or quarantined: otp_children_quarantined.',
    ],
  },
  OtpVersionCrashRegression: {
    severities: ['critical'],
    board: 'otp-supervision',
    says: 'One version crashes far more often than another that runs beside it.',
    look: [
      'The version in the labels: stop its rollout.',
      'The crashes of its nodes, grouped by error, on /observer.',
      'The trace of one crash: which message, from which caller.',
    ],
  },
  OtpCrashLoopSlow: {
    severities: ['warning'],
    board: 'otp-supervision',
    says: 'Children crash steadily, too slowly to be a storm.',
    look: [
      'How old the processes are when they crash: otp_process_lifetime_seconds.',
      'The crashes of the supervisor, grouped by error, on /observer.',
      'When it began: a release, a dependency, a kind of request.',
    ],
  },
  OtpMembersMissing: {
    severities: ['critical'],
    board: 'otp-cluster-overview',
    says: 'Fewer nodes are alive than there should be, and those that are gone did not say goodbye.',
    look: [
      'Which target is down, in Prometheus; then its machine or pod.',
      'Whether its children live on: otp_takeovers_total and otp_children_unplaced.',
      'Whether those that are left have the quorum.',
    ],
  },
  OtpNodeDown: {
    severities: ['warning'],
    board: 'otp-node',
    says: 'A node does not answer its scrapes, though no member is known to be missing.',
    look: [
      'Whether the others see it as a member, on /observer.',
      'Its log and its event loop: a node that is busy answers late.',
      'Whether it was taken away for good: then take it out of the targets.',
    ],
  },
  OtpPartitionSuspected: {
    severities: ['critical'],
    board: 'otp-links',
    says: 'Prometheus reaches more nodes than a node does: the cluster is cut in parts.',
    look: [
      'Which nodes see whom: members on the /observer of each.',
      'The network between them: the cluster port, policies, certificates.',
      'Which side has the quorum.',
    ],
  },
  OtpMembershipViewsDiverge: {
    severities: ['critical'],
    board: 'otp-links',
    says: 'Nodes disagree on who is a member, and stay with it.',
    look: [
      'Which nodes see whom: members on the /observer of each.',
      'The links between those that disagree: otp_link_reconnects_total, otp_handshakes_refused_total.',
      'Names with two owners: otp_registry_conflicts_total.',
    ],
  },
  OtpQuorumLost: {
    severities: ['critical'],
    board: 'otp-links',
    says: 'A node sees no majority of the members that there should be.',
    look: [
      'How many nodes are alive, in Prometheus.',
      'Whether it is alone: members on its /observer.',
      'What waits for the quorum: otp_children_unplaced.',
    ],
  },
  OtpMembershipFlapping: {
    severities: ['warning'],
    board: 'otp-links',
    says: 'Members are suspected, lost and found again and again.',
    look: [
      'Which member, in the log: event="cluster.member_changed".',
      'The event loop of that node: who stands still is suspected.',
      'The network on the way to it: otp_link_reconnects_total.',
    ],
  },
  OtpLinkReconnecting: {
    severities: ['warning'],
    board: 'otp-links',
    says: 'The link to a peer that lives breaks again and again.',
    look: [
      'Why it breaks, in the log: event="cluster.link_down".',
      'Frames that were refused: otp_frames_refused_total.',
      'What is between the two: proxies, idle time-outs, certificates.',
    ],
  },
  OtpRegistryConflicts: {
    severities: ['warning'],
    board: 'otp-links',
    says: 'A name had two owners, and one of them was stopped.',
    look: [
      'Which names, in the log: event="registry.conflict".',
      'A partition that healed just now: membership changes on the board.',
      'Whether the state that was lost was kept in a store.',
    ],
  },
  OtpHandoffFailing: {
    severities: ['warning'],
    board: 'otp-placement',
    says: 'Processes that should move to another node stay where they are.',
    look: [
      'Why, in the log: event="handoff.ended", field "because".',
      'Whether the targets know the behaviour and its version.',
      'The trace of one handoff: which phase it ended in.',
    ],
  },
  OtpHandoffSlow: {
    severities: ['warning'],
    board: 'otp-placement',
    says: 'Processes take long to move to another node.',
    look: [
      'Which phase is slow: otp_handoff_duration_seconds by phase.',
      'How large the states are: otp_handoff_state_bytes.',
      'The event loops of the nodes that receive.',
    ],
  },
  OtpHandoffStuck: {
    severities: ['critical'],
    board: 'otp-placement',
    says: 'Processes are held for a move that neither ends nor is given up.',
    look: [
      'Which processes, in the log: event="handoff.started" without its end.',
      'Whether the target lives: members on /observer.',
      'The trace of the handoff: the phase that has not ended.',
    ],
  },
  OtpUnevenPlacement: {
    severities: ['warning'],
    board: 'otp-placement',
    says: 'One node runs far more children than its share.',
    look: [
      'Processes by node, on the board.',
      'Whether nodes joined or left lately: children that run are not moved by themselves.',
      'Whether a placement strategy or a pinned set of nodes wants it so.',
    ],
  },
  OtpArbiterDegraded: {
    severities: ['warning'],
    board: 'otp-arbiter',
    says: 'A node renews the lease of its arbiter late, or has lost one: names are safe, and may soon have no owner.',
    look: [
      'Which nodes: one is its own network or event loop, all are the engine.',
      'Why, in the log: event="arbiter.degraded", field "why".',
      'The servers of the engine: do they answer, and has each stream a leader?',
    ],
  },
  OtpArbiterLeaseLost: {
    severities: ['critical'],
    board: 'otp-arbiter',
    says: 'A node has no lease of its arbiter: it may own nothing, and what it ran was stopped.',
    look: [
      'Which nodes: of one the others take its names over, of all nothing runs.',
      'The servers of the engine: a majority of them has to be there.',
      'Why, on /readyz of the node, field "arbiter".',
    ],
  },
  OtpMailboxBacklog: {
    severities: ['warning'],
    board: 'otp-processes',
    says: 'Messages wait long in mailboxes.',
    look: [
      'The fullest mailboxes: /observer/v1/processes.',
      'What their processes are doing: the field "handling".',
      'Who sends so much: calls and casts by behaviour.',
    ],
  },
  OtpProcessStuck: {
    severities: ['warning'],
    board: 'otp-processes',
    says: 'A callback has been running for very long, and its process answers nobody.',
    look: [
      'Which process and which message: /observer/v1/processes, the field "handling".',
      'What the callback waits for: a call without a time-out, a dependency.',
      'Whether its callers give up: otp_calls_total{outcome="timeout"}.',
    ],
  },
  OtpEventLoopLag: {
    severities: ['warning'],
    board: 'otp-node',
    says: 'The event loop of a node is late: everything on it is slow, and it may be suspected.',
    look: [
      'CPU of the machine: throttled, or shared?',
      'Callbacks that compute for long without awaiting: a CPU profile.',
      'Garbage collection: nodejs_gc_duration_seconds.',
    ],
  },
  OtpCallErrorBudgetBurn: {
    severities: ['critical', 'warning'],
    board: 'otp-processes',
    says: 'Calls fail so often that the error budget will not last.',
    look: [
      'How they fail: otp_calls_total by outcome.',
      'What else fires: a storm, a lost node, a full mailbox.',
      'The trace of a call that failed.',
    ],
  },
  OtpSpansDropped: {
    severities: ['warning'],
    board: 'otp-node',
    says: 'Spans are lost on the way to the collector.',
    look: [
      'Whether the collector answers and is healthy.',
      'The queue on the nodes: otp_telemetry_span_queue.',
      'The rate of spans: a storm, or a sampler that keeps too much.',
    ],
  },
  OtpScrapeSlow: {
    severities: ['warning'],
    board: 'otp-node',
    says: 'A node takes long to answer its scrapes.',
    look: [
      'How many series it has: otp_telemetry_series.',
      'Its event loop: otp_eventloop_lag_seconds.',
      'The network between Prometheus and the node.',
    ],
  },
  OtpSeriesExplosion: {
    severities: ['warning'],
    board: 'otp-node',
    says: 'A node exposes more series than its budget, or labels have run out of values.',
    look: [
      'Which family: count by (__name__) over the instance.',
      'Labels that overflowed: otp_telemetry_label_overflow_total.',
      'Behaviours or supervisors whose names are made at run time.',
    ],
  },
  OtpMetricsAbsent: {
    severities: ['critical'],
    board: 'otp-node',
    says: 'Nothing is known of the cluster: no node answers its scrapes with metrics of this project.',
    look: [
      'The targets, in Prometheus: gone, down, or another program’s.',
      'Whether the nodes run: their machines, pods and logs.',
      'What changed in the discovery of targets or the network.',
    ],
  },
  OtpDeployInProgress: {
    severities: ['info'],
    board: 'otp-cluster-overview',
    says: 'A deploy is under way: nodes leave, or several versions run.',
    look: ['The versions on the board.', 'The nodes that drain.', 'Whether it gets on: uptimes by node.'],
  },
  OtpWatchdog: {
    severities: ['info'],
    board: 'otp-cluster-overview',
    says: 'Alerts get through; this one fires all the time, and somebody is told when it stops.',
    look: ['Prometheus: is it up?', 'Alertmanager: is it up?', 'The way from there to you.'],
  },
} as const satisfies Readonly<Record<string, AlertEntry>>

/** An alert's name. */
export type AlertName = keyof typeof ALERTS

/** Boards by their uid. */
export const BOARDS = {
  'otp-cluster-overview': 'OTP / Cluster overview',
  'otp-supervision': 'OTP / Supervision and restarts',
  'otp-processes': 'OTP / Processes and mailboxes',
  'otp-placement': 'OTP / Placement and handoff',
  'otp-links': 'OTP / Registry and links',
  'otp-arbiter': 'OTP / Arbiter and its engine',
  'otp-node': 'OTP / Node and telemetry cost',
} as const

/** Computed from the alert's name, so that it cannot point elsewhere. */
export const runbookUrl = (alert: AlertName): string => `${REPOSITORY}/docs/runbooks/${alert}.md`
