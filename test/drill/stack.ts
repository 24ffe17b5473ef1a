// What a drill is played on: a cluster as its user starts it, Prometheus and Alertmanager with every time shortened, and whom they tell.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { webhooks } from '#observability/alerts/alertmanager.ts'
import { times } from '#observability/alerts/times.ts'
import { monitoring } from '#observability/generate-rules.ts'
import { eventually } from '#test/support/eventually.ts'
import { NatsServers, NO_NATS } from '../system/support/nats.ts'
import { allGone, Command, Directory, freePortBase, freeze, isRunning } from '../system/support/os.ts'
import { Run, type RunNode } from '../system/support/run.ts'
import { Collector } from './collector.ts'
import { Contact } from './contact.ts'
import { Ground, type NodeName } from './ground.ts'
import { Machine } from './machine.ts'
import { isTolerated } from './tolerated.ts'
import { isOver, nameOf } from './verdict.ts'

const READY_WITHIN_MS = 30_000
const QUIET_WITHIN = { fixedMs: 60_000, shippedSeconds: 900 } as const
const REJOIN_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 90_000
export const CLUSTER = 'drill'

/** Programs that a drill needs. */
export const PROGRAMS = ['prometheus', 'prometheus-alertmanager'] as const

/** Why nodes with these settings cannot run here; `undefined`: they can. */
export const whyNoEngine = ({ OTP_ARBITER: arbiter }: Readonly<Record<string, string>>): string | undefined =>
  arbiter === 'nats' ? NO_NATS : undefined

/** Settings of every node of a drill. */
export interface StackOptions {
  /** 1: times as shipped. */
  readonly factor: number
  readonly settings: Readonly<Record<string, string>>
  /** Whether bidders play; else there are a hundred lots, and nobody bids. */
  readonly load?: boolean
}

const NODES: readonly NodeName[] = ['n1', 'n2', 'n3']

export class Stack extends Ground {
  readonly run: Run
  readonly collector: Collector
  /** What decides who owns a name, where the settings say that something does. */
  readonly engine: NatsServers | undefined
  readonly #parts: Parts
  readonly #rejoined = new Map<string, { readonly command: Command; readonly pid: number }>()

  private constructor(parts: Parts) {
    super({ ...parts, nodes: Object.fromEntries(NODES.map((name) => [name, parts.run.node(name)])) as Record<NodeName, RunNode> })
    this.run = parts.run
    this.collector = parts.collector
    this.engine = parts.engine
    this.#parts = parts
  }

  /** Resolves when the nodes are one cluster, Prometheus has scraped each of them, and no alert is about to fire. */
  static async start({ factor, settings, load = false }: StackOptions): Promise<Stack> {
    const home = new Directory()
    const contact = new Contact()
    const collector = new Collector()
    const [webhook, spans] = [await contact.listen(), await collector.listen()]
    const engine = settings['OTP_ARBITER'] === 'nats' ? await NatsServers.start() : undefined
    const address = engine === undefined ? {} : { NATS_URL: engine.urls.join() }
    const own = { ...settings, ...address, OTEL_EXPORTER_OTLP_ENDPOINT: spans, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
    const run = await Run.start(load ? [] : ['--no-load'], own).catch(async (error: unknown) => {
      for (const ear of [contact, collector]) ear.close()
      await engine?.stop()
      home.remove()
      throw error
    })
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
    const addresses = { prometheus: `http://${prometheus}`, alertmanager: `http://${alertmanager}` }
    const stack = new Stack({ factor, settings: own, home, programs, webhook, run, contact, collector, engine, ...addresses })
    try {
      await stack.#ready()
      return stack
    } catch (error) {
      await stack.stop()
      throw error
    }
  }

  async #ready(): Promise<void> {
    const { factor, programs } = this.#parts
    await eventually(`Alertmanager is ready: ${programs.alertmanager.stderr}`, READY_WITHIN_MS, async () => {
      return (await fetch(`${this.alertmanager}/-/ready`)).ok
    })
    await eventually(`Prometheus has scraped three nodes: ${programs.prometheus.stderr}`, READY_WITHIN_MS, async () => {
      return (await this.query(`sum(up{job="otp"})`)) === 3
    })
    // A start is no calm: nothing was scraped yet, and event loops were busy with reading code.
    const { fixedMs, shippedSeconds } = QUIET_WITHIN
    const machine = new Machine()
    const isExcused = (name: string): boolean => isTolerated(name, factor) || machine.excuses(name)
    await eventually('no alert but the watchdog fires or is about to', fixedMs + shippedSeconds * factor * 1000, async () => {
      const seen = this.watch.since(0)
      const isQuiet = seen.every((one) => isOver(one) || isExcused(nameOf(one)))
      return seen.length > 0 && isQuiet && (await this.watch.unrest('about to')).every(isExcused)
    })
    machine.stop()
  }

  /** Where the configuration of Prometheus and Alertmanager is, and their data. */
  get folder(): string {
    return this.#parts.home.path
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
  freeze(node: NodeName, isStill: boolean): void {
    freeze(this.pidOf(node), isStill)
  }

  /** Brings a node back that has ended; resolves when the others see it again. */
  async rejoin(node: NodeName, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const command = this.run.rejoin(node, { ...this.#parts.settings, ...settings })
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
    const { factor, home, programs, webhook } = this.#parts
    const places = placesOf(change(targetsOf(this.run)), this.alertmanager.replace('http://', ''))
    write(home.path, monitoring({ factor, places, contacts: webhooks(webhook) }))
    programs.prometheus.kill('SIGHUP')
  }

  async stop(): Promise<void> {
    const { home, programs, contact, collector, engine } = this.#parts
    await this.watch.stop()
    const { prometheus, alertmanager } = programs
    for (const program of [alertmanager, prometheus]) program.kill('SIGTERM')
    await Promise.all([prometheus.ended, alertmanager.ended])
    for (const { pid } of this.#rejoined.values()) if (isRunning(pid)) process.kill(pid, 'SIGTERM')
    await this.run.stop()
    await Promise.all([...this.#rejoined.values()].map(({ command }) => command.ended))
    await engine?.stop()
    collector.close()
    contact.close()
    home.remove()
  }
}

interface Parts extends StackOptions {
  readonly run: Run
  readonly contact: Contact
  readonly collector: Collector
  readonly engine: NatsServers | undefined
  readonly home: Directory
  readonly programs: { readonly prometheus: Command; readonly alertmanager: Command }
  readonly webhook: string
  readonly prometheus: string
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
