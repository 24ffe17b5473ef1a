// `npm run prove`: real nodes under load, restarted or killed while they drain, and a verdict by what their clients saw.
import { randomInt } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '#base'
import { judge } from './checker.ts'
import { Fleet } from './fleet.ts'
import { type ProveOptions, type RoundsOptions, readProveOptions, type Store } from './options.ts'
import { playRound } from './scenarios.ts'
import { proveSingleOwner } from './single-owner/prove.ts'
import { type Judged, restartLines, verdictTable } from './table.ts'

/** Of each round, on the screen; all are in the evidence. */
const SHOWN = 10

/** Who is to be killed in the middle of its handoffs is watched by its log, which says only at this level that they begin. */
const LOG_LEVEL = { 'rolling-restart': 'info', 'kill-during-drain': 'debug' } as const

const say = (line: string): boolean => process.stderr.write(`${line}\n`)

async function proveWith(store: Store, options: RoundsOptions, out: string): Promise<Judged[]> {
  const random = seededRandom(options.seed)
  const fleet = await Fleet.start({ store, logLevel: LOG_LEVEL[options.scenario], directory: join(out, 'runs', store) })
  const judged: Judged[] = []
  try {
    for (let number = 1; number <= options.rounds; number++) {
      const round = await playRound(fleet, options, store, number, random)
      const verdict = judge(round)
      judged.push({ round, verdict })
      writeFileSync(join(out, `${options.scenario}-${store}-${number}.json`), JSON.stringify({ verdict, ...round }))
      for (const line of restartLines(round)) say(`${store} ${line}`)
      for (const { kind, what } of verdict.violations.slice(0, SHOWN)) say(`  ${kind}: ${what}`)
    }
  } finally {
    await fleet.end()
  }
  return judged
}

async function proveRounds(options: RoundsOptions, out: string): Promise<boolean> {
  mkdirSync(join(out, 'runs'), { recursive: true, mode: 0o700 })
  say(`${options.scenario}: ${options.rounds} rounds with each of ${options.stores.join(', ')}; seed ${options.seed}; evidence in ${out}`)
  const judged: Judged[] = []
  for (const store of options.stores) judged.push(...(await proveWith(store, options, out)))
  const isKept = judged.every(({ verdict }) => verdict.violations.length === 0)
  console.log(`${verdictTable(judged)}\n\n${options.scenario}: ${isKept ? 'kept' : 'BROKEN'}; seed ${options.seed}; evidence in ${out}`)
  return isKept
}

async function main(options: ProveOptions): Promise<boolean> {
  const out = options.out ?? mkdtempSync(join(tmpdir(), 'otp-prove-'))
  return options.scenario === 'single-owner' ? proveSingleOwner(options, out, say) : proveRounds(options, out)
}

function options(): ProveOptions {
  try {
    return readProveOptions(process.argv.slice(2), randomInt(2 ** 31))
  } catch (error) {
    say((error as Error).message)
    process.exit(2)
  }
}

try {
  process.exitCode = (await main(options())) ? 0 : 1
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exitCode = 1
}
