// Three nodes as OS processes, made as the launcher makes them: told to end, killed, and brought back one by one.
import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeEnvironment } from '#src/launcher/environment.ts'
import { ask, wholeCluster } from '#src/launcher/observe.ts'
import { describeEnding, NODE_SCRIPT, Program } from '#src/launcher/program.ts'
import { claimDirectory } from '#src/launcher/run-directory.ts'
import { sumOf } from '#test/support/metrics-page.ts'
import { freePortBase } from '#test/system/support/os.ts'
import type { Store } from './options.ts'

const NODES = 3
const READY_WITHIN_MS = 30_000
const END_WITHIN_MS = 30_000
const POLL_MS = 10

/** What moved is counted by the log, too: nothing of it may be held back. */
const EVERY_RECORD = '1000000'

export interface FleetOptions {
  readonly store: Store
  readonly logLevel: 'info' | 'debug'
  /** Of this run alone: where its nodes find each other, their logs, their states. */
  readonly directory: string
}

export class Fleet {
  readonly nodes: readonly FleetNode[]

  private constructor(nodes: readonly FleetNode[]) {
    this.nodes = nodes
  }

  static async start({ store, logLevel, directory }: FleetOptions): Promise<Fleet> {
    const portBase = await freePortBase(NODES)
    const secret = randomBytes(32).toString('base64url')
    await claimDirectory(directory, { portBase, nodes: NODES, secret })
    const user = { ...withoutSettings(process.env), OTP_STATE_STORE: store, OTP_LOG_LEVEL: logLevel, OTP_LOG_BURST: EVERY_RECORD }
    const fleet = new Fleet(
      Array.from({ length: NODES }, (_, index) => {
        const own = { number: index + 1, portBase, nodes: NODES, secret, directory }
        return new FleetNode(`n${index + 1}`, nodeEnvironment(own, user), join(directory, 'logs'))
      }),
    )
    try {
      await Promise.all(fleet.nodes.map((node) => node.start()))
      await fleet.whole()
    } catch (error) {
      await fleet.end()
      throw error
    }
    return fleet
  }

  /** Resolves when all nodes see all others up. */
  whole(): Promise<void> {
    return wholeCluster(
      this.nodes.map(({ http }) => http),
      READY_WITHIN_MS,
    )
  }

  others(node: FleetNode): FleetNode[] {
    return this.nodes.filter((each) => each !== node)
  }

  async end(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
  }
}

/** What configures whoever proves is no setting of a node. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('OTP_')))
}

export class FleetNode {
  readonly name: string
  readonly http: string
  readonly metrics: string
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #logFile: string
  #program: Program | undefined
  #logFrom = 0

  constructor(name: string, env: Readonly<Record<string, string | undefined>>, logs: string) {
    this.name = name
    this.#env = env
    this.#logFile = join(logs, `${name}.log`)
    this.http = `http://127.0.0.1:${env.OTP_HTTP_PORT}`
    this.metrics = `http://127.0.0.1:${env.OTP_METRICS_PORT}`
  }

  /** Resolves when it says that it is ready to serve, as an orchestrator asks it. */
  async start(): Promise<void> {
    const program = new Program({ name: this.name, script: NODE_SCRIPT, env: this.#env, logFile: this.#logFile })
    this.#program = program
    this.#logFrom = statSync(this.#logFile).size
    const deadline = performance.now() + READY_WITHIN_MS
    while (!(await this.#isReady())) {
      if (program.ending !== undefined)
        throw new Error(`${this.name} ended (${describeEnding(program.ending)}) before it was ready:\n${program.lastLines(15)}`)
      if (performance.now() > deadline)
        throw new Error(`${this.name} was not ready within ${READY_WITHIN_MS} ms:\n${program.lastLines(15)}`)
      await sleep(POLL_MS)
    }
  }

  async #isReady(): Promise<boolean> {
    return (await ask(this.metrics, '/readyz')) !== undefined && (await ask(this.http, '/lots?limit=1')) !== undefined
  }

  get isRunning(): boolean {
    return this.#program !== undefined && this.#program.ending === undefined
  }

  tell(): void {
    this.#program?.kill('SIGTERM')
  }

  async kill(): Promise<void> {
    this.#program?.kill('SIGKILL')
    await this.#program?.ended
  }

  /** How it has ended; what does not end is killed. */
  async ended(): Promise<string> {
    const program = this.#program as Program
    const timer = setTimeout(() => program.kill('SIGKILL'), END_WITHIN_MS)
    const ending = await program.ended
    clearTimeout(timer)
    return describeEnding(ending)
  }

  /** The lines of its log since it was started last. */
  get log(): LogReader {
    return new LogReader(this.#logFile, this.#logFrom)
  }

  /** Names of the cluster by this node, with the id of the life that each lives in. */
  async registry(): Promise<ReadonlyMap<string, string>> {
    const answer = await ask(this.http, '/observer/v1/registry?limit=10000')
    if (answer === undefined) throw new Error(`${this.name} does not say where the lots are`)
    return new Map((answer.names as { name: string; pid: string }[]).map(({ name, pid }) => [name, pid.slice(0, pid.lastIndexOf('.'))]))
  }

  /** Lots whose owner is gone and that nobody has taken over yet. */
  async unplaced(): Promise<number> {
    return sumOf((await this.page()) ?? '', 'otp_children_unplaced')
  }

  /** The page of metrics; undefined if it does not answer. */
  async page(): Promise<string | undefined> {
    try {
      const response = await fetch(`${this.metrics}/metrics`, { signal: AbortSignal.timeout(2000) })
      const text = await response.text()
      return response.ok ? text : undefined
    } catch {
      return undefined
    }
  }
}

/** Reads what is written to a file as it grows. */
export class LogReader {
  readonly #file: number
  #at: number
  #rest = ''

  constructor(path: string, from: number) {
    this.#file = openSync(path, 'r')
    this.#at = from
  }

  /** Whole lines since the last time. */
  next(): string[] {
    const length = fstatSync(this.#file).size - this.#at
    if (length <= 0) return []
    const bytes = Buffer.alloc(length)
    this.#at += readSync(this.#file, bytes, 0, length, this.#at)
    const lines = (this.#rest + bytes.toString('utf8')).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines
  }

  close(): void {
    closeSync(this.#file)
  }
}
