// What is read at each scrape from live structures, so that ended things vanish: gauges, and counters that the core keeps as integers.
import type { NodeSnapshot } from '#otp-labs'
import type { OtpMetricName } from '#vocabulary'
import { knowBehaviour, knowSupervisor } from './facts.ts'
import type { Families } from './families.ts'

const SECOND = 1000

/** Everything `readLive` fills; forgotten before each reading. */
const LIVE: readonly OtpMetricName[] = [
  'otp_node_info',
  'otp_processes',
  'otp_supervisor_children',
  'otp_mailbox_messages',
  'otp_mailbox_oldest_message_age_seconds',
  'otp_handler_in_progress_max_seconds',
  'otp_messages_handled_total',
  'otp_calls_total',
  'otp_mailbox_dropped_total',
  'otp_cluster_members',
  'otp_topology_peers',
  'otp_topology_sync_age_seconds',
]

const TOPOLOGY_COUNTS = [
  'otp_topology_errors_total',
  'otp_topology_watch_restarts_total',
  'otp_topology_relists_total',
  'otp_topology_refused_total',
] as const

/** Counts of links that end are kept: a counter that went back with each link that closes would say nonsense. */
export class LinkTotals {
  readonly #last = new Map<string, number>()

  /** How much a link's own counter grew since the last reading; a smaller value is a new link. */
  grown(key: string, value: number): number {
    const last = this.#last.get(key) ?? 0
    this.#last.set(key, value)
    return value >= last ? value - last : value
  }
}

/** Puts one reading of the node into the families. */
export function readLive(families: Families, node: NodeSnapshot, links: LinkTotals): void {
  for (const name of LIVE) families.reset(name)
  families.set('otp_node_info', { version: node.version, role: node.role, zone: node.zone }, 1)
  families.set('otp_node_draining', {}, Number(node.draining))
  families.set('otp_node_joined', {}, Number(node.joined))
  families.set('otp_node_uptime_seconds', {}, node.uptimeMs / SECOND)
  readBehaviours(families, node)
  readSupervisors(families, node)
  readCluster(families, node)
  readLinks(families, node, links)
}

function readBehaviours(families: Families, node: NodeSnapshot): void {
  for (const { behaviour, live, handled, calls, dropped, mailboxMessages, oldestMessageAgeMs, longestHandlerMs } of node.behaviours) {
    knowBehaviour(families, behaviour)
    families.set('otp_processes', { behaviour }, live)
    families.set('otp_mailbox_messages', { behaviour }, mailboxMessages)
    families.set('otp_mailbox_oldest_message_age_seconds', { behaviour }, oldestMessageAgeMs / SECOND)
    families.set('otp_handler_in_progress_max_seconds', { behaviour }, longestHandlerMs / SECOND)
    families.count('otp_messages_handled_total', { behaviour }, handled)
    for (const [outcome, count] of Object.entries(calls)) families.count('otp_calls_total', { behaviour, outcome }, count)
    for (const [reason, count] of Object.entries(dropped)) families.count('otp_mailbox_dropped_total', { behaviour, reason }, count)
  }
}

function readSupervisors(families: Families, node: NodeSnapshot): void {
  const states = new Map<string, { specified: number; active: number; restarting: number }>()
  // Many dynamic supervisors of one template share a label: their children are added up.
  for (const { supervisor, children } of node.supervisors) {
    const sum = states.get(supervisor) ?? { specified: 0, active: 0, restarting: 0 }
    sum.specified += children.specified
    sum.active += children.active
    sum.restarting += children.restarting
    states.set(supervisor, sum)
  }
  for (const [supervisor, sum] of states) {
    knowSupervisor(families, supervisor)
    for (const [state, count] of Object.entries(sum)) families.set('otp_supervisor_children', { supervisor, state }, count)
  }
}

function readCluster(families: Families, node: NodeSnapshot): void {
  const statuses = { up: 0, suspect: 0, leaving: 0, down: 0, left: 0 }
  for (const member of node.members) statuses[member.status]++
  for (const [status, count] of Object.entries(statuses)) families.set('otp_cluster_members', { status }, count)
  if (node.membersExpected === undefined) families.withhold('otp_cluster_members_expected')
  else families.set('otp_cluster_members_expected', {}, node.membersExpected)
  families.set('otp_cluster_quorum', {}, node.hasQuorum ? 1 : 0)
  families.set('otp_cluster_view_checksum', {}, node.viewChecksum)
  families.set('otp_registry_names', {}, node.registryNames)
  families.set('otp_children_unplaced', {}, node.childrenUnplaced)
  families.set('otp_children_quarantined', {}, node.childrenQuarantined)
  for (const [direction, count] of Object.entries(node.handoffs)) families.set('otp_handoffs_in_progress', { direction }, count)
  families.set('otp_placement_imbalance_ratio', {}, node.placementImbalance)
  for (const { topology, peers, syncAgeMs } of node.topologies) {
    for (const name of TOPOLOGY_COUNTS) families.zero(name, { topology })
    families.set('otp_topology_peers', { topology }, peers)
    families.set('otp_topology_sync_age_seconds', { topology }, syncAgeMs / SECOND)
  }
}

function readLinks(families: Families, node: NodeSnapshot, links: LinkTotals): void {
  for (const { peer, direction, bytesIn, bytesOut, messagesIn, messagesOut, pauses, queuedBytes } of node.links) {
    const grown = (what: string, value: number): number => links.grown(`${peer} ${direction} ${what}`, value)
    families.count('otp_link_bytes_total', { peer, direction: 'in' }, grown('bytes in', bytesIn))
    families.count('otp_link_bytes_total', { peer, direction: 'out' }, grown('bytes out', bytesOut))
    families.count('otp_link_messages_total', { peer, direction: 'in' }, grown('messages in', messagesIn))
    families.count('otp_link_messages_total', { peer, direction: 'out' }, grown('messages out', messagesOut))
    families.count('otp_link_pauses_total', { peer }, grown('pauses', pauses))
    families.set('otp_link_queued_bytes', { peer }, queuedBytes)
  }
}
