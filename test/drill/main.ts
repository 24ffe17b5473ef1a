// `npm run drill -- <Alert>|all`: breaks a real cluster on purpose, and says whether whoever has to hear of it did.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onStopSignals } from '#src/launcher/stop-signals.ts'
import { missing } from '../system/support/debian.ts'
import { endCommands, endForGood } from '../system/support/os.ts'
import { faultsOf, playAll, playOn, type Say, verdictsOf } from './campaign.ts'
import type { Reasons } from './drill.ts'
import { anywhereOf, drillsOf, WITHOUT_DRILL } from './drills.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import type { PlayedRound } from './player.ts'
import { Running } from './running.ts'
import { PROGRAMS, whyNoEngine } from './stack.ts'
import { table } from './verdict.ts'

/** As a shell has it of what ended by Ctrl-C. */
const INTERRUPTED = 130

interface Outcome {
  readonly rounds: readonly PlayedRound[]
  /** Why the others that were asked for were not played. */
  readonly reasons: Reasons
}

async function playOwn({ names, factor }: Options, say: Say): Promise<Outcome> {
  const needs = drillsOf(names).map(({ on }) => whyNoEngine(on?.settings ?? {}))
  const absent = [...new Set([...PROGRAMS.map(missing), ...needs])].filter((reason) => reason !== undefined)
  if (absent.length > 0) throw new Error(absent.join('; '))
  const reasons = Object.fromEntries(Object.entries(WITHOUT_DRILL).filter(([name]) => names.includes('all') || names.includes(name)))
  return { rounds: await playAll(drillsOf(names), factor, say), reasons }
}

async function playAt(addresses: NonNullable<Options['addresses']>, { names, factor }: Options, say: Say): Promise<Outcome> {
  const { drills, reasons } = anywhereOf(names)
  if (drills.length === 0) throw new Error(`${names.join(', ')}: played only without addresses, on nodes that a drill may end`)
  const running = await Running.at(addresses, factor)
  try {
    return { rounds: await playOn(drills, running.ground, factor, say), reasons }
  } finally {
    await running.leave()
  }
}

async function main(options: Options): Promise<boolean> {
  const { factor, out, addresses } = options
  const say: Say = (text) => void process.stdout.write(`${text}\n`)
  const { rounds, reasons } = await (addresses === undefined ? playOwn(options, say) : playAt(addresses, options, say))
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'drills.json'), `${JSON.stringify({ factor, rounds, reasons }, null, 2)}\n`)
  const failed = faultsOf(rounds).length
  const sum = failed === 0 ? 'all as planned' : `${failed} not as planned`
  say(`\n${table(verdictsOf(rounds), reasons)}\n\n${sum}; evidence in ${join(out, 'drills.json')}`)
  return failed === 0
}

if (import.meta.main) {
  const leave = (): void => void endForGood().then(() => process.exit(INTERRUPTED))
  onStopSignals(leave, () => process.exit(INTERRUPTED))
  try {
    process.exitCode = (await main(readOptions(process.argv.slice(2)))) ? 0 : 1
  } catch (error) {
    process.stderr.write(`${(error as Error).stack}\n${USAGE}\n`)
    process.exitCode = 2
  } finally {
    await endCommands()
  }
}
