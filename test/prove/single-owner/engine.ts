// The servers of the engine, one or three, each an OS process in a network namespace of its own: killed, stopped, and brought back.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '#test/support/eventually.ts'
import type { Network } from '#test/system/support/network.ts'
import type { ServerName, WhichServer } from './schedule.ts'

const CLIENT_PORT = 4222
const ROUTE_PORT = 6222
const READY_WITHIN_MS = 20_000
/** What a server says when the servers have agreed on one that leads them all. */
const HAS_LEADER = /JetStream cluster (?:metadata leader|new metadata leader:)/
/** What a server says when it leads the bucket of the names from now on; the time stands at the beginning of the line. */
const LEADS_NAMES = /^\[\d+\] (\S+ \S+) .*JetStream cluster new stream leader for .*_names'/

export class Engine {
  readonly names: readonly ServerName[]
  readonly #binary: string
  readonly #network: Network
  readonly #directory: string
  readonly #processes = new Map<ServerName, ChildProcess>()
  readonly #paused = new Set<ServerName>()

  constructor(binary: string, network: Network, names: readonly ServerName[], directory: string) {
    this.names = names
    this.#binary = binary
    this.#network = network
    this.#directory = directory
    mkdirSync(directory, { recursive: true })
    for (const name of names) writeFileSync(this.#file(name, 'conf'), this.#config(name))
  }

  get urls(): readonly string[] {
    return this.names.map((name) => `nats://${this.#network.host(name)}:${CLIENT_PORT}`)
  }

  /** What was acknowledged is on the disk: so a killed server has it still. */
  #config(name: ServerName): string {
    const host = this.#network.host(name)
    const routes = this.names.map((each) => `nats://${this.#network.host(each)}:${ROUTE_PORT}`)
    const cluster = `cluster { name: proof, listen: "${host}:${ROUTE_PORT}", routes: ${JSON.stringify(routes)} }`
    return `server_name: ${name}
listen: "${host}:${CLIENT_PORT}"
jetstream { store_dir: ${JSON.stringify(join(this.#directory, name))}, sync_interval: always }
${this.names.length > 1 ? cluster : ''}
`
  }

  #file(name: ServerName, what: string): string {
    return join(this.#directory, `${name}.${what}`)
  }

  /** Resolves when all are there and JetStream takes orders. */
  async start(): Promise<void> {
    for (const name of this.names) this.bringBack(name)
    await eventually('the engine has a leader', READY_WITHIN_MS, () => {
      const logs = this.names.map((name) => this.#log(name))
      return logs.every((log) => log.includes('Server is ready') && (this.names.length === 1 || HAS_LEADER.test(log)))
    })
  }

  #log(name: ServerName): string {
    return readFileSync(this.#file(name, 'log'), 'utf8')
  }

  /** Starts it, if it does not run, and lets it go on, if it stands still. */
  bringBack(name: ServerName): void {
    if (this.#paused.delete(name)) this.#processes.get(name)?.kill('SIGCONT')
    const before = this.#processes.get(name)
    if (before !== undefined && before.exitCode === null && before.signalCode === null) return
    const log = openSync(this.#file(name, 'log'), 'a')
    const command = ['netns', 'exec', this.#network.namespace(name), this.#binary, '--config', this.#file(name, 'conf')]
    const server = spawn('ip', command, { stdio: ['ignore', log, log] })
    closeSync(log)
    this.#processes.set(name, server)
  }

  kill(name: ServerName): void {
    this.#paused.delete(name)
    this.#processes.get(name)?.kill('SIGKILL')
  }

  pause(name: ServerName): void {
    this.#paused.add(name)
    this.#processes.get(name)?.kill('SIGSTOP')
  }

  /** By what the servers have said last. */
  which(server: WhichServer): ServerName {
    if (server !== 'leader') return server
    const saidAt = this.names.map((name) => {
      const line = this.#log(name)
        .split('\n')
        .findLast((each) => LEADS_NAMES.test(each))
      return { name, at: LEADS_NAMES.exec(line ?? '')?.[1] ?? '' }
    })
    return saidAt.reduce((latest, each) => (each.at > latest.at ? each : latest)).name
  }
}
