// `npm run bench -- cluster`: what a cluster does and what it costs, for three nodes as OS processes on loopback, and how both grow.
import type { Bench, Row, Source } from '#bench/support/bench.ts'
import { nodeProgram } from '#bench/support/child.ts'
import type { Goal } from '#bench/support/goals.ts'
import { peersOf, REFERENCES_OF } from './peers.ts'

type Measured = Pick<Row, 'ours' | 'peers' | 'goals'>

/** A figure of one of our measuring programs, beside the reference figure of Horde where there is one. */
function ours(program: string, measure: string, figure: string, goals: readonly Goal[] = [], horde?: number): Measured {
  const source: Source = { command: nodeProgram(`bench/cluster/ours/${program}.ts`, measure), figure }
  return { ours: source, peers: horde === undefined ? {} : peersOf(figure, { horde }), goals }
}

const higher = (name: string, title: string, unit: string, measured: Measured): Row => ({
  name,
  title,
  unit,
  better: 'higher',
  ...measured,
})
const lower = (name: string, title: string, unit: string, measured: Measured): Row => ({ name, title, unit, better: 'lower', ...measured })

const NONE: readonly Goal[] = [{ bound: 0 }]

const CHILDREN: readonly Row[] = [
  higher(
    'start-child-1k',
    '1,000 children started one after the other, each acknowledged by a peer',
    'starts/s',
    ours('children', 'start', 'one-1k'),
  ),
  higher(
    'start-child-10k',
    '10,000 children, the same way',
    'starts/s',
    ours('children', 'start', 'one-10k', [{ times: 2, peer: 'horde' }], 1500),
  ),
  higher('start-child-1k-50', '1,000 children started by 50 callers at once', 'starts/s', ours('children', 'start', 'many-1k')),
  higher(
    'start-child-10k-50',
    '10,000 children, the same way',
    'starts/s',
    ours('children', 'start', 'many-10k', [{ times: 5, peer: 'horde' }], 3900),
  ),
  lower(
    'child-bytes',
    'what each of 10,000 children holds on the node where it holds most',
    'bytes',
    ours('children', 'bytes', 'bytes', [], 4800),
  ),
]

const TAKEOVER: readonly Row[] = [
  lower(
    'takeover-1k',
    '1,000 children on three nodes, one is killed: from the closed connection until all live on both survivors',
    'ms',
    ours('children', 'takeover-1k', 'ms', [{ bound: 120 }], 385),
  ),
  lower('takeover-1k-down', 'the same, until both survivors know that the node is down', 'ms', ours('children', 'takeover-1k', 'downMs')),
  lower('takeover-1k-lost', 'children that run nowhere then', 'children', ours('children', 'takeover-1k', 'lost', NONE)),
  lower('takeover-1k-twice', 'children that run twice then', 'children', ours('children', 'takeover-1k', 'duplicates', NONE)),
  lower('takeover-10k', '10,000 children, the same way', 'ms', ours('children', 'takeover-10k', 'ms', [{ bound: 600 }], 1980)),
  lower('takeover-10k-down', 'the same, until both survivors know that the node is down', 'ms', ours('children', 'takeover-10k', 'downMs')),
  lower('takeover-10k-lost', 'children that run nowhere then', 'children', ours('children', 'takeover-10k', 'lost', NONE)),
  lower('takeover-10k-twice', 'children that run twice then', 'children', ours('children', 'takeover-10k', 'duplicates', NONE)),
]

const VISIBLE: readonly Row[] = [
  lower(
    'visible-p50',
    'registered on one node, seen on another, in half of all cases',
    'ms',
    ours('names', 'visible', 'p50', [{ bound: 1 }], 159),
  ),
  lower('visible-p99', 'the same, in 99 of 100 cases', 'ms', ours('names', 'visible', 'p99', [{ bound: 5 }], 299)),
]

const NAMES: readonly Row[] = [
  higher(
    'register-1k',
    '1,000 names registered on one node, until both others know them',
    'names/s',
    ours('names', 'register', 'names-1000'),
  ),
  higher('register-10k', '10,000 names, the same way', 'names/s', ours('names', 'register', 'names-10000')),
  higher('register-100k', '100,000 names, the same way', 'names/s', ours('names', 'register', 'names-100000')),
  higher(
    'lookup-own',
    'lookups of names whose owner is on the same node',
    'lookups/s',
    ours('names', 'lookup', 'own', [{ bound: 3_000_000 }], 505_000),
  ),
  higher(
    'lookup-other',
    'lookups of names whose owner is on another node',
    'lookups/s',
    ours('names', 'lookup', 'other', [{ bound: 3_000_000 }], 11_500),
  ),
  lower(
    'name-bytes-own',
    'what a registered name holds on the node of its owner',
    'bytes',
    ours('names', 'bytes', 'owner', [{ bound: 600 }]),
  ),
  lower('name-bytes-other', 'what it holds on every other node', 'bytes', ours('names', 'bytes', 'other', [{ bound: 600 }])),
  ...(['1k', '10k', '100k'] as const).map((names) =>
    lower(
      `join-${names}`,
      `from the creation of a third node until it has merged ${names} names`,
      'ms',
      ours('names', `join-${names}`, 'ms'),
    ),
  ),
]

const LINKS: readonly Row[] = [
  {
    name: 'call',
    title: 'round trips of one caller to a process of another node',
    unit: 'calls/s',
    better: 'higher',
    ours: ours('links', 'call', 'one').ours,
    peers: peersOf('one', { erlang: 10_500, 'bare socket': 8800, moleculer: 6400, 'effect cluster': 1700 }),
    goals: [
      { times: 0.75, peer: 'erlang' },
      { times: 0.9, peer: 'bare socket' },
    ],
  },
  {
    name: 'call-100',
    title: 'round trips of 100 callers at once',
    unit: 'calls/s',
    better: 'higher',
    ours: ours('links', 'call', 'many').ours,
    peers: peersOf('many', { erlang: 52_000, 'bare socket': 117_000, moleculer: 43_900, 'effect cluster': 5000 }),
    goals: [{ times: 1.5, peer: 'erlang' }],
  },
  higher('call-tls', 'round trips of one caller over an encrypted link', 'calls/s', ours('links', 'call-tls', 'one')),
  higher('call-tls-100', 'round trips of 100 callers at once over an encrypted link', 'calls/s', ours('links', 'call-tls', 'many')),
  lower('idle-link', 'what an idle link of three nodes carries each way', 'bytes/s', ours('links', 'wire', 'idle', [{ bound: 300 }])),
  lower('idle-hour', 'what all links of three idle nodes carry in an hour', 'MB', ours('links', 'wire', 'hour')),
  lower('change-bytes', 'what one link carries, both ways, for one name that is registered', 'bytes', ours('links', 'wire', 'change')),
]

const GROWTH: readonly Row[] = [
  ...[3, 5, 10, 20, 50].flatMap((size) => [
    lower(`idle-${size}`, `what each of ${size} idle nodes sends`, 'bytes/s', ours('growth', `idle-${size}`, 'bytesPerSecond')),
    lower(`idle-cpu-${size}`, `processor time of each of ${size} idle nodes`, 'µs/s', ours('growth', `idle-${size}`, 'microsPerSecond')),
    lower(
      `change-${size}`,
      `what ${size} nodes send for one child that is started`,
      'bytes',
      ours('growth', `idle-${size}`, 'changeBytes'),
    ),
  ]),
  lower('place-50', 'which of 50 nodes a child falls to', 'µs', ours('growth', 'place', 'micros', [{ bound: 5 }], 2600)),
  lower(
    'busy-50',
    'one of 50 nodes with 10,000 children is killed: the most processor time of another in one turn of its event loop',
    'ms',
    ours('growth', 'block', 'busyMs', [{ bound: 10 }]),
  ),
  lower('blocked-50', 'the same by the clock, while the other 48 share the machine', 'ms', ours('growth', 'block', 'ms')),
]

/** The rows in the order in which they are printed. */
export const cluster: Bench = {
  name: 'cluster',
  referencesOf: REFERENCES_OF,
  rows: [...CHILDREN, ...TAKEOVER, ...VISIBLE, ...NAMES, ...LINKS, ...GROWTH],
}
