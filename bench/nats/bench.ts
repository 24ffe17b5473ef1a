// `npm run bench -- nats`: what it costs to have names decided, and states kept, by NATS: on one server, and on three that keep three copies.
import type { Bench, Row, Source } from '#bench/support/bench.ts'
import { nodeProgram } from '#bench/support/child.ts'

const SERVERS = [1, 3] as const

const from = (program: string, measure: string, figure: string): Source => ({
  command: nodeProgram(`bench/nats/ours/${program}.ts`, measure),
  figure,
})

const higher = (name: string, title: string, unit: string, ours: Source, peers: Readonly<Record<string, Source>>): Row => ({
  name,
  title,
  unit,
  better: 'higher',
  ours,
  peers: Object.fromEntries(Object.entries(peers).map(([peer, source]) => [peer, { source }])),
  goals: [],
})

const on = (servers: number): string => (servers === 1 ? 'one server' : 'three servers')

const claims = (servers: number): readonly Row[] => {
  const measured = (figure: string) => from('claims', `claims-${servers}`, figure)
  return [
    higher(`claim-${servers}`, `names claimed one after the other, ${on(servers)}`, 'claims/s', measured('one'), {
      'bare write': measured('bareOne'),
    }),
    higher(`claim-${servers}-256`, `the same by 256 callers at once, ${on(servers)}`, 'claims/s', measured('many'), {
      'bare write': measured('bareMany'),
    }),
  ]
}

/** What a written state costs, beside the other stores and none. */
const states = (servers: number, shape: string, title: string): Row => {
  const measured = (store: string) => from('states', `${store}-${shape}`, 'perSecond')
  return higher(`state-${servers}-${shape}`, `${title}, ${on(servers)}`, 'calls/s', measured(`nats-${servers}`), {
    'no store': measured('none'),
    memory: measured('memory'),
    sqlite: measured('sqlite'),
    'sqlite, power loss': measured('sqlite-synced'),
  })
}

/** The rows in the order in which they are printed. */
export const nats: Bench = {
  name: 'nats',
  referencesOf: '',
  rows: [
    ...SERVERS.flatMap(claims),
    ...SERVERS.map((servers) => states(servers, 'one', 'round trips of one caller, each answered when the new state is written')),
    ...SERVERS.map((servers) => states(servers, 'shared', 'the same of 100 callers of one child, who share writes')),
    ...SERVERS.map((servers) => states(servers, 'apart', 'the same of 100 children with a caller each, who share none')),
  ],
}
