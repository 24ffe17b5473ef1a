// What is read at each scrape from live structures, so that ended things vanish: gauges, and counters that the core keeps as integers.
import type { NodeSnapshot } from '#otp-labs'
import type { OtpMetricName } from '#vocabulary'
import type { Behaviours } from './behaviours.ts'
import type { Exemplar } from './cells.ts'
import { keptIds } from './exemplar.ts'
import type { Families } from './families.ts'
import type { Supervisors } from './supervisors.ts'

const SECOND = 1000

/** Everything that is read here and has labels, or need not be known; forgotten before each reading. */
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
  'otp_children_unplaced',
  'otp_children_quarantined',
  'otp_cluster_members',
  'otp_cluster_members_expected',
  'otp_arbiter_lease_age_seconds',
  'otp_arbiter_lease_limit_seconds',
  'otp_arbiter_may_own',
  'otp_topology_peers',
  'otp_topology_sync_age_seconds',
  'otp_link_bytes_total',
  'otp_link_messages_total',
  'otp_link_pauses_total',
  'otp_link_queued_bytes',
  'otp_link_send_errors_total',
  'otp_replication_bytes_total',
]

const TOPOLOGY_COUNTS = [
  'otp_topology_errors_total',
  'otp_topology_watch_restarts_total',
  'otp_topology_relists_total',
  'otp_topology_refused_total',
] as const

/** Puts readings of the node into the families. */
export class LiveReader {
  readonly #families: Families
  readonly #behaviours: Behaviours
  readonly #supervisors: Supervisors
  readonly #wall: () => number
  /** Of calls, by behaviour and outcome: seen first at some reading, and the same since. */
  readonly #exemplars = new Map<string, { readonly carrier: string; readonly exemplar: Exemplar | undefined }>()

  constructor(families: Families, behaviours: Behaviours, supervisors: Supervisors, wall: () => number) {
    this.#families = families
    this.#behaviours = behaviours
    this.#supervisors = supervisors
    this.#wall = wall
  }

  read(node: NodeSnapshot): void {
    const families = this.#families
    for (const name of LIVE) families.forget(name)
    families.set('otp_node_info', { version: node.version, role: node.role, zone: node.zone }, 1)
    families.set('otp_node_draining', {}, Number(node.draining))
    families.set('otp_node_joined', {}, Number(node.joined))
    families.set('otp_node_uptime_seconds', {}, node.uptimeMs / SECOND)
    this.#readBehaviours(node)
    this.#readSupervisors(node)
    this.#readCluster(node)
    this.#readArbiter(node)
    this.#readTopologies(node)
    this.#readTraffic(node)
  }

  #readBehaviours(node: NodeSnapshot): void {
    const families = this.#families
    for (const { behaviour, live, handled, dropped, mailboxMessages, oldestMessageAgeMs, longestHandlerMs, ...counts } of node.behaviours) {
      this.#behaviours.of(behaviour)
      families.set('otp_processes', { behaviour }, live)
      families.set('otp_mailbox_messages', { behaviour }, mailboxMessages)
      families.set('otp_mailbox_oldest_message_age_seconds', { behaviour }, oldestMessageAgeMs / SECOND)
      families.set('otp_handler_in_progress_max_seconds', { behaviour }, longestHandlerMs / SECOND)
      families.add('otp_messages_handled_total', { behaviour }, handled)
      for (const [reason, count] of Object.entries(dropped)) families.add('otp_mailbox_dropped_total', { behaviour, reason }, count)
      for (const outcome of Object.keys(counts.calls) as (keyof typeof counts.calls)[]) {
        const cell = families.value('otp_calls_total', { behaviour, outcome })
        cell.add(counts.calls[outcome])
        cell.exemplar = this.#exemplarOf(`${behaviour} ${outcome}`, counts.tracedCalls[outcome]) ?? cell.exemplar
      }
    }
  }

  /** As old as the reading that saw it first: Prometheus takes an exemplar for new as long as its time changes. */
  #exemplarOf(key: string, carrier: string | undefined): Exemplar | undefined {
    if (carrier === undefined) return undefined
    const known = this.#exemplars.get(key)
    if (known?.carrier === carrier) return known.exemplar
    const ids = keptIds(carrier)
    const exemplar = ids === undefined ? undefined : { ids, value: 1, at: this.#wall() / SECOND }
    this.#exemplars.set(key, { carrier, exemplar })
    return exemplar
  }

  #readSupervisors(node: NodeSnapshot): void {
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
      this.#supervisors.of(supervisor)
      for (const [state, count] of Object.entries(sum)) this.#families.set('otp_supervisor_children', { supervisor, state }, count)
    }
  }

  #readCluster(node: NodeSnapshot): void {
    const families = this.#families
    const statuses = { up: 0, suspect: 0, leaving: 0, down: 0, left: 0 }
    for (const member of node.members) statuses[member.status]++
    for (const [status, count] of Object.entries(statuses)) families.set('otp_cluster_members', { status }, count)
    if (node.membersExpected !== undefined) families.set('otp_cluster_members_expected', {}, node.membersExpected)
    families.set('otp_cluster_quorum', {}, node.hasQuorum ? 1 : 0)
    families.set('otp_cluster_view_checksum', {}, node.viewChecksum)
    families.set('otp_registry_names', {}, node.registryNames)
    const supervisor = node.supervisorPath
    families.zero('otp_relocations_total', { supervisor })
    families.set('otp_children_unplaced', { supervisor }, node.childrenUnplaced)
    families.set('otp_children_quarantined', { supervisor }, node.childrenQuarantined)
    for (const [direction, count] of Object.entries(node.handoffs)) families.set('otp_handoffs_in_progress', { direction }, count)
    families.set('otp_placement_imbalance_ratio', {}, node.placementImbalance)
  }

  #readArbiter({ arbiter }: NodeSnapshot): void {
    if (arbiter === null) return
    this.#families.set('otp_arbiter_lease_age_seconds', {}, arbiter.leaseAgeMs / SECOND)
    this.#families.set('otp_arbiter_lease_limit_seconds', {}, arbiter.limitMs / SECOND)
    this.#families.set('otp_arbiter_may_own', {}, Number(arbiter.mayOwn))
  }

  #readTopologies(node: NodeSnapshot): void {
    for (const { topology, peers, syncAgeMs } of node.topologies) {
      for (const name of TOPOLOGY_COUNTS) this.#families.zero(name, { topology })
      this.#families.set('otp_topology_peers', { topology }, peers)
      this.#families.set('otp_topology_sync_age_seconds', { topology }, syncAgeMs / SECOND)
    }
  }

  #readTraffic(node: NodeSnapshot): void {
    const families = this.#families
    for (const { peer, ...sums } of node.traffic) {
      families.add('otp_link_bytes_total', { peer, direction: 'in' }, sums.bytesIn)
      families.add('otp_link_bytes_total', { peer, direction: 'out' }, sums.bytesOut)
      families.add('otp_link_messages_total', { peer, direction: 'in' }, sums.messagesIn)
      families.add('otp_link_messages_total', { peer, direction: 'out' }, sums.messagesOut)
      families.add('otp_link_pauses_total', { peer }, sums.pauses)
      families.add('otp_link_send_errors_total', { peer }, sums.sendErrors)
      families.add('otp_replication_bytes_total', { peer }, sums.replicationBytes)
      families.set('otp_link_queued_bytes', { peer }, sums.queuedBytes)
    }
  }
}
