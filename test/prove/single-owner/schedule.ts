// Pure. What goes wrong in one schedule, and when: drawn from a seed, the same for the same.
import { type Random, seededRandom } from '#base'

export const NODES = ['n1', 'n2', 'n3'] as const
export type NodeName = (typeof NODES)[number]
export const SERVERS = ['s1', 's2', 's3'] as const
export type ServerName = (typeof SERVERS)[number]
export const NAMES = Array.from({ length: 12 }, (_, index) => `job-${index + 1}`)

/** A server by its name, or whichever leads when the fault begins. */
export type WhichServer = ServerName | 'leader'

/**
 * What happens to the nodes. `kill`: SIGKILL. `restart`: told to end, back at once. `pause`: SIGSTOP. `freeze`: the same in the middle of a
 * handler. `off_engine`: cut off from all servers. `off_peers`: cut off from the other nodes, not from the servers. `apart`: two nodes, or one
 * way between them. `alone`: cut off from everybody. `clock`: its wall clock jumps. `drain`: it gives its children away. `move`, `crash`,
 * `rebirth`: one name moves, crashes, is terminated and started anew. `start`: a node tries to start every name, as it may at any time.
 */
export type NodeFault =
  | {
      readonly kind: 'kill' | 'restart' | 'pause' | 'freeze' | 'off_engine' | 'off_peers' | 'alone' | 'drain' | 'start'
      readonly node: NodeName
    }
  | { readonly kind: 'apart'; readonly node: NodeName; readonly other: NodeName; readonly oneWay: boolean }
  | { readonly kind: 'clock'; readonly node: NodeName; readonly offsetMs: number }
  | { readonly kind: 'move'; readonly node: NodeName; readonly name: string; readonly to: NodeName }
  | { readonly kind: 'crash' | 'rebirth'; readonly node: NodeName; readonly name: string }

/** What happens to the engine. `server_apart`: its servers are cut off from this one, the nodes are not. */
export type ServerFault = {
  readonly kind: 'server_kill' | 'server_pause' | 'server_apart'
  /** One, or two of three. */
  readonly servers: readonly WhichServer[]
}

export type Fault = NodeFault | ServerFault

/** A fault from a time of the schedule on, for so long; those that are over at once have no length. */
export type Step = Fault & { readonly atMs: number; readonly forMs: number }

export interface Schedule {
  readonly number: number
  /** How many servers the engine has; 0 without one. */
  readonly servers: 0 | 1 | 3
  readonly steps: readonly Step[]
}

/** Faults begin within this time. A lease of the nodes under proof is 3 s, and they take a silent node for down after 2 s. */
const BEGIN_WITHIN_MS = 6000
/** From less than any time-out to longer than a lease and what it takes to notice that it is over. */
const LASTS_MS = { least: 200, most: 8000 } as const
/** Beside what a schedule is about. */
const OTHERS = { least: 2, most: 5 } as const
const SMALL = { least: 2, most: 6 } as const
const HOUR_MS = 3_600_000
const JUMPS_MS = [1500, 4000, 60_000, HOUR_MS, 24 * HOUR_MS] as const

const OF_NODES = ['kill', 'pause', 'off_engine', 'off_peers', 'freeze', 'apart', 'alone', 'clock', 'drain', 'restart'] as const
const OF_SERVERS = ['server_kill', 'server_pause', 'server_apart'] as const
/** What users do all the time. */
const OF_USERS = ['move', 'move', 'crash', 'start', 'rebirth'] as const
type Big = (typeof OF_NODES)[number] | (typeof OF_SERVERS)[number]

/** What each schedule is about, in turn: so that a few of them have shown everything. Two of three servers fail in every other round. */
const TURNS: readonly Big[] = [
  'pause',
  'server_kill',
  'off_engine',
  'off_peers',
  'kill',
  'server_pause',
  'freeze',
  'server_apart',
  'alone',
  'drain',
  'apart',
  'clock',
  'restart',
]

/** The same `seed` and `number` give the same schedule, whatever the number of servers: what is meant for servers that are not there is left out. */
export function scheduleOf(seed: number, number: number, servers: 0 | 1 | 3): Schedule {
  const random = seededRandom(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number, 0xc2b2ae35))
  const about = TURNS[number % TURNS.length] as Big
  const isDeep = Math.floor(number / TURNS.length) % 2 === 1
  const steps = [
    // Long enough to matter, and first.
    { ...big(random, about, isDeep), atMs: 300 + random.int(1200), forMs: between(random, 2000, LASTS_MS.most) },
    ...times(random, OTHERS, () => {
      const kind = pick(random, [...OF_NODES, ...OF_SERVERS])
      return { ...big(random, kind, random.next() < 0.3), atMs: random.int(BEGIN_WITHIN_MS), forMs: lasts(random) }
    }),
    ...times(random, SMALL, () => ({ ...small(random), atMs: random.int(BEGIN_WITHIN_MS), forMs: 0 })),
  ]
  return { number, servers, steps: steps.flatMap((step) => fitting(step, servers)).toSorted((a, b) => a.atMs - b.atMs) }
}

/** The step as this engine can bear it: of one server, whichever is meant is that one. None if there is nothing that it could happen to. */
function fitting(step: Step, servers: number): Step[] {
  if (!('servers' in step)) return step.kind === 'off_engine' && servers === 0 ? [] : [step]
  if (servers === 3) return [step]
  return servers === 0 || step.kind === 'server_apart' ? [] : [{ ...step, servers: ['s1'] }]
}

function big(random: Random, kind: Big, isDeep: boolean): Fault {
  const node = pick(random, NODES)
  // Always drawn: what comes after it does not depend on the kind.
  const other = pick(
    random,
    NODES.filter((each) => each !== node),
  )
  const chance = random.next()
  const jump = pick(random, JUMPS_MS)
  const server = pick(random, SERVERS)
  switch (kind) {
    case 'server_kill':
    case 'server_pause':
    case 'server_apart': {
      if (isDeep && kind !== 'server_apart') return { kind, servers: [server, SERVERS[(SERVERS.indexOf(server) + 1) % 3] as ServerName] }
      return { kind, servers: [chance < 0.6 ? 'leader' : server] }
    }
    case 'apart':
      return { kind, node, other, oneWay: chance < 0.5 }
    case 'clock':
      return { kind, node, offsetMs: chance < 0.5 ? jump : -jump }
    default:
      return { kind, node }
  }
}

function small(random: Random): Fault {
  const kind = pick(random, OF_USERS)
  const [node, to, name] = [pick(random, NODES), pick(random, NODES), pick(random, NAMES)]
  if (kind === 'move') return { kind, node, name, to }
  return kind === 'start' ? { kind, node } : { kind, node, name }
}

/** Short ones are as likely as long ones: each of their lengths has its own time-outs. */
function lasts(random: Random): number {
  return Math.round(LASTS_MS.least * (LASTS_MS.most / LASTS_MS.least) ** random.next())
}

function between(random: Random, least: number, most: number): number {
  return least + random.int(most - least)
}

function times<T>(random: Random, { least, most }: { least: number; most: number }, make: () => T): T[] {
  return Array.from({ length: between(random, least, most + 1) }, make)
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.int(list.length)] as T
}

/** A step in a few words, such as `2.3 s +4.0 s pause n2`. */
export function stepLine({ kind, atMs, forMs, ...rest }: Step): string {
  const words = Object.entries(rest).map(([key, value]) =>
    key === 'node' || key === 'servers' ? String(value) : `${key} ${String(value)}`,
  )
  return `${(atMs / 1000).toFixed(1)} s${forMs === 0 ? '' : ` +${(forMs / 1000).toFixed(1)} s`} ${kind} ${words.join(' ')}`
}
