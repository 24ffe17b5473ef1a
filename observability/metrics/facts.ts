// What each fact adds to the metrics: one row for every fact there is.
import type { Handlers } from '#otp-labs'
import type { Facts } from '#vocabulary'
import type { Behaviours } from './behaviours.ts'
import type { ExemplarLabels } from './cells.ts'
import type { Families } from './families.ts'
import type { Supervisors } from './supervisors.ts'

const SECOND = 1000

/** Counted of a peer from its first link on. */
const PEER_COUNTERS = [
  'otp_link_reconnects_total',
  'otp_frames_refused_total',
  'otp_link_rtt_seconds',
  'otp_replication_lag_seconds',
] as const

/** Counted from the first lease on. */
const ARBITER_FAMILIES = [
  'otp_arbiter_claims_total',
  'otp_arbiter_claim_duration_seconds',
  'otp_arbiter_lease_renewal_duration_seconds',
  'otp_arbiter_leases_lost_total',
] as const

/** A member's name without its incarnation: the label stays bounded while nodes come and go. */
const nameOf = (node: string): string => node.slice(0, node.lastIndexOf('.')) || node

const outcomeOf = (status: number): 'ok' | 'client_error' | 'server_error' => {
  if (status >= 500) return 'server_error'
  return status >= 400 ? 'client_error' : 'ok'
}

function knowStore(families: Families, store: string): void {
  families.zero('otp_state_writes_total', { store })
  families.zero('otp_state_write_duration_seconds', { store })
  families.zero('otp_state_loads_total', { store })
}

/** What a table of facts counts in. */
export interface FactsOptions {
  readonly families: Families
  readonly behaviours: Behaviours
  readonly supervisors: Supervisors
  /** The span that was made of a fact, if it is kept. */
  readonly exemplar: (event: object) => ExemplarLabels | undefined
}

/** The subscriber's table. */
export function metricsTable({ families, behaviours, supervisors, exemplar }: FactsOptions) {
  /** Peers with their life whose link was up before. */
  const linked = new Map<string, string>()
  const stores = new Set<string>()
  const noteWrite = (store: string, outcome: 'ok' | 'fenced' | 'error', durationMs: number): void => {
    if (!stores.has(store)) knowStore(families, store)
    stores.add(store)
    families.count('otp_state_writes_total', { store, outcome })
    families.observe('otp_state_write_duration_seconds', { store }, durationMs / SECOND)
  }
  return {
    'process.spawned': ({ behaviour, cause, durationMs }) => {
      const { spawns, init } = behaviours.of(behaviour)
      spawns[cause].add()
      init.observe(durationMs / SECOND)
    },
    'process.spawn_failed': (event) => behaviours.of(event.behaviour).failures[event.class].add(),
    'process.start_ignored': ({ behaviour }) => behaviours.of(behaviour).ignored.add(),
    'process.exited': (event) => {
      const { exits, lifetime } = behaviours.of(event.behaviour)
      exits[event.class].add()
      lifetime.observe(event.lifetimeMs / SECOND)
    },
    'process.dead_letter': ({ reason }) => families.count('otp_dead_letters_total', { reason }),
    'supervisor.started': ({ supervisor }) => void supervisors.of(supervisor),
    'supervisor.child_restarted': (event) => {
      const { restarts, duration, budgetUsed } = supervisors.of(event.supervisor)
      families.countIn(restarts[event.cause], exemplar(event))
      duration.observe(event.durationMs / SECOND)
      budgetUsed.observe(event.budgetUsed)
    },
    'supervisor.restart_failed': ({ supervisor }) => supervisors.of(supervisor).failures.add(),
    'supervisor.intensity_exceeded': (event) => families.countIn(supervisors.of(event.supervisor).gaveUp, exemplar(event)),
    'supervisor.stopped': null,
    'application.started': ({ application }) => {
      families.zero('otp_application_stops_total', { application })
      families.count('otp_application_starts_total', { application })
    },
    'application.stopped': ({ application, cause }) => families.count('otp_application_stops_total', { application, cause }),
    'cluster.member_changed': (event) =>
      families.count('otp_cluster_membership_changes_total', { change: event.change, cause: event.cause }, exemplar(event)),
    'cluster.link_up': ({ peer }) => {
      const name = nameOf(peer)
      for (const family of PEER_COUNTERS) families.zero(family, { peer: name })
      if (linked.get(name) === peer) families.count('otp_link_reconnects_total', { peer: name })
      linked.set(name, peer)
    },
    'cluster.link_down': null,
    'cluster.peer_answered': ({ peer, durationMs }) =>
      families.observe('otp_link_rtt_seconds', { peer: nameOf(peer) }, durationMs / SECOND),
    'cluster.connect_failed': ({ refused }) => families.count('otp_connect_failures_total', { kind: refused ? 'refused' : 'other' }),
    'cluster.handshake_refused': ({ reason }) => families.count('otp_handshakes_refused_total', { reason }),
    'cluster.frame_refused': ({ peer }) => families.count('otp_frames_refused_total', { peer: nameOf(peer) }),
    'cluster.certificates_refused': () => families.count('otp_certificates_refused_total', {}),
    'cluster.secrets_refused': () => families.count('otp_secrets_refused_total', {}),
    'cluster.superseded': null,
    'cluster.quorum_gained': null,
    'cluster.quorum_lost': () => families.count('otp_cluster_quorum_losses_total', {}),
    'cluster.paused': ({ gapMs }) => {
      families.count('otp_node_pauses_total', {})
      families.add('otp_node_paused_seconds_total', {}, gapMs / SECOND)
    },
    'topology.peer_found': null,
    'topology.peer_lost': null,
    'topology.peer_terminating': null,
    'topology.synced': null,
    'topology.failed': ({ topology }) => families.count('otp_topology_errors_total', { topology }),
    'topology.restarted': ({ topology, from }) =>
      families.count(from === 'watch' ? 'otp_topology_watch_restarts_total' : 'otp_topology_relists_total', { topology }),
    'topology.refused': ({ topology, reason, count }) => families.add('otp_topology_refused_total', { topology, reason }, count),
    'registry.registered': () => families.count('otp_registry_operations_total', { op: 'register', outcome: 'ok' }),
    'registry.unregistered': () => families.count('otp_registry_operations_total', { op: 'unregister', outcome: 'ok' }),
    'registry.refused': ({ op }) => families.count('otp_registry_operations_total', { op, outcome: 'refused' }),
    'registry.conflict': (event) => families.count('otp_registry_conflicts_total', { resolution: event.resolution }, exemplar(event)),
    'child.taken_over': ({ outcome, durationMs }) => {
      families.count('otp_takeovers_total', { outcome })
      families.observe('otp_takeover_duration_seconds', { outcome }, durationMs / SECOND)
    },
    'directory.joined': null,
    'directory.replicated': ({ peer, lagMs }) => families.observe('otp_replication_lag_seconds', { peer: nameOf(peer) }, lagMs / SECOND),
    'directory.member_given_up': () => families.count('otp_directory_members_given_up_total', {}),
    'child.started': null,
    'child.ended': null,
    'child.relocated': ({ supervisor, cause }) => families.count('otp_relocations_total', { supervisor, cause }),
    'child.quarantined': ({ behaviour }) => families.count('otp_quarantines_total', { behaviour }),
    'child.released': null,
    'state.written': ({ store, durationMs }) => noteWrite(store, 'ok', durationMs),
    'state.write_failed': ({ store, outcome, durationMs }) => noteWrite(store, outcome, durationMs),
    'state.loaded': ({ store }) => {
      knowStore(families, store)
      families.count('otp_state_loads_total', { store })
    },
    'arbiter.lease_acquired': () => {
      for (const family of ARBITER_FAMILIES) families.zero(family, {})
    },
    'arbiter.lease_renewed': ({ durationMs }) => families.observe('otp_arbiter_lease_renewal_duration_seconds', {}, durationMs / SECOND),
    'arbiter.lease_lost': ({ cause }) => families.count('otp_arbiter_leases_lost_total', { cause }),
    'arbiter.lease_released': null,
    'arbiter.degraded': null,
    'arbiter.recovered': null,
    'arbiter.claimed': ({ op, outcome, durationMs }) => {
      families.count('otp_arbiter_claims_total', { op, outcome })
      families.observe('otp_arbiter_claim_duration_seconds', { op }, durationMs / SECOND)
    },
    'arbiter.session_ended': null,
    'handoff.started': null,
    'handoff.ended': (event) => {
      const { reason, outcome, phases, durationMs, unavailabilityMs, bytes } = event
      const ids = exemplar(event)
      families.count('otp_handoffs_total', { reason, outcome }, ids)
      for (const [phase, ms] of Object.entries({ ...phases, total: durationMs })) {
        families.observe('otp_handoff_duration_seconds', { phase }, ms / SECOND, ids)
      }
      families.observe('otp_handoff_unavailability_seconds', {}, unavailabilityMs / SECOND)
      families.observe('otp_handoff_state_bytes', {}, bytes)
    },
    'handoff.received': null,
    'observer.managed': null,
    'http.request_completed': ({ route, status, isStream, durationMs }) => {
      if (!/^\/observer(\/|$)/.test(route)) return
      families.zero('otp_observer_requests_total', { route })
      families.count('otp_observer_requests_total', { route, outcome: outcomeOf(status) })
      // How long somebody listened is no answer's duration.
      if (!isStream) families.observe('otp_observer_request_duration_seconds', { route }, durationMs / SECOND)
    },
    'node.started': null,
    'node.draining': null,
    'node.resumed': null,
    'node.drained': ({ outcome, moved, restarted, stopped, gaveUp, durationMs }) => {
      families.count('otp_drains_total', { outcome })
      families.observe('otp_drain_duration_seconds', {}, durationMs / SECOND)
      const children = { moved, restarted, stopped, gave_up: gaveUp }
      for (const [fate, count] of Object.entries(children)) families.add('otp_drain_children_total', { outcome: fate }, count)
    },
    'node.leaving': null,
    'node.stopped': null,
    'events.subscriber_detached': ({ subscriber }) => families.count('otp_telemetry_subscribers_detached_total', { subscriber }),
  } satisfies Required<Handlers<Facts>>
}
