// What a drill is played on, as far as addresses reach: nodes over HTTP, what Prometheus knows, and what can be seen of alerts.
import { eventually } from '#test/support/eventually.ts'
import type { Contact } from './contact.ts'
import { Watch } from './watch.ts'

const SEEN_WITHIN_MS = 60_000
const ASK_WITHIN_MS = 30_000

/** Which of the three nodes. */
export type NodeName = 'n1' | 'n2' | 'n3'

/** A node as it calls itself, and where it is spoken to. */
export interface NodeAddress {
  readonly name: string
  readonly http: string
}

/** Where things are. */
export interface Places {
  /** Base addresses of the APIs. */
  readonly prometheus: string
  readonly alertmanager: string
  readonly nodes: Readonly<Record<NodeName, NodeAddress>>
  /** Whom Alertmanager tells; undefined: what it would tell is read from its API. */
  readonly contact?: Contact
}

export class Ground {
  readonly watch: Watch
  /** Base addresses of the APIs. */
  readonly prometheus: string
  readonly alertmanager: string
  readonly #nodes: Places['nodes']

  constructor({ prometheus, alertmanager, nodes, contact }: Places) {
    this.prometheus = prometheus
    this.alertmanager = alertmanager
    this.#nodes = nodes
    this.watch = new Watch(prometheus, alertmanager, contact)
  }

  /** The value of an instant query that has one series; `undefined` where it has none. */
  async query(expr: string): Promise<number | undefined> {
    const response = await fetch(`${this.prometheus}/api/v1/query?query=${encodeURIComponent(expr)}`)
    const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } }
    const value = data.result[0]?.value[1]
    return value === undefined ? undefined : Number(value)
  }

  /** Until the query has a value. */
  async until(what: string, expr: string): Promise<void> {
    await eventually(what, SEEN_WITHIN_MS, async () => (await this.query(expr)) !== undefined)
  }

  /** Asks a node for one of its faults, or for something of its workload. */
  async ask(node: NodeName, path: string, body: object = {}): Promise<Record<string, unknown>> {
    const response = await fetch(this.#nodes[node].http + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ASK_WITHIN_MS),
    })
    const answer = (await response.json()) as Record<string, unknown>
    if (!response.ok) throw new Error(`POST ${path} to ${node}: ${response.status} ${JSON.stringify(answer)}`)
    return answer
  }

  /** Cuts a node off from the others, for so long. */
  async cut(node: NodeName, ms: number): Promise<void> {
    const others = (Object.keys(this.#nodes) as NodeName[]).filter((other) => other !== node)
    const named = (names: readonly NodeName[]): string[] => names.map((name) => this.#nodes[name].name)
    await this.ask(node, '/chaos/cut', { peers: named(others), ms })
    await Promise.all(others.map((other) => this.ask(other, '/chaos/cut', { peers: named([node]), ms })))
  }
}
