// What the launcher shows: a table of the nodes, things to try, and a line that lives.
import { DEFAULT_PORT_BASE } from './args.ts'
import type { ClusterStatus } from './observe.ts'

export interface ShownNode {
  readonly name: string
  readonly pid: number
  /** Base address, such as `http://127.0.0.1:4001`. */
  readonly http: string
  readonly metrics: string
}

/** What the live line says of the bidders; `undefined` where there are none. */
export interface ShownLoad {
  readonly bidsPerSecond: number
}

/** How a node is brought back. */
export function rejoinCommand(name: string, portBase: number): string {
  return `npm run node -- --name ${name}${portBase === DEFAULT_PORT_BASE ? '' : ` --port-base ${portBase}`}`
}

export function table(nodes: readonly ShownNode[], logs: string, readyInMs: number): string {
  const rows = [
    ['node', 'pid', 'observer', 'metrics'],
    ...nodes.map(({ name, pid, http, metrics }) => [name, String(pid), `${http}/observer`, metrics]),
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)))
  const lines = rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`)
  return [
    `${nodes.length} node${nodes.length === 1 ? '' : 's'}, ready after ${(readyInMs / 1000).toFixed(1)} s; logs in ${logs}`,
    '',
    ...lines,
  ].join('\n')
}

export function thingsToTry(nodes: readonly ShownNode[], portBase: number): string {
  const first = nodes[0] as ShownNode
  const last = nodes.at(-1) as ShownNode
  return `In another terminal:
  look   ${first.http}/observer in a browser, or in a terminal:
         npm run observer -- --url ${first.http}
  break  kill -9 ${last.pid}    (${last.name}: its lots go on elsewhere), or a storm of crashes:
         curl -s -X POST ${first.http}/chaos/storm
  mend   ${rejoinCommand(last.name, portBase)}
Ctrl-C ends everything.`
}

export function liveLine(status: ClusterStatus | undefined, nodes: number, load: ShownLoad | undefined): string {
  if (status === undefined) return 'no node answers'
  const { up, expected, names, restarts, takeovers } = status
  const bids = load === undefined ? '' : ` · ${load.bidsPerSecond.toFixed(0)} bids/s`
  return `members ${up}/${expected ?? nodes} · ${names} lots${bids} · ${restarts} restarts · ${takeovers} takeovers`
}

/** Writes lines; at a terminal the live line is rewritten in place and stays below everything else. */
export class Screen {
  readonly #out: NodeJS.WriteStream
  #live = ''

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  line(text: string): void {
    if (!this.#out.isTTY) {
      this.#out.write(`${text}\n`)
      return
    }
    this.#out.write(`\r\x1b[K${text}\n${this.#live}`)
  }

  live(text: string): void {
    if (!this.#out.isTTY) {
      if (text !== '') this.line(text)
      return
    }
    // A line that wraps could not be taken back. Some terminals do not say how wide they are.
    const { columns } = this.#out
    this.#live = columns > 0 ? text.slice(0, columns - 1) : text
    this.#out.write(`\r\x1b[K${this.#live}`)
  }
}
