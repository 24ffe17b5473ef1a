// `npm run bench -- nats`: what it costs to have names decided, and states kept, by NATS: on one server, and on three that keep three copies.
import type { Bench, Row, Source } from '#bench/support/bench.ts'
import { nodeProgram } from '#bench/support/child.ts'

const SERVERS = [1, 3] as const

const from = (program: string, measure: string, figure: string): Source => ({
  command: nodeProgram(`bench/nats/ours/${program}.ts`, measure),
  figure,
})

type Measured = Pick<Row, 'ours' | 'peers'>

const beside = (ours: Source, peers: Readonly<Record<string, Source>>): Measured => ({
  ours,
  peers: Object.fromEntries(Object.entries(peers).map(([peer, source]) => [peer, { source }])),
})

const higher = (name: string, title: string, unit: string, measured: Measured): Row => ({
  name,
  title,
  unit,
  better: 'higher',
  ...measured,
  goals: [],
})

const on = (servers: number): string => (servers === 1 ? 'one server' : 'three servers')

const claims = (servers: number): readonly Row[] => {
  const measured = (figure: string) => from('claims', `claims-${servers}`, figure)
  return [
    higher(
      `claim-${servers}`,
      `names claimed one after the other, ${on(servers)}`,
      'claims/s',
      beside(measured('one'), { 'bare write': measured('bareOne') }),
    ),
    higher(
      `claim-${servers}-256`,
      `the same by 256 callers at once, ${on(servers)}`,
      'claims/s',
      beside(measured('many'), { 'bare write': measured('bareMany') }),
    ),
  ]
}

const starts = (servers: number): readonly Row[] => {
  const measured = (figure: string) =>
    beside(from('children', `start-${servers}`, figure), { optimistic: from('children', 'start-0', figure) })
  return [
    higher(`start-${servers}`, `children started one after the other on three nodes, ${on(servers)}`, 'starts/s', measured('one')),
    higher(`start-${servers}-50`, `the same by 50 callers at once, ${on(servers)}`, 'starts/s', measured('many')),
  ]
}

const takeover = (name: string, title: string, unit: string, lease: string, figure: string, goals: Row['goals'] = []): Row => ({
  name,
  title,
  unit,
  better: 'lower',
  ...beside(from('children', `takeover-3-${lease}`, figure), { optimistic: from('children', 'takeover-0', figure) }),
  goals,
})

const takeovers = (lease: string): readonly Row[] => [
  takeover(
    `takeover-${lease}`,
    `a node of three with 300 children in all is killed, its lease is ${lease}: from the closed connection until all live on both survivors`,
    'ms',
    lease,
    'ms',
  ),
  takeover(`takeover-${lease}-lost`, 'children that run nowhere then', 'children', lease, 'lost', [{ bound: 0 }]),
  takeover(`takeover-${lease}-twice`, 'children that run twice then', 'children', lease, 'duplicates', [{ bound: 0 }]),
]

/** What a written state costs, beside the other stores and none. */
const states = (servers: number, shape: string, title: string): Row => {
  const measured = (store: string) => from('states', `${store}-${shape}`, 'perSecond')
  return higher(
    `state-${servers}-${shape}`,
    `${title}, ${on(servers)}`,
    'calls/s',
    beside(measured(`nats-${servers}`), {
      'no store': measured('none'),
      memory: measured('memory'),
      sqlite: measured('sqlite'),
      'sqlite, power loss': measured('sqlite-synced'),
    }),
  )
}

/** The rows in the order in which they are printed. */
export const nats: Bench = {
  name: 'nats',
  referencesOf: '',
  rows: [
    ...SERVERS.flatMap(claims),
    ...SERVERS.flatMap(starts),
    ...['3s', '5s', '15s'].flatMap(takeovers),
    ...SERVERS.map((servers) => states(servers, 'one', 'round trips of one caller, each answered when the new state is written')),
    ...SERVERS.map((servers) => states(servers, 'shared', 'the same of 100 callers of one child, who share writes')),
    ...SERVERS.map((servers) => states(servers, 'apart', 'the same of 100 children with a caller each, who share none')),
  ],
}
