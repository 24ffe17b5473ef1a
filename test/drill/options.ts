// What `npm run drill` is told, read from its arguments.
import { parseArgs } from 'node:util'
import { ALERTS } from '#vocabulary'
import type { Addresses } from './running.ts'

/** A minute is two seconds: long enough for four scrapes in the shortest window. */
const FACTOR = 1 / 30

export const USAGE = `usage: npm run drill -- <Alert>|all [--factor N] [--out DIR]
       npm run drill -- <Alert>|all --prometheus URL --alertmanager URL --nodes URL,URL,URL [--webhook PORT] [--factor N] [--out DIR]
  <Alert>      such as OtpRestartStorm; several are played one after the other
  --factor N   every time of rules and notices is so much of what is shipped; default ${FACTOR.toFixed(3)}, or 1 of what runs already
  --out DIR    where the evidence goes, as JSON; default drill-evidence
  on a cluster that runs already, whose nodes were started with OTP_CHAOS=allowed:
  --prometheus, --alertmanager    addresses of their APIs
  --nodes URL,URL,URL             HTTP addresses of three nodes; OTP_OBSERVER_TOKEN where they ask for a token
  --webhook PORT                  where Alertmanager's webhooks call on this machine, 9099 as shipped; default: its API is asked`

export interface Options {
  readonly names: readonly string[]
  readonly factor: number
  readonly out: string
  /** Undefined: a stack of the drill's own. */
  readonly addresses: Addresses | undefined
}

/** Throws what was expected and what came. */
export function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { factor: text, out: text, prometheus: text, alertmanager: text, nodes: text, webhook: text },
  })
  if (positionals.length === 0) throw new Error('expected an alert, or all')
  const unknown = positionals.filter((name) => name !== 'all' && !(name in ALERTS))
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: no such alert; docs/reference/alerts.md lists them`)
  const addresses = addressesOf(values)
  const factor = values.factor === undefined ? (addresses === undefined ? FACTOR : 1) : Number(values.factor)
  if (!(factor > 0 && factor <= 1)) throw new Error(`--factor: expected a number above 0, 1 at most, got '${values.factor}'`)
  return { names: positionals, factor, out: values.out ?? 'drill-evidence', addresses }
}

type Given = Readonly<Partial<Record<'prometheus' | 'alertmanager' | 'nodes' | 'webhook', string>>>

function addressesOf({ prometheus, alertmanager, nodes, webhook }: Given): Addresses | undefined {
  if ([prometheus, alertmanager, nodes, webhook].every((one) => one === undefined)) return undefined
  if (prometheus === undefined || alertmanager === undefined || nodes === undefined) {
    throw new Error('expected --prometheus, --alertmanager and --nodes together, or none of them')
  }
  const port = webhook === undefined ? undefined : Number(webhook)
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new Error(`--webhook: expected a port, got '${webhook}'`)
  }
  return {
    prometheus: addressOf('--prometheus', prometheus),
    alertmanager: addressOf('--alertmanager', alertmanager),
    nodes: nodes.split(',').map((one) => addressOf('--nodes', one)),
    ...(port !== undefined && { webhook: port }),
  }
}

function addressOf(option: string, value: string): string {
  if (/^https?:\/\//.test(value) && URL.canParse(value)) return value.replace(/\/+$/, '')
  throw new Error(`${option}: expected an address such as http://127.0.0.1:9090, got '${value}'`)
}
