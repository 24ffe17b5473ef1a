// A run of `npm start`, as its user has it: by its line of JSON, over HTTP, and by signals.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '#test/support/eventually.ts'
import { sumOf } from '#test/support/metrics-page.ts'
import { allGone, Command, Directory, freePortBase } from './os.ts'

export interface RunNode {
  readonly name: string
  readonly pid: number
  readonly http: string
  readonly metrics: string
}

export interface Member {
  readonly name: string
  readonly incarnation: string
  readonly status: string
}

export interface RegistryName {
  readonly name: string
  readonly node: string
  readonly pid: string
}

export interface ClusterEvent {
  readonly node: string
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** From the command to its line: npm's own start included. */
const READY_WITHIN_MS = 60_000

export class Run {
  readonly portBase: number
  readonly command: Command
  readonly nodes: readonly RunNode[]
  readonly logs: string
  readonly readyMs: number
  readonly #home: Directory

  private constructor(portBase: number, command: Command, home: Directory, nodes: readonly RunNode[], logs: string, readyMs: number) {
    this.portBase = portBase
    this.command = command
    this.#home = home
    this.nodes = nodes
    this.logs = logs
    this.readyMs = readyMs
  }

  static async start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Run> {
    const startedAt = performance.now()
    const home = new Directory()
    const portBase = await freePortBase()
    const command = npm(['start', '--', '--json', '--port-base', String(portBase), ...args], home, env)
    const line = await Promise.race([
      eventually('the line of JSON', READY_WITHIN_MS, () => readyLine(command)),
      command.ended.then(({ code }) => {
        throw new Error(`npm start ended with ${code}: ${command.stdout}${command.stderr}`)
      }),
    ])
    const { nodes, logs } = JSON.parse(line) as { nodes: RunNode[]; logs: string }
    return new Run(portBase, command, home, nodes, logs, performance.now() - startedAt)
  }

  node(name: string): RunNode {
    const found = this.nodes.find((node) => node.name === name)
    if (found === undefined) throw new Error(`no node ${name} in this run`)
    return found
  }

  /** Where the run's nodes find each other. */
  get directory(): string {
    return join(this.logs, '..')
  }

  get launcherPid(): number {
    return this.#file().pid
  }

  get secret(): string {
    return this.#file().secret
  }

  #file(): { pid: number; secret: string } {
    return JSON.parse(readFileSync(join(this.directory, 'run.json'), 'utf8')) as { pid: number; secret: string }
  }

  /** The cluster port of a node's present life, from the file by which others find it. */
  clusterPort(name: string): number {
    const file = readdirSync(this.directory).find((entry) => entry.startsWith(`${name}.`) && entry.endsWith('.node.json'))
    if (file === undefined) throw new Error(`${name} has left no word of itself`)
    const { address } = JSON.parse(readFileSync(join(this.directory, file), 'utf8')) as { address: string }
    return Number(address.split(':').at(-1))
  }

  /** `npm run node` for a node of this run. */
  rejoin(name: string, env: Readonly<Record<string, string>> = {}): Command {
    return npm(['run', 'node', '--', '--name', name, '--port-base', String(this.portBase)], this.#home, env)
  }

  /** Another `npm start` for the same user. */
  again(args: readonly string[]): Command {
    return npm(['start', '--', ...args], this.#home)
  }

  async get<T>(name: string, path: string): Promise<T> {
    const response = await fetch(this.node(name).http + path, { signal: AbortSignal.timeout(3000) })
    return (await response.json()) as T
  }

  async post(name: string, path: string, body?: unknown): Promise<{ status: number; type: string | null; body: Record<string, unknown> }> {
    const content =
      body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await fetch(this.node(name).http + path, { method: 'POST', ...content })
    return { status: response.status, type: response.headers.get('content-type'), body: (await response.json()) as Record<string, unknown> }
  }

  async members(name: string): Promise<{ members: Member[]; missing: string[] }> {
    return this.get(name, '/observer/v1/cluster')
  }

  /** The lives of a node that another one sees, with their status. */
  async statusOf(name: string, seenBy: string): Promise<Member[]> {
    const { members } = await this.members(seenBy)
    return members.filter((member) => member.name === name)
  }

  async registry(name: string): Promise<RegistryName[]> {
    const { names } = await this.get<{ names: RegistryName[] }>(name, '/observer/v1/registry?limit=10000')
    return names.map(({ name: key, node, pid }) => ({ name: key, node, pid }))
  }

  async events(name: string): Promise<ClusterEvent[]> {
    const { events } = await this.get<{ events: ClusterEvent[] }>(name, '/observer/v1/events?after=0&limit=10000')
    return events
  }

  /** The sum of a metric's samples whose labels hold all these texts, over several nodes. */
  async metric(names: readonly string[], metric: string, ...labels: readonly string[]): Promise<number> {
    const pages = await Promise.all(names.map(async (name) => (await fetch(this.node(name).metrics)).text()))
    return pages.reduce((all, page) => all + sumOf(page, metric, ...labels), 0)
  }

  /** Ends the run as Ctrl-C does, and cleans up behind it. */
  async stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.command.kill('SIGTERM')
    const ended = await this.command.ended
    await allGone(
      this.nodes.map(({ pid }) => pid),
      5000,
    )
    this.#home.remove()
    return ended
  }
}

function npm(args: readonly string[], home: Directory, env: Readonly<Record<string, string>> = {}): Command {
  return new Command('npm', args, { XDG_RUNTIME_DIR: home.path, ...env })
}

function readyLine(command: Command): string | undefined {
  const lines = command.stdout.split('\n').slice(0, -1)
  return lines.find((text) => text.startsWith('{'))
}
