// `npm run bench -- local`: what one node does by itself, beside the peers that npm has and beside Elixir's own OTP.
import type { Bench, Row, Source } from '#bench/support/bench.ts'
import { nodeProgram } from '#bench/support/child.ts'
import { peersOf, REFERENCES_OF } from './peers.ts'

/** Ours with nothing observing, and with everything. */
function ours(program: string, measure: string, figure: string): { ours: Source; observed: Source } {
  const path = `bench/local/ours/${program}.ts`
  return { ours: { command: nodeProgram(path, measure), figure }, observed: { command: nodeProgram(path, measure, 'observed'), figure } }
}

const START: Row = {
  name: 'start-child',
  title: '100,000 children started one after the other under a dynamic supervisor',
  unit: 'starts/s',
  better: 'higher',
  ...ours('children', 'start-child', 'perSecond'),
  peers: peersOf('start-child', 'perSecond', { elixir: 168_000, nact: 383_000, xstate: 97_000, 'actor-ts': 157_000 }),
  goals: [
    { times: 2.5, peer: 'elixir' },
    { times: 1, peer: 'nact' },
  ],
}

const IDLE: Row = {
  name: 'idle-bytes',
  title: 'what each of 100,000 idle processes under a dynamic supervisor holds',
  unit: 'bytes',
  better: 'lower',
  ...ours('children', 'idle-bytes', 'bytes'),
  peers: peersOf('idle-bytes', 'bytes', { elixir: 3198, nact: 1218, xstate: 3589, 'actor-ts': 1900 }),
  goals: [{ bound: 1000 }],
}

const CALL: Row = {
  name: 'call',
  title: 'round trips of one caller, each with the default deadline',
  unit: 'calls/s',
  better: 'higher',
  ...ours('messages', 'call', 'perSecond'),
  peers: peersOf('call', 'perSecond', {
    elixir: 785_000,
    nact: 330_000,
    xstate: 335_000,
    effect: 183_000,
    'actor-ts': 174_000,
    'bare mailbox': 6_620_000,
  }),
  goals: [{ times: 3, peer: 'elixir' }],
}

const CALL_100: Row = {
  name: 'call-100',
  title: 'round trips of 100 callers at once',
  unit: 'calls/s',
  better: 'higher',
  ...ours('messages', 'call-100', 'perSecond'),
  peers: peersOf('call-100', 'perSecond', { elixir: 957_000, nact: null, effect: null, 'bare mailbox': 8_130_000 }),
  goals: [{ times: 3, peer: 'elixir' }],
}

const CAST: Row = {
  name: 'cast',
  title: 'casts, in bursts of 1,000',
  unit: 'casts/s',
  better: 'higher',
  ...ours('messages', 'cast', 'perSecond'),
  peers: peersOf('cast', 'perSecond', { elixir: null, xstate: null, 'actor-ts': 4_500_000, 'bare mailbox': 43_500_000 }),
  goals: [{ bound: 8_000_000 }],
}

const CAST_FLOOD: Row = {
  name: 'cast-flood',
  title: '1,000,000 casts sent before the first is handled',
  unit: 'casts/s',
  better: 'higher',
  ...ours('messages', 'cast-flood', 'perSecond'),
  peers: peersOf('cast-flood', 'perSecond', { elixir: null, 'bare mailbox': null }),
  goals: [],
}

const RESTART_P50: Row = {
  name: 'restart-p50',
  title: 'from the message that crashes a child until it runs again, in half of all cases',
  unit: 'µs',
  better: 'lower',
  ...ours('restarts', 'latency', 'p50'),
  peers: peersOf('latency', 'p50', { elixir: 49 }),
  goals: [{ bound: 20 }],
}

const RESTART_P99: Row = {
  name: 'restart-p99',
  title: 'the same, in 99 of 100 cases',
  unit: 'µs',
  better: 'lower',
  ...ours('restarts', 'latency', 'p99'),
  peers: peersOf('latency', 'p99', { elixir: 158 }),
  goals: [{ bound: 100 }],
}

const RESTART_STORM: Row = {
  name: 'restart-storm',
  title: '10,000 children crash at once, until all run again',
  unit: 'restarts/s',
  better: 'higher',
  ...ours('restarts', 'storm', 'perSecond'),
  peers: peersOf('storm', 'perSecond', { elixir: 8700, 'actor-ts': 44_000 }),
  goals: [{ times: 20, peer: 'elixir' }],
}

/** What a written state costs, beside the same child on the same node without a store. */
const persisted = (store: 'sqlite' | 'memory', measure: 'call' | 'call-100', title: string): Row => ({
  name: `persist-${store}-${measure}`,
  title,
  unit: 'calls/s',
  better: 'higher',
  ...ours('state', `${store}-${measure}`, 'perSecond'),
  peers: { 'no store': { source: ours('state', `none-${measure}`, 'perSecond').ours } },
  goals: [],
})

const PERSIST: readonly Row[] = [
  persisted('sqlite', 'call', 'round trips of one caller, each answered when the new state is in the SQLite file'),
  persisted('sqlite', 'call-100', 'the same of 100 callers at once, who share writes'),
  persisted('memory', 'call', 'round trips of one caller, each answered when another node has a copy, over TCP in one OS process'),
  persisted('memory', 'call-100', 'the same of 100 callers at once, who share writes'),
]

/** The rows in the order in which they are printed. */
export const local: Bench = {
  name: 'local',
  referencesOf: REFERENCES_OF,
  rows: [START, IDLE, CALL, CALL_100, CAST, CAST_FLOOD, RESTART_P50, RESTART_P99, RESTART_STORM, ...PERSIST],
}
