// Pure. The command line of `npm run prove`.
import { parseArgs } from 'node:util'

export const SCENARIOS = ['rolling-restart', 'kill-during-drain'] as const
export const STORES = ['none', 'memory', 'sqlite'] as const
export type Scenario = (typeof SCENARIOS)[number]
export type Store = (typeof STORES)[number]

export interface ProveOptions {
  readonly scenario: Scenario
  readonly rounds: number
  /** Each with a cluster and rounds of its own. */
  readonly stores: readonly Store[]
  readonly lots: number
  readonly rate: number
  readonly seed: number
  /** Where the evidence goes; undefined: a new folder among the temporary ones. */
  readonly out: string | undefined
}

export const USAGE = `usage: npm run prove -- <${SCENARIOS.join('|')}> [--rounds 10] [--store none,memory] [--lots 120] [--rate 200] [--seed N] [--out folder]
  --rounds N    rounds with each store: all nodes restarted one after another, or one node killed while it drains
  --store LIST  where the lots' state is written: ${STORES.join(', ')}; killed nodes lose what is written nowhere
  --lots N      lots that are open at the beginning of a round
  --rate N      bids a second, of all bidders
  --seed N      the same choices again (not the same timing)
  --out FOLDER  where the histories and the verdicts go, as JSON`

const DEFAULT_STORES: Readonly<Record<Scenario, string>> = { 'rolling-restart': 'none,memory', 'kill-during-drain': 'memory,sqlite' }

/** Throws an `Error` that says what is wrong, and the usage. */
export function readProveOptions(args: readonly string[], seed: number): ProveOptions {
  try {
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
      throw new Error(`expected ${SCENARIOS.join(' or ')}, got '${positionals.join(' ')}'`)
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
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`, { cause: error })
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
