// What a drill is played on: a cluster as its user starts it, Prometheus and Alertmanager with every time shortened, and whom they tell.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { webhooks } from '#observability/alerts/alertmanager.ts'
import { times } from '#observability/alerts/times.ts'
import { monitoring } from '#observability/generate-rules.ts'
import { eventually } from '#test/support/eventually.ts'
import { allGone, Command, Directory, freePortBase, isRunning } from '../system/support/os.ts'
import { Run } from '../system/support/run.ts'
import { Collector } from './collector.ts'
import { Contact } from './contact.ts'
import { isTolerated } from './tolerated.ts'
import { isOver } from './verdict.ts'
import { Watch } from './watch.ts'

const READY_WITHIN_MS = 30_000
const QUIET_WITHIN_MS = 120_000
const REJOIN_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 90_000
export const CLUSTER = 'drill'

/** Programs that a drill needs. */
export const PROGRAMS = ['prometheus', 'prometheus-alertmanager'] as const

/** Settings of every node of a drill. */
export interface StackOptions {
  /** 1: times as shipped. */
  readonly factor: number
  readonly settings: Readonly<Record<string, string>>
  /** Whether bidders play; else there are a hundred lots, and nobody bids. */
  readonly load?: boolean
}

const NODES = ['n1', 'n2', 'n3'] as const
type NodeName = (typeof NODES)[number]

export class Stack {
  readonly run: Run
  readonly watch: Watch
  readonly contact: Contact
  readonly collector: Collector
  /** Base address of Prometheus' API. */
  readonly prometheus: string
  readonly #factor: number
  readonly #settings: Readonly<Record<string, string>>
  readonly #home: Directory
  readonly #programs: { readonly prometheus: Command; readonly alertmanager: Command }
  readonly #alertmanager: string
  readonly #webhook: string
  readonly #rejoined = new Map<string, { readonly command: Command; readonly pid: number }>()

  private constructor(parts: Pick<Stack, 'run' | 'contact' | 'collector' | 'prometheus'> & Parts) {
    this.run = parts.run
    this.contact = parts.contact
    this.collector = parts.collector
    this.prometheus = parts.prometheus
    this.#factor = parts.factor
    this.#settings = parts.settings
    this.#home = parts.home
    this.#programs = parts.programs
    this.#alertmanager = parts.alertmanager
    this.#webhook = parts.webhook
    this.watch = new Watch(parts.prometheus, parts.alertmanager, parts.contact)
  }

  /** Resolves when the nodes are one cluster, and Prometheus has scraped each of them. */
  static async start({ factor, settings, load = false }: StackOptions): Promise<Stack> {
    const home = new Directory()
    const contact = new Contact()
    const collector = new Collector()
    const [webhook, spans] = [await contact.listen(), await collector.listen()]
    const own = { ...settings, OTEL_EXPORTER_OTLP_ENDPOINT: spans, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
    const run = await Run.start(load ? [] : ['--no-load'], own)
    const ports = await freePortBase()
    const [prometheus, alertmanager] = [`127.0.0.1:${ports + 1}`, `127.0.0.1:${ports + 2}`]
    write(home.path, monitoring({ factor, places: placesOf(targetsOf(run), alertmanager), contacts: webhooks(webhook) }))
    const programs = {
      prometheus: new Command('prometheus', [
        `--config.file=${join(home.path, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(home.path, 'prometheus')}`,
        `--web.listen-address=${prometheus}`,
        '--enable-feature=exemplar-storage',
        // As shipped a minute: what got lost is sent again.
        `--rules.alert.resend-delay=${times(factor).every(60)}`,
        '--log.level=warn',
      ]),
      alertmanager: new Command('prometheus-alertmanager', [
        `--config.file=${join(home.path, 'alertmanager.yml')}`,
        `--storage.path=${join(home.path, 'alertmanager')}`,
        `--web.listen-address=${alertmanager}`,
        '--cluster.listen-address=',
        '--log.level=warn',
      ]),
    }
    const parts = {
      factor,
      settings: own,
      home,
      programs,
      webhook,
      alertmanager: `http://${alertmanager}`,
      prometheus: `http://${prometheus}`,
    }
    const stack = new Stack({ run, contact, collector, ...parts })
    await stack.#ready()
    return stack
  }

  async #ready(): Promise<void> {
    await eventually(`Alertmanager is ready: ${this.#programs.alertmanager.stderr}`, READY_WITHIN_MS, async () => {
      return (await fetch(`${this.#alertmanager}/-/ready`)).ok
    })
    await eventually(`Prometheus has scraped three nodes: ${this.#programs.prometheus.stderr}`, READY_WITHIN_MS, async () => {
      return (await this.query(`sum(up{job="otp"})`)) === 3
    })
    // A start is no calm: nothing was scraped yet, and event loops were busy with reading code.
    await eventually('nothing but the watchdog fires', QUIET_WITHIN_MS, () => {
      const seen = this.watch.since(0)
      return seen.length > 0 && seen.every((one) => isOver(one) || isTolerated(one))
    })
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
    await eventually(what, REJOIN_WITHIN_MS, async () => (await this.query(expr)) !== undefined)
  }

  /** Asks a node for one of its faults, or for something of its workload. */
  async ask(node: NodeName, path: string, body: object = {}): Promise<Record<string, unknown>> {
    const { status, body: answer } = await this.run.post(node, path, body)
    if (status >= 300) throw new Error(`POST ${path} to ${node}: ${status} ${JSON.stringify(answer)}`)
    return answer
  }

  /** Cuts a node off from the others, for so long. */
  async cut(node: NodeName, ms: number): Promise<void> {
    const others = NODES.filter((other) => other !== node)
    await this.ask(node, '/chaos/cut', { peers: others, ms })
    await Promise.all(others.map((other) => this.ask(other, '/chaos/cut', { peers: [node], ms })))
  }

  /** The OS process that is this node now. */
  pidOf(node: NodeName): number {
    return this.#rejoined.get(node)?.pid ?? this.run.node(node).pid
  }

  /** Sends a signal that ends a node; resolves when it is gone. */
  async end(node: NodeName, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const pid = this.pidOf(node)
    process.kill(pid, signal)
    await allGone([pid], STOP_WITHIN_MS)
    await this.#rejoined.get(node)?.command.ended
    this.#rejoined.delete(node)
  }

  /** Stops a node in its tracks, or lets it go on. */
  freeze(node: NodeName, isFrozen: boolean): void {
    process.kill(this.pidOf(node), isFrozen ? 'SIGSTOP' : 'SIGCONT')
  }

  /** Brings a node back that has ended; resolves when the others see it again. */
  async rejoin(node: NodeName, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const command = this.run.rejoin(node, { ...this.#settings, ...settings })
    const pid = await eventually(`${node} is an OS process: ${command.stderr}`, REJOIN_WITHIN_MS, () =>
      /is OS process (\d+)/.exec(command.stderr)?.at(1),
    )
    this.#rejoined.set(node, { command, pid: Number(pid) })
    await eventually(`${node} is back`, REJOIN_WITHIN_MS, async () => {
      const { members } = await this.run.members(node)
      return members.filter(({ status }) => status === 'up').length === 3
    })
  }

  /** Makes Prometheus scrape these instead of the nodes; without any, the nodes again. */
  retarget(change: (nodes: readonly string[]) => readonly string[] = (nodes) => nodes): void {
    const places = placesOf(change(targetsOf(this.run)), this.#alertmanager.replace('http://', ''))
    write(this.#home.path, monitoring({ factor: this.#factor, places, contacts: webhooks(this.#webhook) }))
    this.#programs.prometheus.kill('SIGHUP')
  }

  async stop(): Promise<void> {
    await this.watch.stop()
    const { prometheus, alertmanager } = this.#programs
    for (const program of [alertmanager, prometheus]) program.kill('SIGTERM')
    await Promise.all([prometheus.ended, alertmanager.ended])
    for (const { pid } of this.#rejoined.values()) if (isRunning(pid)) process.kill(pid, 'SIGTERM')
    await this.run.stop()
    await Promise.all([...this.#rejoined.values()].map(({ command }) => command.ended))
    this.collector.close()
    this.contact.close()
    this.#home.remove()
  }
}

interface Parts extends StackOptions {
  readonly home: Directory
  readonly programs: { readonly prometheus: Command; readonly alertmanager: Command }
  readonly webhook: string
  readonly alertmanager: string
}

const placesOf = (nodes: readonly string[], alertmanager: string) => ({ cluster: CLUSTER, nodes, alertmanager })
const targetsOf = (run: Run): string[] => run.nodes.map(({ metrics }) => new URL(metrics).host)

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}
