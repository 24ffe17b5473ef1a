// Pure. The command line of `npm run prove`.
import { parseArgs } from 'node:util'

/** Scenarios whose nodes are restarted or killed under bids, round by round. */
export const SCENARIOS = ['rolling-restart', 'kill-during-drain'] as const
export const STORES = ['none', 'memory', 'sqlite'] as const
export const ARBITERS = ['nats', 'optimistic'] as const
export type Scenario = (typeof SCENARIOS)[number]
export type Store = (typeof STORES)[number]
export type ArbiterName = (typeof ARBITERS)[number]

interface CommonOptions {
  readonly seed: number
  /** Where the evidence goes; undefined: a new folder among the temporary ones. */
  readonly out: string | undefined
}

export interface RoundsOptions extends CommonOptions {
  readonly scenario: Scenario
  readonly rounds: number
  /** Each with a cluster and rounds of its own. */
  readonly stores: readonly Store[]
  readonly lots: number
  readonly rate: number
}

export interface SingleOwnerOptions extends CommonOptions {
  readonly scenario: 'single-owner'
  readonly arbiters: readonly ArbiterName[]
  readonly schedules: number
  /** Played alone. */
  readonly schedule: number | undefined
  /** Servers of the engine; undefined: one and three by turns. */
  readonly servers: 1 | 3 | undefined
  /** Clusters at a time. */
  readonly clusters: number
}

export type ProveOptions = RoundsOptions | SingleOwnerOptions

export const USAGE = `usage: npm run prove -- <${SCENARIOS.join('|')}> [--rounds 10] [--store none,memory] [--lots 120] [--rate 200] [--seed N] [--out folder]
  --rounds N    rounds with each store: all nodes restarted one after another, or one node killed while it drains
  --store LIST  where the lots' state is written: ${STORES.join(', ')}; killed nodes lose what is written nowhere
  --lots N      lots that are open at the beginning of a round
  --rate N      bids a second, of all bidders
  --seed N      the same choices again (not the same timing)
  --out FOLDER  where the histories and the verdicts go, as JSON
or: npm run prove -- single-owner [--schedules 20] [--arbiter nats|optimistic|both] [--schedule N] [--servers 1|3] [--clusters 5] [--seed N] [--out folder]
  --schedules N how many schedules of faults; of them the optimistic arbiter plays every tenth, for contrast, unless it is asked for alone
  --schedule N  this one of the seed's alone
  --servers N   of NATS; by turns without it
  --clusters N  so many at a time`

const DEFAULT_STORES: Readonly<Record<Scenario, string>> = { 'rolling-restart': 'none,memory', 'kill-during-drain': 'memory,sqlite' }

/** Throws an `Error` that says what is wrong, and the usage. */
export function readProveOptions(args: readonly string[], seed: number): ProveOptions {
  try {
    return args.includes('single-owner') ? readSingleOwner(args, seed) : readRounds(args, seed)
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`, { cause: error })
  }
}

function readRounds(args: readonly string[], seed: number): RoundsOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '10' },
      store: { type: 'string' },
      lots: { type: 'string', default: '120' },
      rate: { type: 'string', default: '200' },
      seed: { type: 'string', default: String(seed) },
      out: { type: 'string' },
    },
  })
  const [scenario] = positionals
  if (positionals.length !== 1 || !isOf(SCENARIOS, scenario))
    throw new Error(`expected ${SCENARIOS.join(', ')} or single-owner, got '${positionals.join(' ')}'`)
  return {
    scenario,
    rounds: whole('--rounds', values.rounds, 1, 1000),
    stores: (values.store ?? DEFAULT_STORES[scenario]).split(',').map((store) => {
      if (!isOf(STORES, store)) throw new Error(`--store: expected ${STORES.join(', ')}, got '${store}'`)
      if (store === 'none' && scenario === 'kill-during-drain')
        throw new Error('--store none: what is written nowhere is lost with its node')
      return store
    }),
    lots: whole('--lots', values.lots, 3, 5000),
    rate: whole('--rate', values.rate, 1, 5000),
    seed: whole('--seed', values.seed, 0, 2 ** 31),
    out: values.out,
  }
}

function readSingleOwner(args: readonly string[], seed: number): SingleOwnerOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      schedules: { type: 'string', default: '20' },
      schedule: { type: 'string' },
      arbiter: { type: 'string', default: 'both' },
      servers: { type: 'string' },
      clusters: { type: 'string', default: '5' },
      seed: { type: 'string', default: String(seed) },
      out: { type: 'string' },
    },
  })
  if (positionals.length !== 1) throw new Error(`expected single-owner alone, got '${positionals.join(' ')}'`)
  const { arbiter, servers } = values
  if (arbiter !== 'both' && !isOf(ARBITERS, arbiter))
    throw new Error(`--arbiter: expected ${ARBITERS.join(', ')} or both, got '${arbiter}'`)
  if (servers !== undefined && servers !== '1' && servers !== '3') throw new Error(`--servers: expected 1 or 3, got '${servers}'`)
  return {
    scenario: 'single-owner',
    arbiters: arbiter === 'both' ? ARBITERS : [arbiter],
    schedules: whole('--schedules', values.schedules, 1, 100_000),
    schedule: values.schedule === undefined ? undefined : whole('--schedule', values.schedule, 0, 100_000),
    servers: servers === undefined ? undefined : servers === '1' ? 1 : 3,
    clusters: whole('--clusters', values.clusters, 1, 64),
    seed: whole('--seed', values.seed, 0, 2 ** 31),
    out: values.out,
  }
}

function isOf<T extends string>(list: readonly T[], text: string | undefined): text is T {
  return (list as readonly (string | undefined)[]).includes(text)
}

function whole(option: string, text: string, least: number, most: number): number {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new Error(`${option}: expected a whole number from ${least} to ${most}, got '${text}'`)
}
