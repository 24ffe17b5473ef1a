// At least one example of every fact a node can state, as plain as the rooms state them.
import { Crash, Pid } from '#otp-labs'
import type { Facts } from '#vocabulary'

export const T0 = 1_700_000_000_000
export const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const one = new Pid('n1.lq3f9a', 42)
const two = new Pid('n1.lq3f9a', 43)
const boom = new Crash(new TypeError('no such lot'))
const child = { behaviour: 'lot', supervisor: 'root/lots', child: 'lot-1' }

type Examples = { readonly [K in keyof Facts]: readonly [Facts[K], ...Facts[K][]] }

export const examples: Examples = {
  'process.spawned': [{ ...child, pid: one, cause: 'call', startedAt: T0, durationMs: 2, trace: undefined }],
  'process.spawn_failed': [
    { ...child, cause: 'call', class: 'error', reason: boom, startedAt: T0, durationMs: 2 },
    { ...child, cause: 'call', class: 'already_started', reason: 'already_started', startedAt: T0, durationMs: 0 },
  ],
  'process.start_ignored': [{ ...child, cause: 'boot', at: T0 }],
  'process.exited': [
    {
      ...child,
      pid: one,
      reason: boom,
      class: 'error',
      endedAt: T0,
      lifetimeMs: 500,
      handled: 7,
      handling: 'call bid',
      trace: undefined,
      flight: undefined,
    },
    {
      ...child,
      pid: one,
      reason: 'killed',
      class: 'killed',
      endedAt: T0,
      lifetimeMs: 500,
      handled: 7,
      handling: undefined,
      trace: undefined,
      flight: undefined,
    },
    {
      ...child,
      pid: one,
      reason: 'normal',
      class: 'normal',
      endedAt: T0,
      lifetimeMs: 500,
      handled: 7,
      handling: undefined,
      trace: undefined,
      flight: undefined,
    },
  ],
  'process.dead_letter': [
    { to: 'n1.lq3f9a.9', message: 'cast ping', reason: 'unhandled' },
    { to: 'n1.lq3f9a.9', message: 'cast ping', reason: 'noproc' },
  ],
  'supervisor.started': [{ supervisor: 'root/lots', pid: two, strategy: 'one_for_one', maxRestarts: 3, periodMs: 5000 }],
  'supervisor.child_restarted': [
    { ...child, cause: 'crash', restartId: one, reason: boom, oldPid: one, newPid: two, budgetUsed: 2 / 3, startedAt: T0, durationMs: 3 },
  ],
  'supervisor.restart_failed': [{ ...child, restartId: one, reason: boom, at: T0 }],
  'supervisor.intensity_exceeded': [
    {
      supervisor: 'root/lots',
      pid: two,
      child: 'lot-1',
      restartId: one,
      reason: boom,
      maxRestarts: 3,
      periodMs: 5000,
      at: T0,
      trace: undefined,
    },
  ],
  'supervisor.stopped': [{ supervisor: 'root/lots', pid: two, reason: 'shutdown', cause: 'told' }],
  'application.started': [{ application: 'shop', restart: 'permanent', pid: two, startedAt: T0, durationMs: 12 }],
  'application.stopped': [
    { application: 'shop', restart: 'permanent', reason: 'shutdown', cause: 'told', at: T0, lifetimeMs: 500 },
    { application: 'shop', restart: 'permanent', reason: boom, cause: 'ended', at: T0, lifetimeMs: 500 },
  ],
  'cluster.member_changed': [
    { member: 'n2.lq3f9b', name: 'n2', change: 'down', cause: 'refused', at: T0, silentMs: 1200, trace: undefined },
    { member: 'n2.lq3f9c', name: 'n2', change: 'join', cause: 'link', at: T0, silentMs: 0, trace: undefined },
  ],
  'cluster.link_up': [
    { peer: 'n2.lq3f9b', address: '127.0.0.1:4202', direction: 'out', protocol: 1, startedAt: T0, durationMs: 4 },
    { peer: 'n2.lq3f9b', address: '127.0.0.1:4202', direction: 'out', protocol: 1, startedAt: T0, durationMs: 4 },
  ],
  'cluster.link_down': [{ peer: 'n2.lq3f9b', address: '127.0.0.1:4202', reason: 'closed', at: T0 }],
  'cluster.peer_answered': [{ peer: 'n2.lq3f9b', durationMs: 0.4 }],
  'cluster.connect_failed': [{ address: '127.0.0.1:4203', reason: 'ECONNREFUSED', refused: true }],
  'cluster.handshake_refused': [{ reason: 'secret', remote: '10.0.0.9:5555', detail: 'the proof is wrong' }],
  'cluster.frame_refused': [{ peer: 'n2.lq3f9b', reason: 'unknown kind' }],
  'cluster.certificates_refused': [{ error: 'key values mismatch' }],
  'cluster.superseded': [{ by: 'n1.lq3fff' }],
  'cluster.quorum_gained': [{ alive: 2, expected: 3, at: T0 }],
  'cluster.quorum_lost': [{ alive: 1, expected: 3, at: T0 }],
  'cluster.paused': [{ gapMs: 2500 }],
  'topology.peer_found': [{ topology: 'local', address: '127.0.0.1:4202' }],
  'topology.peer_lost': [{ topology: 'local', address: '127.0.0.1:4202' }],
  'topology.peer_terminating': [{ topology: 'kubernetes', address: '10.0.0.7:4369' }],
  'topology.synced': [{ topology: 'local', peers: 1, at: T0 }],
  'topology.failed': [{ topology: 'local', error: 'EACCES' }],
  'topology.restarted': [
    { topology: 'kubernetes', from: 'watch' },
    { topology: 'kubernetes', from: 'list' },
  ],
  'topology.refused': [
    { topology: 'gossip', reason: 'secret', count: 3 },
    { topology: 'gossip', reason: 'cluster', count: 1 },
  ],
  'registry.registered': [{ name: 'lot-1', pid: one, epoch: 1, at: T0 }],
  'registry.unregistered': [{ name: 'lot-1', pid: one, at: T0 }],
  'registry.refused': [
    { name: 'lot-1', op: 'register', at: T0 },
    { name: 'lot-1', op: 'unregister', at: T0 },
  ],
  'registry.conflict': [
    {
      name: 'lot-1',
      winner: { owner: 'n1.lq3f9a', pid: one, epoch: 2 },
      loser: { owner: 'n2.lq3f9b', pid: two, epoch: 1 },
      resolution: 'kept',
      at: T0,
    },
  ],
  'child.taken_over': [
    { name: 'lot-1', behaviour: 'lot', from: 'n2.lq3f9b', pid: one, epoch: 2, outcome: 'started', startedAt: T0, durationMs: 30 },
    { name: 'lot-2', behaviour: 'lot', from: 'n2.lq3f9b', pid: undefined, epoch: 2, outcome: 'failed', startedAt: T0, durationMs: 30 },
  ],
  'directory.replicated': [{ peer: 'n2.lq3f9b', lagMs: 3 }],
  'directory.member_given_up': [{ member: 'n2.lq3f9b', ended: 100_001, silentMs: 86_400_000 }],
  'directory.joined': [{ via: 'n2.lq3f9b', records: 12, at: T0, durationMs: 9 }],
  'child.started': [{ name: 'lot-1', behaviour: 'lot', pid: one, epoch: 1, acknowledged: true }],
  'child.ended': [{ name: 'lot-1', behaviour: 'lot', reason: 'normal', at: T0 }],
  'child.relocated': [
    {
      name: 'lot-1',
      behaviour: 'lot',
      supervisor: 'node/lots',
      from: 'n1.lq3f9a',
      to: 'n2.lq3f9b',
      cause: 'crashed',
      reason: boom,
      attempts: 1,
      waitMs: 1000,
      epoch: 2,
      at: T0,
    },
    {
      name: 'lot-2',
      behaviour: 'lot',
      supervisor: 'node/lots',
      from: 'n1.lq3f9a',
      to: 'n2.lq3f9b',
      cause: 'redistribution',
      reason: { shutdown: 'process_redistribution' },
      attempts: 0,
      waitMs: 0,
      epoch: 2,
      at: T0,
    },
  ],
  'child.quarantined': [{ name: 'lot-1', behaviour: 'lot', reason: boom, attempts: 3, epoch: 4, at: T0 }],
  'child.released': [{ name: 'lot-1', behaviour: 'lot', to: 'n2.lq3f9b', epoch: 5, at: T0 }],
  'state.written': [{ name: 'lot-1', behaviour: 'lot', store: 'memory', bytes: 60, durationMs: 0.4 }],
  'state.write_failed': [
    { name: 'lot-1', behaviour: 'lot', store: 'memory', outcome: 'fenced', why: 'the name is n2.lq3f9a’s', at: T0, durationMs: 1 },
    { name: 'lot-1', behaviour: 'lot', store: 'sqlite', outcome: 'error', why: 'database or disk is full', at: T0, durationMs: 3 },
  ],
  'state.loaded': [{ name: 'lot-1', behaviour: 'lot', store: 'memory', from: 'n1.lq3f9a', bytes: 60, at: T0, durationMs: 2 }],
  'handoff.started': [{ handoffId: 'n1.lq3f9a/1', name: 'lot-1', behaviour: 'lot', to: 'n2.lq3f9b', reason: 'manual', at: T0 }],
  'handoff.ended': [
    {
      handoffId: 'n1.lq3f9a/1',
      name: 'lot-1',
      behaviour: 'lot',
      to: 'n2.lq3f9b',
      reason: 'manual',
      outcome: 'completed',
      because: undefined,
      bytes: 500,
      forwarded: 3,
      startedAt: T0,
      durationMs: 20,
      phases: { prepare: 2, transfer: 10, activate: 7, forward: 1 },
      unavailabilityMs: 19,
      trace: TRACE,
    },
    {
      handoffId: 'n1.lq3f9a/2',
      name: 'lot-2',
      behaviour: 'lot',
      to: 'n2.lq3f9b',
      reason: 'drain',
      outcome: 'resumed',
      because: 'the other node did not answer in time',
      bytes: 500,
      forwarded: 0,
      startedAt: T0,
      durationMs: 3002,
      phases: { prepare: 2, transfer: 3000 },
      unavailabilityMs: 3001,
      trace: undefined,
    },
  ],
  'handoff.received': [
    {
      handoffId: 'n2.lq3f9b/1',
      name: 'lot-1',
      behaviour: 'lot',
      from: 'n2.lq3f9b',
      pid: one,
      epoch: 2,
      bytes: 500,
      startedAt: T0,
      durationMs: 12,
      trace: TRACE,
    },
  ],
  'http.request_completed': [
    { method: 'GET', route: '/observer/processes/:pid', status: 200, durationMs: 2, trace: undefined },
    { method: 'GET', route: '/observer/processes/:pid', status: 500, durationMs: 2, trace: undefined },
  ],
  'node.started': [{ node: 'n1.lq3f9a', name: 'n1', address: '127.0.0.1:4201', at: T0 }],
  'node.leaving': [{ node: 'n1.lq3f9a', reason: 'SIGTERM', at: T0 }],
  'node.stopped': [{ node: 'n1.lq3f9a', reason: 'SIGTERM', at: T0, durationMs: 100 }],
  'events.subscriber_detached': [{ subscriber: 'observer', event: 'process.spawned', error: 'Error: full' }],
}

/** Every example as a pair of type and fact, in the order of the table. */
export const everyExample = (Object.keys(examples) as (keyof Facts)[]).flatMap((type) =>
  (examples[type] as readonly Facts[typeof type][]).map((event) => ({ type, event })),
)
