// The command lines of `npm start` and `npm run node`. Pure.
import { parseArgs } from 'node:util'
import { LaunchFailure } from './failure.ts'
import { METRICS_OFFSET } from './ports.ts'

export interface LaunchOptions {
  readonly nodes: number
  /** Node i serves HTTP on this plus i. */
  readonly portBase: number
  /** Whether bidders play; else there are lots that stay open and nobody bids. */
  readonly load: boolean
  /** One line of JSON instead of a screen. */
  readonly json: boolean
  /** Whether a server of NATS decides who owns a name, and keeps states. */
  readonly nats: boolean
}

export interface RejoinOptions {
  readonly name: string
  /** Which node of the run it is: 3 for n3. */
  readonly number: number
  readonly portBase: number
}

export const DEFAULT_PORT_BASE = 4000
const MOST_NODES = 50

const START_USAGE = `usage: npm start -- [--nodes 3] [--port-base ${DEFAULT_PORT_BASE}] [--no-load] [--nats] [--json]
  --nodes N      how many nodes, n1 to nN
  --port-base P  HTTP on P+1 to P+N, metrics on P+${METRICS_OFFSET + 1} to P+${METRICS_OFFSET}+N
  --no-load      100 lots that stay open, and no bidders
  --nats         NATS decides who owns a lot, and keeps the bids: at NATS_URL, or a nats-server that is started here
  --json         when ready, one line that says where everything is; nothing else on standard output`

const REJOIN_USAGE = `usage: npm run node -- --name n3 [--port-base ${DEFAULT_PORT_BASE}]
  --name n3      the node of the run that is to come back
  --port-base P  as it was given to npm start`

/** Throws `LaunchFailure` (2) with the usage; `--help` as well. */
export function readLaunchOptions(args: readonly string[]): LaunchOptions {
  return withUsage(START_USAGE, () => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        nodes: { type: 'string', default: '3' },
        'port-base': { type: 'string', default: String(DEFAULT_PORT_BASE) },
        'no-load': { type: 'boolean', default: false },
        nats: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
    const nodes = whole('--nodes', values.nodes, 1, MOST_NODES)
    return { nodes, portBase: portBase(values['port-base'], nodes), load: !values['no-load'], json: values.json, nats: values.nats }
  })
}

export function readRejoinOptions(args: readonly string[]): RejoinOptions {
  return withUsage(REJOIN_USAGE, () => {
    const { values } = parseArgs({
      args: [...args],
      options: { name: { type: 'string' }, 'port-base': { type: 'string', default: String(DEFAULT_PORT_BASE) } },
    })
    const { name } = values
    if (name === undefined) throw new Error('--name is needed: which node is to come back')
    const number = Number(/^n([1-9][0-9]?)$/.exec(name)?.[1])
    if (!(number <= MOST_NODES)) throw new Error(`--name: expected n1 to n${MOST_NODES}, got '${name}'`)
    return { name, number, portBase: portBase(values['port-base'], number) }
  })
}

function withUsage<T>(usage: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new LaunchFailure(2, `${(error as Error).message}\n${usage}`)
  }
}

const portBase = (text: string, nodes: number): number => whole('--port-base', text, 1, 65_535 - METRICS_OFFSET - nodes)

function whole(option: string, text: string, least: number, most: number): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new Error(`${option}: expected a whole number from ${least} to ${most}, got '${text}'`)
}
