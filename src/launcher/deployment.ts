// A run: its nodes and its bidders as OS processes, from the first to the last.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { exitWithinMs } from '../shutdown-budget.ts'
import type { LaunchOptions } from './args.ts'
import { nodeEnvironment, sharedSettings } from './environment.ts'
import { LaunchFailure } from './failure.ts'
import { type NatsPlan, type OwnServer, planNats, writeServerConfig } from './nats.ts'
import { lotsEverywhere, wholeCluster } from './observe.ts'
import { checkPorts, type NeededPort, neededPorts } from './ports.ts'
import { DRIVER_SCRIPT, describeEnding, type Ending, NATS_SCRIPT, NODE_SCRIPT, Program } from './program.ts'
import { claimDirectory, findRun, logsOf, releaseDirectory, runDirectory } from './run-directory.ts'
import type { ShownLoad, ShownNode } from './screen.ts'
import { SEEDED_LOTS, seedLots } from './seed.ts'

/** The nodes of a run that was killed end by themselves; their ports are waited for. */
const DEAD_RUN_WITHIN_MS = 10_000
const READY_WITHIN_MS = 30_000
const NODE_STOP_WITHIN_MS = exitWithinMs() + 1000
const DRIVER_STOP_WITHIN_MS = 3000
const NATS_STOP_WITHIN_MS = 5000
const BID_RATE = 150
const OPEN_LOTS = 40
const LOG_LINES = 15

type Environment = Readonly<Record<string, string | undefined>>

export class Deployment {
  readonly directory: string
  nodes: readonly ShownNode[] = []
  load: ShownLoad | undefined
  /** Told when a program ends that nobody stopped. */
  onEnded: (program: Program, ending: Ending) => void = () => undefined
  readonly #options: LaunchOptions
  #programs: Program[] = []
  #driver: Program | undefined
  #natsServer: Program | undefined
  #isClaimed = false
  #isStopping = false

  constructor(options: LaunchOptions) {
    this.#options = options
    this.directory = runDirectory(options.portBase)
  }

  get logs(): string {
    return logsOf(this.directory)
  }

  /** Whether any node of those it started runs. */
  get isRunning(): boolean {
    return this.#programs.some(({ ending }) => ending === undefined)
  }

  isNode(program: Program): boolean {
    return this.#programs.includes(program)
  }

  /** Resolves when the nodes are one cluster and lots are open; throws `LaunchFailure`. What runs then has still to be stopped. */
  async start(): Promise<void> {
    const { nodes, portBase, load } = this.#options
    const numbers = Array.from({ length: nodes }, (_, index) => index + 1)
    const nats = this.#options.nats ? await planNats(portBase, process.env) : undefined
    const env = { ...process.env, ...nats?.settings }
    const secret = await this.#claim(numbers, env, nats)
    if (this.#isStopping) return
    if (nats?.server !== undefined) await this.#startNats(nats.server)
    if (this.#isStopping) return
    const starting = numbers.map((number) => this.#startNode({ number, portBase, nodes, secret, directory: this.directory }, env))
    this.nodes = await Promise.all(starting)
    const addresses = this.nodes.map(({ http }) => http)
    await this.#unlessOneEnds(wholeCluster(addresses, READY_WITHIN_MS))
    if (load) this.#startDriver(addresses)
    else await this.#unlessOneEnds(seedLots(addresses))
    await this.#unlessOneEnds(lotsEverywhere(addresses, load ? OPEN_LOTS : SEEDED_LOTS, READY_WITHIN_MS))
  }

  async #claim(numbers: readonly number[], env: Environment, nats: NatsPlan | undefined): Promise<string> {
    const { nodes, portBase } = this.#options
    const present = await findRun(this.directory)
    if (typeof present === 'object') {
      const what = `a run with port base ${portBase} is alive (its launcher is OS process ${present.pid})`
      throw new LaunchFailure(1, `${what}. End it, or choose other ports with --port-base.`)
    }
    const ports: NeededPort[] = neededPorts(portBase, numbers)
    if (nats?.server !== undefined)
      ports.push({ port: nats.server.port, use: 'the server of NATS; NATS_URL would name another one', isBrowsed: false })
    await checkPorts(ports, present === 'dead' ? DEAD_RUN_WITHIN_MS : 0)
    const secret = randomBytes(32).toString('base64url')
    await claimDirectory(this.directory, { portBase, nodes, secret, shared: sharedSettings(env) })
    this.#isClaimed = true
    return secret
  }

  async #startNats(server: OwnServer): Promise<void> {
    const config = await writeServerConfig(server, this.directory)
    const args = [config, String(server.port)]
    const program = this.#run(
      new Program({ name: 'nats', script: NATS_SCRIPT, args, env: process.env, logFile: join(this.logs, 'nats.log') }),
    )
    this.#natsServer = program
    await new Promise<void>((resolve, reject) => {
      program.onMessage = () => resolve()
      void program.ended.then((ending) => reject(this.#ended(program, ending)))
    })
  }

  #startNode(own: Parameters<typeof nodeEnvironment>[0], user: Environment): Promise<ShownNode> {
    const name = `n${own.number}`
    const env = nodeEnvironment(own, user)
    const program = this.#run(new Program({ name, script: NODE_SCRIPT, env, logFile: join(this.logs, `${name}.log`) }))
    this.#programs.push(program)
    return new Promise((resolve, reject) => {
      program.onMessage = (message) => {
        const { type, http, metrics } = message as { type?: string; http: string; metrics: string }
        if (type === 'ready') resolve({ name, pid: program.pid as number, http, metrics })
      }
      void program.ended.then((ending) => reject(this.#ended(program, ending)))
    })
  }

  #startDriver(addresses: readonly string[]): void {
    const args = ['--targets', addresses.join(','), '--rate', String(BID_RATE), '--lots', String(OPEN_LOTS)]
    const driver = this.#run(
      new Program({ name: 'load', script: DRIVER_SCRIPT, args, env: process.env, logFile: join(this.logs, 'load.log') }),
    )
    this.load = { bidsPerSecond: 0 }
    driver.onMessage = (message) => {
      this.load = message as ShownLoad
    }
    this.#driver = driver
  }

  #run(program: Program): Program {
    void program.ended.then((ending) => {
      if (program === this.#driver) this.load = undefined
      if (!this.#isStopping) this.onEnded(program, ending)
    })
    return program
  }

  /** Waits for a part of the start; fails as soon as one of the programs ends. */
  async #unlessOneEnds(work: Promise<void>): Promise<void> {
    const programs = [...this.#programs, ...(this.#driver === undefined ? [] : [this.#driver])]
    const failed = programs.map(async (program): Promise<never> => {
      throw this.#ended(program, await program.ended)
    })
    await Promise.race([work, ...failed])
  }

  #ended(program: Program, ending: Ending): LaunchFailure {
    const what = `${program.name} ended while it was started (${describeEnding(ending)})`
    return new LaunchFailure(1, `${what}; the last lines of its log:\n${program.lastLines(LOG_LINES)}`)
  }

  /** Stops the bidders, then the nodes, all at once; resolves when every OS process has ended. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#driver?.stop(DRIVER_STOP_WITHIN_MS)
    await Promise.all(this.#programs.map((program) => program.stop(NODE_STOP_WITHIN_MS)))
    // The nodes give their leases back to it.
    await this.#natsServer?.stop(NATS_STOP_WITHIN_MS)
    if (this.#isClaimed) await releaseDirectory(this.directory)
  }

  /** Ends everything at once. */
  hasten(): void {
    for (const program of [this.#driver, ...this.#programs, this.#natsServer]) program?.kill('SIGKILL')
  }
}
