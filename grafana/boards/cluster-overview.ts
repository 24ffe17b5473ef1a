// Board 1: is the cluster whole, is anything crashing, does it answer, where does it run, do its nodes see each other.
import { board, type Row } from '../board.ts'
import { alertList, figure, graph } from '../panels.ts'
import { increase, max, quantile, rate, select, sum } from '../promql.ts'

/** Each of the three has its own colour here, and is told by which of them is not 0. */
const seconds: Row = {
  title: 'Storm, deploy or lost node?',
  panels: [
    figure({
      title: 'Restarts after crashes',
      runbook: 'OtpRestartStorm',
      traces: 'otp.supervisor.restart',
      description: 'Is it a storm? Red here is one, whatever else goes on: neither a deploy nor a lost node restarts crashed children.',
      unit: 'short',
      limits: [1, 5],
      queries: [{ expr: sum(increase('otp_supervisor_restarts_total', { cause: 'crash' })), legend: 'restarts' }],
    }),
    figure({
      title: 'Nodes that drain, and versions beyond the first',
      runbook: 'OtpDeployInProgress',
      description: 'Is it a deploy? Not 0 while nodes are replaced; with a green figure of crashes beside it all is as it should be.',
      unit: 'short',
      limits: [1, 1_000_000],
      queries: [
        {
          expr: `${sum(select('otp_node_draining'))} + count(count by (version) (${select('otp_node_info')})) - 1`,
          legend: 'draining or new',
        },
      ],
    }),
    figure({
      title: 'Members that are missing',
      runbook: 'OtpMembersMissing',
      traces: 'otp.child.takeover',
      description: 'Is a node lost? Red until it is back or nobody expects it any more; its children have been taken over meanwhile.',
      unit: 'short',
      limits: [0.5, 1],
      queries: [
        {
          expr: `clamp_min(${max(select('otp_cluster_members_expected'))} - min(${select('otp_cluster_members', { status: 'up' })}), 0)`,
          legend: 'missing',
        },
      ],
    }),
    figure({
      title: 'Calls that fail',
      runbook: 'OtpCallErrorBudgetBurn',
      description: 'Do callers notice? The share of calls that got no answer; `noproc` of a name that is not there counts, too.',
      unit: 'percentunit',
      limits: [0.001, 0.01],
      queries: [{ expr: `${sum(rate('otp_calls_total', { outcome: '!ok' }))} / ${sum(rate('otp_calls_total'))}`, legend: 'failed' }],
    }),
    graph(
      {
        title: 'What started processes again or elsewhere',
        runbook: 'OtpRestartStorm',
        traces: 'otp.process.spawn',
        description:
          'Which of the three is it, since when, how much? Red bars: a storm. Blue bars: a deploy, processes that moved with their state. Orange bars: a lost node, processes that others took over. Red within blue: the new version crashes.',
        unit: 'short',
        width: 24,
        queries: [
          {
            expr: sum(increase('otp_supervisor_restarts_total', { cause: 'crash' })),
            legend: 'restarted after a crash',
            color: 'red',
            exemplars: true,
          },
          // Counted where it arrives: a node that leaves is gone before its last handoffs are scraped.
          { expr: sum(increase('otp_process_spawns_total', { cause: 'handoff' })), legend: 'moved with its state', color: 'blue' },
          { expr: sum(increase('otp_takeovers_total', { outcome: 'started' })), legend: 'taken over', color: 'orange' },
        ],
      },
      'bars',
    ),
  ],
}

const whole: Row = {
  title: 'Is the cluster whole?',
  panels: [
    figure({
      title: 'Different views of the members',
      runbook: 'OtpMembershipViewsDiverge',
      description: 'Do all nodes agree on who is a member? More than 1 for longer than a few seconds is a partition.',
      unit: 'short',
      limits: [1.5, 2],
      queries: [{ expr: `count(count_values("view", ${select('otp_cluster_view_checksum')}))`, legend: 'views' }],
    }),
    figure({
      title: 'Processes that live now',
      runbook: 'OtpSupervisorGaveUp',
      description: 'How much runs? A sudden fall is a lost node or a supervisor that gave up.',
      unit: 'short',
      queries: [{ expr: sum(select('otp_processes')), legend: 'processes' }],
    }),
    figure({
      title: 'Nodes on their way out',
      runbook: 'OtpDeployInProgress',
      description: 'Is a deploy under way? A node that drains hands its children on.',
      unit: 'short',
      queries: [{ expr: sum(select('otp_node_draining')), legend: 'draining' }],
    }),
    figure({
      title: 'Versions that run',
      runbook: 'OtpVersionCrashRegression',
      description: 'Which versions run, on how many nodes? Two at once are a deploy under way, or one that got stuck.',
      unit: 'short',
      queries: [{ expr: `count by (version) (${select('otp_node_info')})`, legend: '{{version}}' }],
    }),
    alertList('Alerts that fire or are about to', 'Is anything wrong that somebody was told of? Each alert leads to its runbook.', 12),
    graph({
      title: 'Members by status, and how many there should be',
      runbook: 'OtpMembersMissing',
      description:
        'Are all members there? “Up” is what the node that sees fewest of them sees. Below “expected”: look for a node that is down, or for a partition if every node answers Prometheus.',
      unit: 'short',
      width: 12,
      queries: [
        { expr: `min(${select('otp_cluster_members', { status: 'up' })})`, legend: 'up' },
        { expr: max(select('otp_cluster_members', { status: '!up' }), 'status'), legend: '{{status}}' },
        { expr: max(select('otp_cluster_members_expected')), legend: 'expected' },
      ],
    }),
  ],
}

const crashing: Row = {
  title: 'Is anything crashing?',
  panels: [
    graph(
      {
        title: 'Supervisors that restart crashed children',
        runbook: 'OtpRestartStorm',
        traces: 'otp.supervisor.restart',
        description:
          'Which supervisor storms? Crashes only: deploys and lost nodes do not show here. One supervisor: its children or what they need. Many on one node: that node. Many on one version: that release. A point is a trace.',
        unit: 'short',
        width: 12,
        queries: [
          {
            expr: sum(increase('otp_supervisor_restarts_total', { cause: 'crash' }), 'supervisor'),
            legend: '{{supervisor}}',
            exemplars: true,
          },
        ],
      },
      'bars',
    ),
    graph(
      {
        title: 'Restarts that were no crash, by cause',
        runbook: 'OtpRestartStorm',
        description: 'What else started children again? Siblings restart with the one that crashed; “manual” was asked for.',
        unit: 'short',
        width: 6,
        queries: [{ expr: sum(increase('otp_supervisor_restarts_total', { cause: '!crash' }), 'cause'), legend: '{{cause}}' }],
      },
      'bars',
    ),
    graph(
      {
        title: 'Supervisors that gave up',
        runbook: 'OtpSupervisorGaveUp',
        traces: 'otp.supervisor.intensity_exceeded',
        description:
          'Whose restart budget was not enough? Its own supervisor starts everything under it anew: look at the crashes before it.',
        unit: 'short',
        width: 6,
        queries: [
          { expr: sum(increase('otp_supervisor_intensity_exceeded_total'), 'supervisor'), legend: '{{supervisor}}', exemplars: true },
        ],
      },
      'bars',
    ),
    graph(
      {
        title: 'Ends of processes, by class of reason',
        runbook: 'OtpCrashLoopSlow',
        traces: 'otp.process.crash',
        description: 'How do processes end? “normal” and “shutdown” are daily life, “error” is a crash, “killed” did not stop in time.',
        unit: 'short',
        queries: [{ expr: sum(increase('otp_process_exits_total'), 'class'), legend: '{{class}}' }],
      },
      'bars',
    ),
    graph(
      {
        title: 'Children taken over from nodes that went',
        runbook: 'OtpMembersMissing',
        traces: 'otp.child.takeover',
        description:
          'What did the loss of a node set off? Children started elsewhere; “failed” ones do not run anywhere, nor do the unplaced.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_takeovers_total'), 'outcome'), legend: '{{outcome}}' },
          { expr: max(select('otp_children_unplaced')), legend: 'unplaced now' },
        ],
      },
      'bars',
    ),
    graph({
      title: 'How long a takeover took',
      runbook: 'OtpMembersMissing',
      description: 'How long was a child away after its node was known to be gone? Compare with what callers wait for.',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'otp_takeover_duration_seconds'), legend: 'median' },
        { expr: quantile(0.99, 'otp_takeover_duration_seconds'), legend: '99 %' },
      ],
    }),
  ],
}

const answering: Row = {
  title: 'Does it answer?',
  panels: [
    graph({
      title: 'Calls a second, by outcome',
      runbook: 'OtpCallErrorBudgetBurn',
      traces: 'otp.call',
      description:
        'Do callers get answers? “timeout” with old messages is a slow callee, “noproc” a name that nobody holds, “nodedown” a lost node.',
      unit: 'reqps',
      queries: [{ expr: sum(rate('otp_calls_total'), 'outcome'), legend: '{{outcome}}' }],
    }),
    graph({
      title: 'How long a call takes',
      runbook: 'OtpCallErrorBudgetBurn',
      traces: 'otp.call',
      description:
        'How long do callers wait? Local calls are timed one in 64. Remote calls that are slow on every node are the network, on one node that node.',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'otp_call_duration_seconds', ['locality']), legend: 'median {{locality}}' },
        { expr: quantile(0.99, 'otp_call_duration_seconds', ['locality']), legend: '99 % {{locality}}' },
      ],
    }),
    graph({
      title: 'Age of the oldest message, by behaviour',
      runbook: 'OtpMailboxBacklog',
      description: 'Does anything fall behind? Age, not depth, says whether a mailbox is too slow. Open the observer to find the process.',
      unit: 's',
      queries: [
        { expr: max(select('otp_mailbox_oldest_message_age_seconds'), 'behaviour'), legend: '{{behaviour}}' },
        { expr: max(select('otp_handler_in_progress_max_seconds'), 'behaviour'), legend: 'handler of {{behaviour}}' },
      ],
    }),
  ],
}

const running: Row = {
  title: 'Where does it run?',
  panels: [
    graph({
      title: 'Processes by node',
      runbook: 'OtpUnevenPlacement',
      description: 'Is the work spread evenly? After a deploy or a loss the lines come together again, unless redistribution is passive.',
      unit: 'short',
      width: 6,
      queries: [{ expr: sum(select('otp_processes'), 'instance'), legend: '{{instance}}' }],
    }),
    graph({
      title: 'Processes by behaviour',
      runbook: 'OtpSupervisorGaveUp',
      description: 'What runs? A behaviour that only grows is a leak, one that falls to nothing lost its supervisor.',
      unit: 'short',
      width: 6,
      queries: [{ expr: sum(select('otp_processes'), 'behaviour'), legend: '{{behaviour}}' }],
    }),
    graph({
      title: 'How late the event loop is, by node',
      runbook: 'OtpEventLoopLag',
      description: 'Is a node too busy to be heard? Lag beyond a second reads as silence to its peers: find the handler that blocks.',
      unit: 's',
      width: 6,
      queries: [{ expr: quantile(0.99, 'otp_eventloop_lag_seconds', ['instance']), legend: '99 % {{instance}}' }],
    }),
    graph({
      title: 'How busy the event loop is, by node',
      runbook: 'OtpEventLoopLag',
      description: 'Is there room left? A node near 100 % answers late: give it less, or add a node.',
      unit: 'percentunit',
      width: 6,
      queries: [{ expr: max(select('otp_eventloop_utilization_ratio'), 'instance'), legend: '{{instance}}' }],
    }),
  ],
}

const seeing: Row = {
  title: 'Do nodes see each other?',
  panels: [
    graph(
      {
        title: 'Changes of membership, and how nodes knew',
        runbook: 'OtpMembershipFlapping',
        traces: 'otp.cluster.member_change',
        description:
          'Who came and went? One loss is counted by every node that sees it. “suspect” and “refute” in turn are a network that flaps.',
        unit: 'short',
        queries: [
          {
            expr: sum(increase('otp_cluster_membership_changes_total'), 'change', 'cause'),
            legend: '{{change}} ({{cause}})',
            exemplars: true,
          },
        ],
      },
      'bars',
    ),
    graph({
      title: 'Registered names, as each node knows them',
      runbook: 'OtpRegistryConflicts',
      traces: 'otp.registry.conflict',
      description: 'Do all nodes know the same names? Lines that stay apart are a partition or a directory that does not converge.',
      unit: 'short',
      queries: [
        { expr: max(select('otp_registry_names'), 'instance'), legend: '{{instance}}' },
        { expr: sum(increase('otp_registry_conflicts_total'), 'resolution'), legend: 'conflict: {{resolution}}', exemplars: true },
      ],
    }),
    graph(
      {
        title: 'Links that broke, and peers that were refused',
        runbook: 'OtpLinkReconnecting',
        description: 'Do links hold? Refusals for “secret” are a wrong secret or somebody who should not be there.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_link_reconnects_total'), 'peer'), legend: 'reconnected to {{peer}}' },
          { expr: sum(increase('otp_handshakes_refused_total'), 'reason'), legend: 'refused: {{reason}}' },
        ],
      },
      'bars',
    ),
  ],
}

export const clusterOverview = () =>
  board('otp-cluster-overview', 'Is the cluster whole, does it answer, and if not, where to look next.', [
    seconds,
    whole,
    crashing,
    answering,
    running,
    seeing,
  ])
