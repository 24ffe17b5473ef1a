// `npm run drill -- <Alert>|all`: breaks a real cluster on purpose, and says whether whoever has to hear of it did.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ALERTS } from '#vocabulary'
import { missing } from '../system/support/debian.ts'
import { endCommands } from '../system/support/os.ts'
import { faultsOf, playAll, verdictsOf } from './campaign.ts'
import { drillsOf, WITHOUT_DRILL } from './drills.ts'
import { PROGRAMS } from './stack.ts'
import { table } from './verdict.ts'

/** A minute is two seconds: long enough for four scrapes in the shortest window. */
const FACTOR = 1 / 30

const USAGE = `usage: npm run drill -- <Alert>|all [--factor ${FACTOR.toFixed(3)}] [--out DIR]
  <Alert>      such as OtpRestartStorm; several are played one after the other
  --factor N   every time of rules and notices is so much of what is shipped; 1 takes hours
  --out DIR    where the evidence goes, as JSON; default drill-evidence`

interface Options {
  readonly names: readonly string[]
  readonly factor: number
  readonly out: string
}

function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { factor: { type: 'string', default: String(FACTOR) }, out: { type: 'string', default: 'drill-evidence' } },
  })
  const factor = Number(values.factor)
  if (!(factor > 0 && factor <= 1)) throw new Error(`--factor: expected a number above 0, 1 at most, got '${values.factor}'`)
  if (positionals.length === 0) throw new Error('expected an alert, or all')
  const unknown = positionals.filter((name) => name !== 'all' && !(name in ALERTS))
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: no such alert; docs/reference/alerts.md lists them`)
  return { names: positionals, factor, out: values.out }
}

async function main({ names, factor, out }: Options): Promise<boolean> {
  const reasons = Object.fromEntries(Object.entries(WITHOUT_DRILL).filter(([name]) => names.includes('all') || names.includes(name)))
  const rounds = await playAll(drillsOf(names), factor, (text) => void process.stdout.write(`${text}\n`))
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'drills.json'), `${JSON.stringify({ factor, rounds, reasons }, null, 2)}\n`)
  const failed = faultsOf(rounds).length
  const sum = failed === 0 ? 'all as planned' : `${failed} not as planned`
  process.stdout.write(`\n${table(verdictsOf(rounds), reasons)}\n\n${sum}; evidence in ${join(out, 'drills.json')}\n`)
  return failed === 0
}

/** Ctrl-C: whatever was started ends, too. */
function endOn(signal: NodeJS.Signals): void {
  process.once(signal, () => void endCommands().then(() => process.exit(130)))
}

if (import.meta.main) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) endOn(signal)
  try {
    const options = readOptions(process.argv.slice(2))
    const absent = PROGRAMS.map(missing).filter((reason) => reason !== undefined)
    if (absent.length > 0) throw new Error(absent.join('; '))
    process.exitCode = (await main(options)) ? 0 : 1
  } catch (error) {
    process.stderr.write(`${(error as Error).stack}\n${USAGE}\n`)
    process.exitCode = 2
  } finally {
    await endCommands()
  }
}
