// Board 5: do nodes find each other, agree, and know the same names; what goes over their links.
import { board, type Row } from '../board.ts'
import { alertList, figure, graph } from '../panels.ts'
import { increase, max, quantile, rate, select, sum } from '../promql.ts'

const agreeing: Row = {
  title: 'Do nodes agree?',
  panels: [
    figure({
      title: 'Different views of the members',
      runbook: 'OtpMembershipViewsDiverge',
      description: 'Do all nodes see the same members? More than 1 for longer than a few seconds is a partition.',
      unit: 'short',
      limits: [1.5, 2],
      queries: [{ expr: `count(count_values("view", ${select('otp_cluster_view_checksum')}))`, legend: 'views' }],
    }),
    figure({
      title: 'Nodes without quorum',
      runbook: 'OtpQuorumLost',
      description: 'Does a node see less than a majority? Where quorum is asked for it stops its children.',
      unit: 'short',
      limits: [0.5, 1],
      queries: [{ expr: `count(${select('otp_cluster_quorum')} == 0) or vector(0)`, legend: 'without' }],
    }),
    figure({
      title: 'Conflicts of names',
      runbook: 'OtpRegistryConflicts',
      traces: 'otp.registry.conflict',
      description: 'Did two nodes own one name? After a healed partition yes, for a moment; otherwise never.',
      unit: 'short',
      limits: [1, 5],
      queries: [{ expr: sum(increase('otp_registry_conflicts_total')), legend: 'conflicts' }],
    }),
    figure({
      title: 'Nodes that have not joined',
      runbook: 'OtpMembersMissing',
      traces: 'otp.directory.join',
      description: 'Has a node not merged what its peers know? Until then it owns nothing.',
      unit: 'short',
      limits: [1, 2],
      queries: [{ expr: `count(${select('otp_node_joined')} == 0) or vector(0)`, legend: 'not joined' }],
    }),
    graph({
      title: 'Members, as each node counts them',
      runbook: 'OtpPartitionSuspected',
      description:
        'Who misses whom? Lines that part while all nodes answer Prometheus are a partition; one that falls for all is a lost node.',
      unit: 'short',
      width: 12,
      queries: [
        { expr: max(select('otp_cluster_members', { status: 'up' }), 'instance'), legend: '{{instance}}' },
        { expr: max(select('otp_cluster_members_expected')), legend: 'expected' },
      ],
    }),
    alertList('Alerts that fire or are about to', 'Is anything wrong that somebody was told of? Each alert leads to its runbook.', 12),
    graph(
      {
        title: 'Changes of membership, by node that saw them',
        runbook: 'OtpMembershipFlapping',
        traces: 'otp.cluster.member_change',
        description: 'Does membership flap? “suspect” and “refute” in turn are a network or an event loop that stalls.',
        unit: 'short',
        queries: [
          {
            expr: sum(increase('otp_cluster_membership_changes_total'), 'instance', 'change'),
            legend: '{{instance}} {{change}}',
            exemplars: true,
          },
        ],
      },
      'bars',
    ),
    graph(
      {
        title: 'Pauses of nodes',
        runbook: 'OtpEventLoopLag',
        description:
          'Did a node stand still for longer than the failure detector allows? It holds its mailboxes until it has heard from its peers.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_node_pauses_total'), 'instance'), legend: '{{instance}}' },
          { expr: sum(increase('otp_node_paused_seconds_total'), 'instance'), legend: '{{instance}} seconds' },
        ],
      },
      'bars',
    ),
    graph(
      {
        title: 'Quorum lost, and members given up',
        runbook: 'OtpQuorumLost',
        description: 'Was the majority out of sight? Members given up were down for so long that ended names were forgotten without them.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_cluster_quorum_losses_total'), 'instance'), legend: '{{instance}} lost quorum' },
          { expr: sum(increase('otp_directory_members_given_up_total')), legend: 'members given up' },
        ],
      },
      'bars',
    ),
  ],
}

const names: Row = {
  title: 'Do they know the same names?',
  panels: [
    graph({
      title: 'Names, as each node knows them',
      runbook: 'OtpRegistryConflicts',
      description: 'Does the directory converge? Lines that stay apart are a partition, or replication that does not come through.',
      unit: 'short',
      queries: [{ expr: max(select('otp_registry_names'), 'instance'), legend: '{{instance}}' }],
    }),
    graph(
      {
        title: 'Names that came and went, and conflicts',
        runbook: 'OtpRegistryConflicts',
        traces: 'otp.registry.conflict',
        description:
          'How much does the registry change? “kept”: ours won; “stopped”: ours was stopped; “remote”: two others’ were settled.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_registry_operations_total'), 'op', 'outcome'), legend: '{{op}} {{outcome}}' },
          { expr: sum(increase('otp_registry_conflicts_total'), 'resolution'), legend: 'conflict: {{resolution}}', exemplars: true },
        ],
      },
      'bars',
    ),
    graph({
      title: 'How long a change takes to a peer',
      runbook: 'OtpMembershipViewsDiverge',
      description: 'How stale may a lookup be? From a record written here to it being applied there.',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'otp_replication_lag_seconds', ['peer']), legend: 'median to {{peer}}' },
        { expr: quantile(0.99, 'otp_replication_lag_seconds', ['peer']), legend: '99 % to {{peer}}' },
      ],
    }),
    graph({
      title: 'Bytes of replication a second',
      runbook: 'OtpLinkReconnecting',
      description: 'What does the directory cost the network? Peaks are joins and heals; a plateau is a digest that never agrees.',
      unit: 'Bps',
      queries: [{ expr: sum(rate('otp_replication_bytes_total'), 'peer'), legend: '{{peer}}' }],
    }),
  ],
}

const linked: Row = {
  title: 'Do links hold?',
  panels: [
    graph({
      title: 'Round trip to peers',
      runbook: 'OtpLinkReconnecting',
      description: 'Is a peer far, or busy? One peer slow for all: that node. All slow for one: this node.',
      unit: 's',
      queries: [{ expr: quantile(0.99, 'otp_link_rtt_seconds', ['peer']), legend: '99 % {{peer}}' }],
    }),
    graph({
      title: 'Bytes over links a second',
      runbook: 'OtpLinkReconnecting',
      description: 'How much do nodes say to each other? Compare directions: much out and little in is a peer that is only told.',
      unit: 'Bps',
      queries: [{ expr: sum(rate('otp_link_bytes_total'), 'peer', 'direction'), legend: '{{peer}} {{direction}}' }],
    }),
    graph({
      title: 'Messages over links a second',
      runbook: 'OtpLinkReconnecting',
      description: 'How many messages cross? Many small ones are cheap: they share frames.',
      unit: 'short',
      queries: [{ expr: sum(rate('otp_link_messages_total'), 'peer', 'direction'), legend: '{{peer}} {{direction}}' }],
    }),
    graph(
      {
        title: 'Links that broke, sends and connections that failed',
        runbook: 'OtpLinkReconnecting',
        description:
          'Do links break? Reconnections to the same life of a peer are the network’s; “refused” is a host where nobody listens.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_link_reconnects_total'), 'peer'), legend: 'reconnected to {{peer}}' },
          { expr: sum(increase('otp_link_send_errors_total'), 'peer'), legend: 'not sent to {{peer}}' },
          { expr: sum(increase('otp_connect_failures_total'), 'kind'), legend: 'not connected: {{kind}}' },
        ],
      },
      'bars',
    ),
    graph({
      title: 'Bytes that wait for a peer to read',
      runbook: 'OtpLinkReconnecting',
      description: 'Is a peer too slow for what it is sent? Back-pressure pauses reading from whoever sends too fast.',
      unit: 'bytes',
      queries: [
        { expr: max(select('otp_link_queued_bytes'), 'peer'), legend: '{{peer}}' },
        { expr: sum(rate('otp_link_pauses_total'), 'peer'), legend: 'pauses of {{peer}} a second' },
      ],
    }),
    graph(
      {
        title: 'Who and what was refused',
        runbook: 'OtpLinkReconnecting',
        description:
          'Did somebody knock who should not? “secret” is a wrong secret or a stranger, “version” an old node, frames and certificates are named apart.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_handshakes_refused_total'), 'reason'), legend: 'handshake: {{reason}}' },
          { expr: sum(increase('otp_frames_refused_total'), 'peer'), legend: 'frame of {{peer}}' },
          { expr: sum(increase('otp_certificates_refused_total')), legend: 'certificate' },
          { expr: sum(increase('otp_secrets_refused_total')), legend: 'file of secrets' },
        ],
      },
      'bars',
    ),
  ],
}

const finding: Row = {
  title: 'Do nodes find each other?',
  panels: [
    graph({
      title: 'Peers that topologies find',
      runbook: 'OtpMembersMissing',
      description: 'Does discovery see everybody? Members that are up stay linked even if it does not.',
      unit: 'short',
      queries: [{ expr: max(select('otp_topology_peers'), 'topology', 'instance'), legend: '{{topology}} {{instance}}' }],
    }),
    graph({
      title: 'Time since a topology heard from its source',
      runbook: 'OtpMembersMissing',
      description: 'Is discovery blind? New nodes are not found meanwhile; known ones stay.',
      unit: 's',
      queries: [{ expr: max(select('otp_topology_sync_age_seconds'), 'topology'), legend: '{{topology}}' }],
    }),
    graph(
      {
        title: 'What went wrong with discovery',
        runbook: 'OtpMembersMissing',
        description:
          'Does its source fail? Watches that restart are normal, relists are rare, errors are the API server’s or the DNS server’s.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_topology_errors_total'), 'topology'), legend: '{{topology}} error' },
          { expr: sum(increase('otp_topology_watch_restarts_total'), 'topology'), legend: '{{topology}} watch restarted' },
          { expr: sum(increase('otp_topology_relists_total'), 'topology'), legend: '{{topology}} listed anew' },
          { expr: sum(increase('otp_topology_refused_total'), 'topology', 'reason'), legend: '{{topology}} refused: {{reason}}' },
        ],
      },
      'bars',
    ),
  ],
}

export const links = () =>
  board('otp-links', 'Do nodes find each other, agree, and know the same names; what goes over their links.', [
    agreeing,
    names,
    linked,
    finding,
  ])
