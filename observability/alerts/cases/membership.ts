// Pure. Cases of nodes that come and go: a loss, a partition, a rolling deploy, and what each must not be taken for.
import { type Case, type Firing, of, samples, up } from '../case.ts'
import { series } from '../promql.ts'

const NODES = ['a', 'b', 'c'] as const

const members = (instance: string, status: 'up' | 'down' | 'leaving'): string => series('otp_cluster_members', { ...of(instance), status })
const changes = (instance: string, change: string, cause: string): string =>
  series('otp_cluster_membership_changes_total', { ...of(instance), change, cause })
const spawns = (instance: string, cause: string): string => series('otp_process_spawns_total', { ...of(instance), behaviour: 'lot', cause })
const calls = (instance: string, outcome: string): string => series('otp_calls_total', { ...of(instance), behaviour: 'lot', outcome })
const checksum = (instance: string): string => series('otp_cluster_view_checksum', of(instance))
const quorum = (instance: string): string => series('otp_cluster_quorum', of(instance))

/** Everything that a node exposes falls silent with it. */
const silentFrom = (instance: string, values: string): Record<string, string> => ({
  [series('otp_node_info', { ...of(instance), version: '1' })]: values.replaceAll('?', '1'),
  [series('otp_node_uptime_seconds', of(instance))]: values.replaceAll('?', '9999'),
  [series('otp_node_draining', of(instance))]: values.replaceAll('?', '0'),
  [series('otp_cluster_members_expected', of(instance))]: values.replaceAll('?', '3'),
  [members(instance, 'up')]: values.replaceAll('?', '3'),
  [members(instance, 'leaving')]: values.replaceAll('?', '0'),
  [members(instance, 'down')]: values.replaceAll('?', '0'),
  [checksum(instance)]: values.replaceAll('?', '3735928559'),
  [quorum(instance)]: values.replaceAll('?', '1'),
  [changes(instance, 'leave', 'left')]: values.replaceAll('?', '0'),
  [series('otp_placement_imbalance_ratio', of(instance))]: values.replaceAll('?', '1.1'),
  [series('otp_registry_names', of(instance))]: values.replaceAll('?', '3000'),
})

const missing = (count: number): Firing => ({
  alert: 'OtpMembersMissing',
  severity: 'critical',
  labels: { cluster: 'local' },
  description: `${count} of the nodes that cluster local should have are gone, and did not leave in order.`,
})
export const deploy: Firing = {
  alert: 'OtpDeployInProgress',
  severity: 'info',
  labels: { cluster: 'local' },
  description: 'In cluster local nodes leave in order, or more than one version runs.',
}
const partition = (unseen: number): Firing => ({
  alert: 'OtpPartitionSuspected',
  severity: 'critical',
  labels: { cluster: 'local' },
  description: `Prometheus reaches nodes of cluster local that one of its nodes does not see: ${unseen} of them are missing from its view.`,
})
const diverge: Firing = {
  alert: 'OtpMembershipViewsDiverge',
  severity: 'critical',
  labels: { cluster: 'local' },
  description: 'The nodes of cluster local hold 2 different views of who is a member, and none of them changes.',
}
const noQuorum: Firing = {
  alert: 'OtpQuorumLost',
  severity: 'critical',
  labels: { cluster: 'local', instance: 'c' },
  description: 'Node c of cluster local sees no majority: what needs one waits.',
}

/** Node c dies at 5m; the others take 150 of its processes each. */
const lostNode: Record<string, string> = {
  [up('c')]: '1x19 0x80',
  ...silentFrom('c', '?x19 stale'),
  ...Object.fromEntries(
    ['a', 'b'].flatMap((instance) => [
      [members(instance, 'up'), '3x19 2x80'],
      [members(instance, 'down'), '0x19 1x80'],
      [checksum(instance), '3735928559x19 1234567x80'],
      [changes(instance, 'suspect', 'heartbeat'), '0x19 1x80'],
      [changes(instance, 'down', 'heartbeat'), '0x19 1x80'],
      [series('otp_takeovers_total', { ...of(instance), outcome: 'started' }), '0x19 150x80'],
      [spawns(instance, 'takeover'), '0x19 150x80'],
      [calls(instance, 'nodedown'), '0x19 200x80'],
      [series('otp_supervisor_restarts_total', { ...of(instance), supervisor: 'root/lots', cause: 'crash' }), '0x100'],
    ]),
  ),
}

/** What the others saw of a node that left in order at 5m. */
const leftAndLost: Record<string, string> = Object.fromEntries(
  ['a', 'b'].flatMap((instance) => [
    [members(instance, 'up'), '3x19 2x80'],
    [checksum(instance), '3735928559x19 77x80'],
    [changes(instance, 'leave', 'left'), '0x19 1x80'],
  ]),
)

/** Each node in turn: it drains for 90 s, is gone for 90 s and comes back with another version, then the next after a minute. */
function rolling(drainAt: (node: number) => number, version: string): Record<string, string> {
  const COUNT = 140
  const DRAIN = 6
  const BACK = DRAIN + 6
  const draining = (node: number, at: number): boolean => at >= drainAt(node) && at < drainAt(node) + DRAIN
  const gone = (node: number, at: number): boolean => at >= drainAt(node) + DRAIN && at < drainAt(node) + BACK
  const back = (node: number, at: number): boolean => at >= drainAt(node) + BACK
  const count = (at: number, which: (node: number, at: number) => boolean): number => NODES.filter((_, node) => which(node, at)).length
  const entries = NODES.flatMap((instance, node) => {
    const shown = (value: (at: number) => number | undefined) => samples(COUNT, (at) => (gone(node, at) ? undefined : value(at)))
    /** Counts from 0 in each life: what happened before the node came back is nothing to it. */
    const sinceStart = (happened: (other: number) => number, each: number) =>
      shown(
        (at) =>
          each *
          NODES.filter((_, other) => other !== node && happened(other) <= at && (!back(node, at) || happened(other) > drainAt(node) + BACK))
            .length,
      )
    const isSame = version === '1'
    return [
      [up(instance), samples(COUNT, (at) => (gone(node, at) ? 0 : 1))],
      [series('otp_node_info', { ...of(instance), version: '1' }), shown((at) => (isSame || !back(node, at) ? 1 : undefined))],
      ...(isSame ? [] : [[series('otp_node_info', { ...of(instance), version }), shown((at) => (back(node, at) ? 1 : undefined))]]),
      [series('otp_node_draining', of(instance)), shown((at) => Number(draining(node, at)))],
      [series('otp_node_uptime_seconds', of(instance)), shown((at) => 15 * (back(node, at) ? at - drainAt(node) - BACK : at + 5760))],
      [series('otp_cluster_members_expected', of(instance)), shown(() => 3)],
      [members(instance, 'up'), shown((at) => 3 - count(at, draining) - count(at, gone))],
      [members(instance, 'leaving'), shown((at) => count(at, draining))],
      [members(instance, 'down'), shown(() => 0)],
      [checksum(instance), shown((at) => 1000 + count(at, draining) * 100 + count(at, gone) * 200 + count(at, back))],
      [quorum(instance), shown(() => 1)],
      [changes(instance, 'leave', 'left'), sinceStart((other) => drainAt(other) + DRAIN, 1)],
      [changes(instance, 'join', 'link'), sinceStart((other) => drainAt(other) + BACK, 1)],
      [spawns(instance, 'handoff'), sinceStart((other) => drainAt(other) + 1, 250)],
      [
        series('otp_handoffs_total', { ...of(instance), reason: 'drain', outcome: 'completed' }),
        shown((at) => (draining(node, at) ? 500 : 0)),
      ],
      [series('otp_handoffs_in_progress', { ...of(instance), direction: 'out' }), shown((at) => (draining(node, at) ? 16 : 0))],
      [series('otp_placement_imbalance_ratio', of(instance)), shown((at) => (count(at, draining) > 0 ? 1 : 1.5))],
      [series('otp_registry_names', of(instance)), shown(() => 3000)],
      [series('otp_supervisor_restarts_total', { ...of(instance), supervisor: 'root/lots', cause: 'crash' }), shown(() => 0)],
      [series('otp_supervisor_restarts_total', { ...of(instance), supervisor: 'root/lots', cause: 'manual' }), shown((at) => at)],
    ] as [string, string][]
  })
  return Object.fromEntries(entries)
}

const oneByOne = (node: number): number => 20 + node * 16

/** Every half minute. */
const throughout = (fromMinute: number, toMinute: number, firing: readonly Firing[]): Record<string, readonly Firing[]> =>
  Object.fromEntries(Array.from({ length: 2 * (toMinute - fromMinute) + 1 }, (_, index) => [`${fromMinute * 60 + index * 30}s`, firing]))

export const membershipCases: readonly Case[] = [
  {
    says: 'a node that dies with 300 processes, which the others take over: members are missing, and nothing else is wrong',
    series: lostNode,
    at: { '5m': [], '7m': [missing(1)], '10m': [missing(1)], '20m': [missing(1)] },
    quiet: ['OtpRestartStorm', 'OtpNodeDown', 'OtpPartitionSuspected', 'OtpMembershipFlapping', 'OtpCallErrorBudgetBurn', 'OtpQuorumLost'],
  },
  {
    says: 'a rolling deploy that moves 500 processes from each node is a deploy and nothing else, all the time',
    series: rolling(oneByOne, '2'),
    at: { '4m': [], ...throughout(6, 19, [deploy]), '26m': [] },
    quiet: [
      'OtpRestartStorm',
      'OtpMembersMissing',
      'OtpNodeDown',
      'OtpPartitionSuspected',
      'OtpMembershipViewsDiverge',
      'OtpMembershipFlapping',
      'OtpHandoffStuck',
      'OtpHandoffFailing',
      'OtpUnevenPlacement',
      'OtpCallErrorBudgetBurn',
    ],
  },
  {
    says: 'a rolling restart of the same version is a deploy, too',
    series: rolling(oneByOne, '1'),
    at: { '4m': [], ...throughout(6, 19, [deploy]), '25m': [] },
    quiet: ['OtpMembersMissing', 'OtpNodeDown', 'OtpRegistryConflicts'],
  },
  {
    says: 'a storm during a deploy does fire, for deploys silence no storm',
    series: {
      ...rolling((node) => (node === 0 ? 1000 : 11 + node * 9), '2'),
      [series('otp_supervisor_restarts_total', { ...of('c'), supervisor: 'root/lots', cause: 'crash' })]: '0x34 stale _x5 0+5x90',
    },
    at: {
      '13m': [
        deploy,
        {
          alert: 'OtpRestartStorm',
          severity: 'warning',
          labels: { cluster: 'local', supervisor: 'root/lots', scope: 'supervisor' },
          description: 'Supervisor root/lots of cluster local restarted crashed children 55 times in the last 5 minutes.',
        },
        {
          alert: 'OtpVersionCrashRegression',
          severity: 'critical',
          labels: { cluster: 'local', version: '2' },
          description:
            'Version 2 in cluster local has 4.8 crashes a minute and thousand processes, over five times as many as the version before it.',
        },
      ],
    },
    quiet: ['OtpMembersMissing'],
  },
  {
    says: 'a node that dies while another one is being deployed is missing: one goodbye excuses one node',
    series: {
      ...leftAndLost,
      [up('c')]: '1x19 0x80',
      ...silentFrom('c', '?x19 stale'),
      [up('b')]: '1x22 0x80',
      ...silentFrom('b', '?x22 stale'),
      [members('a', 'up')]: '3x19 2x3 1x80',
      [members('a', 'down')]: '0x22 1x80',
      [quorum('a')]: '1x22 0x80',
    },
    at: {
      '6m': [deploy],
      '8m': [
        deploy,
        missing(1),
        { ...noQuorum, labels: { cluster: 'local', instance: 'a' }, description: noQuorum.description.replace('c of', 'a of') },
      ],
    },
    quiet: ['OtpNodeDown'],
  },
  {
    says: 'a node that left in order and does not come back is missing after five minutes',
    series: {
      [up('c')]: '1x19 0x80',
      ...silentFrom('c', '?x19 stale'),
      ...leftAndLost,
    },
    at: { '7m': [deploy], '9m': [deploy], '13m': [missing(1)] },
    quiet: ['OtpNodeDown'],
  },
  {
    says: 'a node that does not answer Prometheus but is a member all the same is a node to look at',
    series: {
      [up('c')]: '1x19 0x80',
      ...silentFrom('c', '?x19 stale'),
      ...Object.fromEntries(['a', 'b'].map((instance) => [series('otp_cluster_members_expected', of(instance)), '_x100'])),
      [series('otp_cluster_members_expected', of('c'))]: '_x100',
    },
    at: {
      '6m': [],
      '9m': [
        {
          alert: 'OtpNodeDown',
          severity: 'warning',
          labels: { cluster: 'local', instance: 'c', job: 'otp' },
          description: 'Node c of cluster local has not answered a scrape for over 2 minutes, though no member is known to be missing.',
        },
      ],
    },
    quiet: ['OtpMembersMissing'],
  },
  {
    says: 'a partition: all three answer Prometheus, one of them sees only itself',
    series: {
      ...Object.fromEntries(
        ['a', 'b'].flatMap((instance) => [
          [members(instance, 'up'), '3x19 2x80'],
          [members(instance, 'down'), '0x19 1x80'],
          [checksum(instance), '3735928559x19 5x80'],
          [changes(instance, 'suspect', 'heartbeat'), '0x19 1x80'],
          [changes(instance, 'down', 'heartbeat'), '0x19 1x80'],
        ]),
      ),
      [members('c', 'up')]: '3x19 1x80',
      [members('c', 'down')]: '0x19 2x80',
      [checksum('c')]: '3735928559x19 9x80',
      [quorum('c')]: '1x19 0x80',
      [changes('c', 'suspect', 'heartbeat')]: '0x19 2x80',
      [changes('c', 'down', 'heartbeat')]: '0x19 2x80',
    },
    at: { '5m': [], '8m': [partition(2), diverge, noQuorum] },
    quiet: ['OtpMembersMissing', 'OtpNodeDown', 'OtpMembershipFlapping'],
  },
  {
    says: 'views that differ while they change are on their way to each other, and one scrape is no verdict',
    series: {
      [checksum('a')]: samples(100, (at) => Math.floor(at / 3)),
      [checksum('b')]: samples(100, (at) => 1000 + Math.floor((at + 1) / 3)),
      [checksum('c')]: samples(100, (at) => 2000 + Math.floor((at + 2) / 3)),
      [quorum('b')]: '1x30 0 1x80',
      [members('b', 'up')]: '3x30 1 3x80',
    },
    at: { '7m': [], '8m': [], '9m': [], '15m': [] },
    quiet: ['OtpMembershipViewsDiverge', 'OtpQuorumLost', 'OtpPartitionSuspected'],
  },
  {
    says: 'a node on its way out that sees nobody any more has lost no quorum',
    series: { [quorum('c')]: '1x19 0x80', [series('otp_node_draining', of('c'))]: '0x19 1x80' },
    at: { '8m': [deploy] },
    quiet: ['OtpQuorumLost'],
  },
  {
    says: 'a member that is suspected and found again and again flaps; the two who see it count it once',
    series: Object.fromEntries(
      ['a', 'b'].flatMap((instance) => [
        [changes(instance, 'suspect', 'heartbeat'), '0x20 1+1x7 8x60'],
        [changes(instance, 'refute', 'heartbeat'), '0x20 1+1x7 8x60'],
      ]),
    ),
    at: {
      '5m': [],
      '9m': [
        {
          alert: 'OtpMembershipFlapping',
          severity: 'warning',
          labels: { cluster: 'local' },
          description: 'Members of cluster local were suspected, lost or found again 16 times in the last 10 minutes.',
        },
      ],
      '20m': [],
    },
  },
  {
    says: 'ten nodes that leave in order and come back as new lives do not flap',
    series: { [changes('a', 'down', 'superseded')]: '0x20 1+1x10 11x60', [changes('a', 'join', 'link')]: '0x20 1+1x10 11x60' },
    at: { '9m': [] },
    quiet: ['OtpMembershipFlapping'],
  },
  {
    says: 'a link that comes up six times to a peer that lives breaks too often',
    series: { [series('otp_link_reconnects_total', { ...of('a'), peer: 'c' })]: '0x20 1+1x7 8x60' },
    at: {
      '5m': [],
      '9m': [
        {
          alert: 'OtpLinkReconnecting',
          severity: 'warning',
          labels: { cluster: 'local', instance: 'a', peer: 'c' },
          description:
            'The link of a to c in cluster local came up again 8 times in the last 10 minutes, though that node never went away.',
        },
      ],
    },
  },
  {
    says: 'a link that broke three times, and one that is made anew with each life of a peer, are nothing',
    series: {
      [series('otp_link_reconnects_total', { ...of('a'), peer: 'c' })]: '0x20 1 2 3x60',
      [changes('a', 'join', 'link')]: '0x20 1+1x10 11x60',
    },
    at: { '9m': [] },
    quiet: ['OtpLinkReconnecting'],
  },
  {
    says: 'the first conflict that stopped a process is told, and counted once though two others saw it',
    series: {
      [series('otp_registry_conflicts_total', { ...of('a'), resolution: 'stopped' })]: '0x20 1x60',
      [series('otp_registry_conflicts_total', { ...of('b'), resolution: 'kept' })]: '0x20 1x60',
      [series('otp_registry_conflicts_total', { ...of('c'), resolution: 'remote' })]: '0x20 1x60',
    },
    at: {
      '5m': [],
      '6m': [
        {
          alert: 'OtpRegistryConflicts',
          severity: 'warning',
          labels: { cluster: 'local' },
          description: '1 processes of cluster local were stopped in the last 10 minutes because their name had a second owner.',
        },
      ],
      '16m': [],
    },
  },
  {
    says: 'conflicts that stopped nobody are how two views become one',
    series: { [series('otp_registry_conflicts_total', { ...of('b'), resolution: 'remote' })]: '0x20 40x60' },
    at: { '6m': [] },
    quiet: ['OtpRegistryConflicts', 'OtpDeployInProgress'],
  },
]
