// The command line of `npm run bench`. Pure.
import { parseArgs } from 'node:util'
import type { Row } from './bench.ts'

export interface BenchOptions {
  readonly bench: string
  /** One line of JSON instead of tables. */
  readonly json: boolean
  /** Whether a goal that is missed ends the command with 1. */
  readonly goals: boolean
  /** Rows whose name contains this; default all. */
  readonly only: string
  /** How often everything is measured; figures are medians of so many. */
  readonly runs: number
}

/** Something is wrong with the command line: the message says what, and how it should be. */
export class UsageError extends Error {}

const usage = (names: readonly string[]) => `usage: npm run bench -- <${names.join('|')}> [--json] [--no-goals] [--only <row>] [--runs 3]
  --json         one line of JSON; nothing else on standard output
  --no-goals     prints only: a goal that is missed is no failure
  --only <row>   the rows whose name contains this
  --runs N       medians of N runs, each in processes of its own`

/** Reads what comes after `npm run bench --`; `names` are the benchmarks there are. Throws `UsageError`. */
export function readBenchOptions(args: readonly string[], names: readonly string[]): BenchOptions {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        'no-goals': { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        runs: { type: 'string', default: '3' },
      },
    })
    const [bench, ...rest] = positionals
    if (bench === undefined) throw new Error('which benchmark?')
    if (rest.length > 0) throw new Error(`expected one benchmark, got ${positionals.join(', ')}`)
    if (!names.includes(bench)) throw new Error(`there is no benchmark '${bench}'`)
    if (!/^[1-9][0-9]{0,2}$/.test(values.runs)) throw new Error(`--runs: expected a whole number from 1 to 999, got '${values.runs}'`)
    return { bench, json: values.json, goals: !values['no-goals'], only: values.only, runs: Number(values.runs) }
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage(names)}`)
  }
}

/** The rows that `--only` asks for; throws `UsageError` where there are none. */
export function rowsAskedFor(rows: readonly Row[], only: string): readonly Row[] {
  const asked = rows.filter(({ name }) => name.includes(only))
  if (asked.length > 0) return asked
  throw new UsageError(`--only: no row's name contains '${only}'; the rows are ${rows.map(({ name }) => name).join(', ')}`)
}
