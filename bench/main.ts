// `npm run bench`: measures, prints, and fails where a goal is missed.
import { whyOf } from '#base'
import type { Bench } from '#bench/support/bench.ts'
import { measure } from '#bench/support/child.ts'
import { judge } from '#bench/support/goals.ts'
import { type BenchOptions, readBenchOptions, rowsAskedFor, UsageError } from '#bench/support/options.ts'
import { report } from '#bench/support/report.ts'
import { runRows } from '#bench/support/run.ts'
import { goalsTable, resultsTable } from '#bench/support/table.ts'

/** A benchmark is loaded only when it is asked for. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  local: async () => (await import('#bench/local/bench.ts')).local,
  cluster: async () => (await import('#bench/cluster/bench.ts')).cluster,
  handoff: async () => (await import('#bench/handoff/bench.ts')).handoff,
  telemetry: async () => (await import('#bench/telemetry/bench.ts')).telemetry,
  observer: async () => (await import('#bench/observer/bench.ts')).observer,
  nats: async () => (await import('#bench/nats/bench.ts')).nats,
}

const say = (line: string): boolean => process.stderr.write(`${line}\n`)

async function run({ bench: name, json, goals, only, runs }: BenchOptions, load: () => Promise<Bench>): Promise<number> {
  const bench = await load()
  const rows = rowsAskedFor(bench.rows, only)
  const results = await runRows(rows, runs, measure, (nth) => say(`bench ${name}: run ${nth} of ${runs}`))
  const verdicts = judge(results)
  const about = { bench: name, runs, node: process.version }
  if (json) {
    console.log(JSON.stringify(report(about, results, verdicts)))
  } else {
    console.log(`\nbench ${name}, medians of ${runs} runs, Node ${process.version}\n\n${resultsTable(results, bench.referencesOf)}`)
    if (verdicts.length > 0) console.log(`\n${goalsTable(verdicts)}`)
  }
  return goals && verdicts.some(({ isMet }) => !isMet) ? 1 : 0
}

try {
  const options = readBenchOptions(process.argv.slice(2), Object.keys(BENCHES))
  process.exitCode = await run(options, BENCHES[options.bench] as () => Promise<Bench>)
} catch (error) {
  say(whyOf(error))
  process.exitCode = error instanceof UsageError ? 2 : 1
}
