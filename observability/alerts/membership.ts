// Pure. Rules on who is there: Prometheus is a second observer of the cluster, and what the two see is held against each other.
import { increase, series } from './promql.ts'
import type { Group } from './rule.ts'
import type { Times } from './times.ts'

const UP = 'up{job="otp"}'

/** Members count a change once each: the one who saw most stands for all. */
const seenByOne = (expr: string): string => `max by (cluster) (sum by (cluster, instance) (${expr}))`

const present = (t: Times): Group['rules'] => [
  { record: 'otp:cluster_nodes_alive', expr: `sum by (cluster) (${UP})` },
  {
    record: 'otp:cluster_leaves:increase5m',
    expr: `round(${seenByOne(increase('otp_cluster_membership_changes_total', t.range(300), { change: 'leave' }))})`,
  },
  // Who says goodbye is expected back: for five minutes it is not missing. One at a time, so that a deploy hides one loss at most, and not for long.
  {
    record: 'otp:cluster_members_missing',
    expr: `max by (cluster) (${series('otp_cluster_members_expected')}) - otp:cluster_nodes_alive - clamp_max(otp:cluster_leaves:increase5m, 1) > 0`,
  },
  {
    alert: 'OtpMembersMissing',
    severity: 'critical',
    expr: 'otp:cluster_members_missing',
    for: t.wait(60),
    description: '{{ $value }} of the nodes that cluster {{ $labels.cluster }} should have are gone, and did not leave in order.',
  },
  {
    alert: 'OtpNodeDown',
    severity: 'warning',
    expr: `${UP} == 0
  unless on (cluster) otp:cluster_members_missing
  unless on (cluster) otp:cluster_leaves:increase5m > 0
  unless on (cluster) otp:cluster_nodes_alive == 0`,
    for: t.wait(120),
    description:
      'Node {{ $labels.instance }} of cluster {{ $labels.cluster }} has not answered a scrape for over 2 minutes, though no member is known to be missing.',
  },
]

const views = (t: Times): Group['rules'] => {
  const checksum = series('otp_cluster_view_checksum')
  return [
    {
      alert: 'OtpPartitionSuspected',
      severity: 'critical',
      expr: `otp:cluster_nodes_alive
  - min by (cluster) (sum by (cluster, instance) (${series('otp_cluster_members', { status: '!~down|left|suspect' })})) > 0`,
      for: t.wait(60),
      description:
        'Prometheus reaches nodes of cluster {{ $labels.cluster }} that one of its nodes does not see: {{ $value }} of them are missing from its view.',
    },
    {
      alert: 'OtpMembershipViewsDiverge',
      severity: 'critical',
      // A view that changed within the last minute is on its way to where the others are.
      expr: `count by (cluster) (count by (cluster, view) (
  count_values by (cluster) ("view", ${checksum} unless changes(${checksum}[${t.range(60)}]) > 0)
)) > 1`,
      for: t.wait(60),
      description:
        'The nodes of cluster {{ $labels.cluster }} hold {{ $value }} different views of who is a member, and none of them changes.',
    },
    {
      alert: 'OtpQuorumLost',
      severity: 'critical',
      expr: `min by (cluster, instance) (${series('otp_cluster_quorum')}) == 0
  unless on (cluster, instance) ${series('otp_node_draining')} == 1`,
      for: t.wait(30),
      description: 'Node {{ $labels.instance }} of cluster {{ $labels.cluster }} sees no majority: what needs one waits.',
    },
    {
      alert: 'OtpMembershipFlapping',
      severity: 'warning',
      expr: `${seenByOne(
        increase('otp_cluster_membership_changes_total', t.range(600), { change: '=~suspect|down|refute', cause: '!~left|superseded' }),
      )} > 6`,
      for: t.wait(60),
      description:
        'Members of cluster {{ $labels.cluster }} were suspected, lost or found again {{ printf "%.0f" $value }} times in the last 10 minutes.',
    },
    {
      alert: 'OtpLinkReconnecting',
      severity: 'warning',
      expr: `sum by (cluster, instance, peer) (${increase('otp_link_reconnects_total', t.range(600))}) > 5`,
      for: t.wait(60),
      description:
        'The link of {{ $labels.instance }} to {{ $labels.peer }} in cluster {{ $labels.cluster }} came up again {{ printf "%.0f" $value }} times in the last 10 minutes, though that node never went away.',
    },
    {
      alert: 'OtpRegistryConflicts',
      severity: 'warning',
      expr: `sum by (cluster) (${increase('otp_registry_conflicts_total', t.range(600), { resolution: 'stopped' })}) > 0`,
      for: t.wait(0),
      description:
        '{{ printf "%.0f" $value }} processes of cluster {{ $labels.cluster }} were stopped in the last 10 minutes because their name had a second owner.',
    },
  ]
}

const deploys = (t: Times): Group['rules'] => [
  {
    alert: 'OtpDeployInProgress',
    severity: 'info',
    expr: `count by (cluster) (count by (cluster, version) (${series('otp_node_info')})) > 1
  or
sum by (cluster) (${series('otp_node_draining')}) > 0
  or
otp:cluster_leaves:increase5m > 0`,
    for: t.wait(0),
    description: 'In cluster {{ $labels.cluster }} nodes leave in order, or more than one version runs.',
  },
]

/** Who is there, who sees whom, and whether somebody deploys. */
export const membership = (t: Times): readonly Group[] => [
  {
    name: 'otp-membership',
    interval: t.every(15),
    rules: [...present(t), ...views(t), ...deploys(t)],
  },
]
