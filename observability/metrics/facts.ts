// What each fact adds to the metrics: one row for every fact there is.
import type { Handlers } from '#otp-labs'
import type { Facts } from '#vocabulary'
import type { ExemplarLabels, Families } from './families.ts'

const SECOND = 1000

/** A member's name without its incarnation: the label stays bounded while nodes come and go. */
const nameOf = (node: string): string => node.slice(0, node.lastIndexOf('.')) || node

const outcomeOf = (status: number): 'ok' | 'client_error' | 'server_error' => {
  if (status >= 500) return 'server_error'
  return status >= 400 ? 'client_error' : 'ok'
}

/** Starts everything that a behaviour will be counted under, as soon as it is known. */
export function knowBehaviour(families: Families, behaviour: string): void {
  for (const name of [
    'otp_process_spawns_total',
    'otp_process_spawn_failures_total',
    'otp_process_starts_ignored_total',
    'otp_process_exits_total',
  ] as const) {
    families.zero(name, { behaviour })
  }
  families.zero('otp_process_init_duration_seconds', { behaviour })
  families.zero('otp_process_lifetime_seconds', { behaviour })
}

/** The same for a supervisor: its first crash has to be seen. */
export function knowSupervisor(families: Families, supervisor: string): void {
  families.zero('otp_supervisor_restarts_total', { supervisor })
  families.zero('otp_supervisor_restart_failures_total', { supervisor })
  families.zero('otp_supervisor_intensity_exceeded_total', { supervisor })
  families.zero('otp_supervisor_restart_duration_seconds', { supervisor })
  families.zero('otp_supervisor_restart_intensity_used_ratio', { supervisor })
}

function knowStore(families: Families, store: string): void {
  families.zero('otp_state_writes_total', { store })
  families.zero('otp_state_write_duration_seconds', { store })
  families.zero('otp_state_loads_total', { store })
}

/** The subscriber's table. `exemplar` answers the span that was made of a fact, if it is kept. */
export function metricsTable(families: Families, exemplar: (event: object) => ExemplarLabels | undefined) {
  /** Peers with their life whose link was up before. */
  const linked = new Map<string, string>()
  /** To ask each time whether all its series are there would cost more than to count. */
  const known = new Set<string>()
  const know = (behaviour: string) => {
    if (known.has(behaviour)) return
    known.add(behaviour)
    knowBehaviour(families, behaviour)
  }
  const stores = new Set<string>()
  const noteWrite = (store: string, outcome: 'ok' | 'fenced' | 'error', durationMs: number): void => {
    if (!stores.has(store)) knowStore(families, store)
    stores.add(store)
    families.count('otp_state_writes_total', { store, outcome })
    families.observe('otp_state_write_duration_seconds', { store }, durationMs / SECOND)
  }
  return {
    'process.spawned': ({ behaviour, cause, durationMs }) => {
      know(behaviour)
      families.count('otp_process_spawns_total', { behaviour, cause })
      families.observe('otp_process_init_duration_seconds', { behaviour }, durationMs / SECOND)
    },
    'process.spawn_failed': (event) => {
      know(event.behaviour)
      families.count('otp_process_spawn_failures_total', { behaviour: event.behaviour, class: event.class })
    },
    'process.start_ignored': ({ behaviour }) => {
      know(behaviour)
      families.count('otp_process_starts_ignored_total', { behaviour })
    },
    'process.exited': (event) => {
      know(event.behaviour)
      families.count('otp_process_exits_total', { behaviour: event.behaviour, class: event.class })
      families.observe('otp_process_lifetime_seconds', { behaviour: event.behaviour }, event.lifetimeMs / SECOND)
    },
    'process.dead_letter': ({ reason }) => families.count('otp_dead_letters_total', { reason }),
    'supervisor.started': ({ supervisor }) => knowSupervisor(families, supervisor),
    'supervisor.child_restarted': (event) => {
      const { supervisor, cause } = event
      families.count('otp_supervisor_restarts_total', { supervisor, cause }, 1, exemplar(event))
      families.observe('otp_supervisor_restart_duration_seconds', { supervisor }, event.durationMs / SECOND)
      families.observe('otp_supervisor_restart_intensity_used_ratio', { supervisor }, event.budgetUsed)
    },
    'supervisor.restart_failed': ({ supervisor }) => families.count('otp_supervisor_restart_failures_total', { supervisor }),
    'supervisor.intensity_exceeded': (event) =>
      families.count('otp_supervisor_intensity_exceeded_total', { supervisor: event.supervisor }, 1, exemplar(event)),
    'supervisor.stopped': null,
    'application.started': ({ application }) => {
      families.zero('otp_application_stops_total', { application })
      families.count('otp_application_starts_total', { application })
    },
    'application.stopped': ({ application, cause }) => families.count('otp_application_stops_total', { application, cause }),
    'cluster.member_changed': (event) =>
      families.count('otp_cluster_membership_changes_total', { change: event.change, cause: event.cause }, 1, exemplar(event)),
    'cluster.link_up': ({ peer }) => {
      const name = nameOf(peer)
      families.zero('otp_link_reconnects_total', { peer: name })
      if (linked.get(name) === peer) families.count('otp_link_reconnects_total', { peer: name })
      linked.set(name, peer)
    },
    'cluster.link_down': null,
    'cluster.connect_failed': ({ refused }) => families.count('otp_connect_failures_total', { kind: refused ? 'refused' : 'other' }),
    'cluster.handshake_refused': ({ reason }) => families.count('otp_handshakes_refused_total', { reason }),
    'cluster.frame_refused': ({ peer }) => families.count('otp_frames_refused_total', { peer: nameOf(peer) }),
    'cluster.certificates_refused': () => families.count('otp_certificates_refused_total', {}),
    'cluster.superseded': null,
    'cluster.quorum_gained': null,
    'cluster.quorum_lost': () => families.count('otp_cluster_quorum_losses_total', {}),
    'cluster.paused': ({ gapMs }) => {
      families.count('otp_node_pauses_total', {})
      families.count('otp_node_paused_seconds_total', {}, gapMs / SECOND)
    },
    'topology.peer_found': null,
    'topology.peer_lost': null,
    'topology.peer_terminating': null,
    'topology.synced': null,
    'topology.failed': ({ topology }) => families.count('otp_topology_errors_total', { topology }),
    'topology.restarted': ({ topology, from }) =>
      families.count(from === 'watch' ? 'otp_topology_watch_restarts_total' : 'otp_topology_relists_total', { topology }),
    'topology.refused': ({ topology, reason, count }) => families.count('otp_topology_refused_total', { topology, reason }, count),
    'registry.registered': () => families.count('otp_registry_operations_total', { op: 'register', outcome: 'ok' }),
    'registry.unregistered': () => families.count('otp_registry_operations_total', { op: 'unregister', outcome: 'ok' }),
    'registry.conflict': (event) => families.count('otp_registry_conflicts_total', { resolution: event.resolution }, 1, exemplar(event)),
    'child.taken_over': ({ outcome, durationMs }) => {
      families.count('otp_takeovers_total', { outcome })
      families.observe('otp_takeover_duration_seconds', { outcome }, durationMs / SECOND)
    },
    'directory.joined': null,
    'directory.member_given_up': () => families.count('otp_directory_members_given_up_total', {}),
    'child.started': null,
    'child.ended': null,
    'child.relocated': ({ cause }) => families.count('otp_relocations_total', { cause }),
    'child.quarantined': ({ behaviour }) => families.count('otp_quarantines_total', { behaviour }),
    'child.released': null,
    'state.written': ({ store, durationMs }) => noteWrite(store, 'ok', durationMs),
    'state.write_failed': ({ store, outcome, durationMs }) => noteWrite(store, outcome, durationMs),
    'state.loaded': ({ store }) => {
      knowStore(families, store)
      families.count('otp_state_loads_total', { store })
    },
    'handoff.started': null,
    'handoff.ended': (event) => {
      const { reason, outcome, phases, durationMs, unavailabilityMs, bytes } = event
      families.count('otp_handoffs_total', { reason, outcome }, 1, exemplar(event))
      for (const [phase, ms] of Object.entries({ ...phases, total: durationMs })) {
        families.observe('otp_handoff_duration_seconds', { phase }, ms / SECOND)
      }
      families.observe('otp_handoff_unavailability_seconds', {}, unavailabilityMs / SECOND)
      families.observe('otp_handoff_state_bytes', {}, bytes)
    },
    'handoff.received': null,
    'observer.managed': null,
    'http.request_completed': ({ route, status, durationMs }) => {
      if (!/^\/observer(\/|$)/.test(route)) return
      families.zero('otp_observer_requests_total', { route })
      families.count('otp_observer_requests_total', { route, outcome: outcomeOf(status) })
      families.observe('otp_observer_request_duration_seconds', { route }, durationMs / SECOND)
    },
    'node.started': null,
    'node.leaving': null,
    'node.stopped': null,
    'events.subscriber_detached': ({ subscriber }) => families.count('otp_telemetry_subscribers_detached_total', { subscriber }),
  } satisfies Required<Handlers<Facts>>
}
