// A cluster of the workload's nodes, each an OS process in a network namespace of its own, and what a test wants to know of it.
import { join } from 'node:path'
import type { History } from '#test/history/history.ts'
import { judge, type Verdict } from '#test/history/verdict.ts'
import { eventually } from '#test/support/eventually.ts'
import { monotonic } from './monotonic.ts'
import { Network } from './network.ts'
import { Directory } from './os.ts'
import { WallClocks } from './wall-clocks.ts'
import { lotNames } from './workload/settings.ts'
import { WorkloadProcess } from './workload-process.ts'

const PORT = 4369
/** From each node. */
const BIDS_A_SECOND = 50
const READY_WITHIN_MS = 30_000
export interface FaultClusterOptions {
  readonly lots: number
  /** Whether wall clocks can be made to jump. */
  readonly canJump?: boolean
}

export class FaultCluster {
  readonly network: Network
  readonly names = ['n1', 'n2', 'n3'] as const
  readonly lots: readonly string[]
  readonly #options: FaultClusterOptions
  readonly #directory = new Directory()
  /** Of those nodes that were started with `canJump`. */
  readonly clocks = new WallClocks(this.#directory.path)
  /** Every OS process there has been, the latest of each node last. */
  readonly #processes: WorkloadProcess[] = []

  private constructor(options: FaultClusterOptions) {
    this.#options = options
    this.lots = lotNames(options.lots)
    this.network = new Network(this.names)
  }

  /** Resolves when all nodes are there, agree on the lots, and are bid on. */
  static async start(options: FaultClusterOptions): Promise<FaultCluster> {
    const cluster = new FaultCluster(options)
    try {
      await cluster.startAll(true)
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  /** `formed`: each waits for the others before it opens its list; otherwise each begins at once, by what it knows. */
  async startAll(formed: boolean): Promise<void> {
    for (const name of this.names) this.start(name, formed)
    await this.ready()
  }

  /** Starts a node, or starts it again; `ready` waits until it takes part. */
  start(name: string, formed = false): WorkloadProcess {
    const process = new WorkloadProcess(
      this.network.namespace(name),
      {
        name,
        host: this.network.host(name),
        port: PORT,
        peers: this.names.map((peer) => `${this.network.host(peer)}:${PORT}`),
        lots: this.#options.lots,
        waitFor: formed ? this.names.length : 1,
        history: join(this.#directory.path, `${this.#processes.length}-${name}.jsonl`),
      },
      this.#options.canJump === true ? this.clocks.env(name) : {},
    )
    this.#processes.push(process)
    return process
  }

  /** Resolves when all nodes have been ready and agree; then they bid. */
  async ready(): Promise<void> {
    await Promise.all(this.running().map((process) => process.ready(READY_WITHIN_MS)))
    await this.settled(READY_WITHIN_MS)
    await Promise.all(this.running().map((process) => process.ask('bid', { rate: BIDS_A_SECOND })))
  }

  node(name: string): WorkloadProcess {
    const process = this.#processes.findLast(({ settings }) => settings.name === name)
    if (process === undefined) throw new Error(`no node ${name} in this cluster`)
    return process
  }

  /** Those that nobody has ended: one that ended by itself is still among them, and cannot be asked. */
  running(): WorkloadProcess[] {
    return this.#processes.filter(({ wasEnded }) => !wasEnded)
  }

  /** The node that owns the most lots, and the others: what befalls the first is felt by a third of all lots at least. */
  async busiest(): Promise<{ busiest: string; others: readonly string[] }> {
    const views = await Promise.all(this.running().map(async (process) => ({ process, own: (await process.ask('look', undefined)).own })))
    const [first, ...rest] = views.toSorted((a, b) => b.own - a.own).map(({ process }) => process.settings.name)
    return { busiest: first as string, others: rest }
  }

  /** Waits until the nodes that run see each other and nobody else, and agree on an owner for every lot that is one of them. */
  async settled(withinMs: number): Promise<void> {
    await Promise.race([this.#agreed(withinMs), ...this.running().map((process) => process.endedByItself())])
  }

  async #agreed(withinMs: number): Promise<void> {
    await eventually('all agree on who is there and who owns what', withinMs, async () => {
      const running = this.running()
      const views = await Promise.all(running.map((process) => process.ask('look', undefined)))
      const expected = JSON.stringify(running.map(({ settings }) => settings.name).toSorted())
      return views.every(
        ({ alive, names, owners }) =>
          JSON.stringify(alive.map((id) => id.split('.')[0]).toSorted()) === expected &&
          names === this.lots.length &&
          owners === views[0]?.owners,
      )
    })
  }

  histories(): History[] {
    return this.#processes.map((process) => process.history())
  }

  /** What the checker says of the time since `from`; every lot that lives tells its bids first. */
  async verdict(from: number): Promise<Verdict> {
    await Promise.all(this.running().map((process) => process.ask('account', undefined)))
    const to = monotonic()
    return judge(this.histories(), { lots: this.lots, from, to })
  }

  /** Ends everything and leaves nothing. */
  async stop(): Promise<void> {
    await this.network.remove()
    await Promise.all(this.#processes.map(({ ended }) => ended))
    this.#directory.remove()
  }
}
