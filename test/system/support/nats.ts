// Servers of NATS for a test: one, or three that keep three copies; each a process that can be killed, frozen and brought back.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { portsOf } from '#src/launcher/ports.ts'
import { isAble } from '#src/nats/server-version.ts'
import { eventually } from '#test/support/eventually.ts'
import { Command, Directory, freePortBase } from './os.ts'

export interface ServersOptions {
  /** Default 1. */
  readonly count?: 1 | 3
  /** What a configuration has besides: accounts, TLS. May be changed later with `configure`. */
  readonly config?: string
  /** Another program than the one that was found. */
  readonly program?: string
  /** How it writes to its disk; an old one knows no other way than its own. */
  readonly sync?: string
}

const READY_WITHIN_MS = 20_000

const PAUSE = new Int32Array(new SharedArrayBuffer(4))

/** Whether every thread of it stands still. */
function isStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    return stat[stat.lastIndexOf(')') + 2] === 'T'
  })
}

/** Where `.ci/packages` puts it. */
function fetched(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'otp-labs/nats-server')
}

/** The version that a program says it is; `undefined` if there is no such program. */
export function versionOf(program: string): string | undefined {
  try {
    return / v(\d\S*)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1]
  } catch {
    return undefined
  }
}

/** A server that can be relied on: what `OTP_TEST_NATS_SERVER` names, what is installed, or what `.ci/packages` has fetched. */
export const NATS_SERVER: string | undefined = [process.env.OTP_TEST_NATS_SERVER, 'nats-server', fetched()].find((program) => {
  const version = program === undefined ? undefined : versionOf(program)
  return version !== undefined && isAble(version)
})

/** Why tests of NATS are skipped here; `undefined` if they are not. */
export const NO_NATS: string | undefined =
  NATS_SERVER === undefined
    ? 'there is no nats-server of version 2.11 or later: run .ci/packages, or name one in OTP_TEST_NATS_SERVER'
    : undefined

class Server {
  readonly name: string
  readonly port: number
  readonly httpPort: number
  command: Command | undefined
  isFrozen = false

  constructor(name: string, port: number, httpPort: number) {
    this.name = name
    this.port = port
    this.httpPort = httpPort
  }

  /** What it says of itself over HTTP. */
  async ask<T>(path: string): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.httpPort}${path}`, { signal: AbortSignal.timeout(1000) })
    return (await response.json()) as T
  }
}

export class NatsServers {
  readonly #program: string
  readonly #directory = new Directory()
  readonly #servers: readonly Server[]
  readonly #routes: readonly number[]
  readonly #sync: string
  #config: string

  private constructor(program: string, portBase: number, count: number, config: string, sync: string) {
    this.#sync = sync
    this.#program = program
    this.#config = config
    const portsAt = (index: number) => portsOf(portBase, index + 1)
    this.#servers = Array.from({ length: count }, (_, index) => {
      const { http: port, metrics: httpPort } = portsAt(index)
      return new Server(`nats${index + 1}`, port, httpPort)
    })
    this.#routes = this.#servers.map((_, index) => portsAt(count + index).http)
  }

  static async start({
    count = 1,
    config = '',
    program = NATS_SERVER,
    sync = 'sync_interval: always',
  }: ServersOptions = {}): Promise<NatsServers> {
    if (program === undefined) throw new Error(NO_NATS)
    const servers = new NatsServers(program, await freePortBase(2 * count), count, config, sync)
    for (const [index] of servers.#servers.entries()) servers.#spawn(index)
    await servers.ready()
    return servers
  }

  get count(): number {
    return this.#servers.length
  }

  /** Of all servers, as `connectNats` takes them. */
  get urls(): string[] {
    return this.#servers.map((_, index) => this.url(index))
  }

  url(index: number): string {
    return `127.0.0.1:${this.#server(index).port}`
  }

  pid(index: number): number {
    return this.#server(index).command?.pid as number
  }

  /** Resolves when the servers that run can be used: with three, as soon as two of them agree. */
  async ready(): Promise<void> {
    const running = this.#servers.filter(({ command, isFrozen }) => command !== undefined && !isFrozen)
    for (const server of running) {
      const gone = server.command?.ended.then(() => {
        throw new Error(`${server.name} ended: ${server.command?.stderr}`)
      })
      const ready = eventually(`${server.name} is ready`, READY_WITHIN_MS, async () => {
        if (this.count === 1) return (await server.ask<{ status: string }>('/healthz')).status === 'ok'
        const { meta_cluster: meta } = await server.ask<{ meta_cluster?: { leader?: string; cluster_size?: number } }>('/jsz')
        return meta?.leader !== undefined && meta.leader !== '' && meta.cluster_size === this.count
      })
      await Promise.race([ready, gone])
    }
  }

  /** Which server leads a stream, as the servers that run see it. */
  async leaderOf(stream: string): Promise<number> {
    return eventually(`${stream} has a leader`, READY_WITHIN_MS, async () => {
      for (const server of this.#servers) {
        if (server.command === undefined || server.isFrozen) continue
        const index = await this.#leaderSeenBy(server, stream)
        const leader = index === undefined ? undefined : this.#servers[index]
        if (leader?.command !== undefined && !leader.isFrozen) return index
      }
      return undefined
    })
  }

  async #leaderSeenBy(server: Server, stream: string): Promise<number | undefined> {
    if (this.count === 1) return 0
    const { account_details: accounts = [] } = await server.ask<{
      account_details?: { stream_detail?: { name: string; cluster?: { leader?: string } }[] }[]
    }>('/jsz?accounts=true&streams=true')
    const detail = accounts.flatMap(({ stream_detail = [] }) => stream_detail).find(({ name }) => name === stream)
    const index = this.#servers.findIndex(({ name }) => name === detail?.cluster?.leader)
    return index < 0 ? undefined : index
  }

  /** The server, of those that run, to which a client of this name is connected. */
  async connectedTo(name: string): Promise<number> {
    return eventually(`${name} is connected`, READY_WITHIN_MS, async () => {
      for (const [index, server] of this.#servers.entries()) {
        if (server.command === undefined || server.isFrozen) continue
        const { connections = [] } = await server.ask<{ connections?: { name?: string }[] }>('/connz')
        if (connections.some((connection) => connection.name === name)) return index
      }
      return undefined
    })
  }

  async kill(index: number): Promise<void> {
    const { command } = this.#server(index)
    command?.kill('SIGKILL')
    await command?.ended
    this.#server(index).command = undefined
    this.#server(index).isFrozen = false
  }

  /** SIGSTOP: its sockets stay open and nothing is answered, from when this returns. */
  freeze(index: number): void {
    this.#server(index).command?.kill('SIGSTOP')
    this.#server(index).isFrozen = true
    // On a busy machine a thread of it may run on for a moment.
    while (!isStopped(this.pid(index))) Atomics.wait(PAUSE, 0, 0, 1)
  }

  thaw(index: number): void {
    this.#server(index).command?.kill('SIGCONT')
    this.#server(index).isFrozen = false
  }

  /** Starts a server again that was killed, on its ports and with what it had stored. */
  async bringBack(index: number, config = this.#config): Promise<void> {
    this.#config = config
    this.#spawn(index)
    await this.ready()
  }

  /** Another configuration, which the servers that run read at once. */
  async configure(config: string): Promise<void> {
    this.#config = config
    for (const [index, { command }] of this.#servers.entries()) {
      this.#write(index)
      if (command === undefined) continue
      const before = command.stderr.length
      command.kill('SIGHUP')
      await eventually('the configuration is read', 5000, () => {
        const since = command.stderr.slice(before)
        if (since.includes('Failed to reload')) throw new Error(since)
        return since.includes('Reloaded server configuration')
      })
    }
  }

  /** A file beside the configuration, for certificates and keys; its path. */
  file(name: string, content: string): string {
    const path = this.pathOf(name)
    writeFileSync(path, content, { mode: 0o600 })
    return path
  }

  pathOf(name: string): string {
    return join(this.#directory.path, name)
  }

  async stop(): Promise<void> {
    for (const [index] of this.#servers.entries()) await this.kill(index)
    this.#directory.remove()
  }

  #server(index: number): Server {
    const server = this.#servers[index]
    if (server === undefined) throw new Error(`there is no server ${index}`)
    return server
  }

  #spawn(index: number): void {
    const server = this.#server(index)
    server.command = new Command(this.#program, ['-c', this.#write(index)])
  }

  #write(index: number): string {
    const { name, port, httpPort } = this.#server(index)
    const store = join(this.#directory.path, name)
    if (!existsSync(store)) mkdirSync(store)
    const cluster =
      this.count === 1
        ? ''
        : `cluster { name: test, listen: "127.0.0.1:${this.#routes[index]}", routes: [${this.#routes.map((each) => `"nats://127.0.0.1:${each}"`).join(', ')}] }\n`
    return this.file(
      `${name}.conf`,
      `server_name: ${name}\nlisten: "127.0.0.1:${port}"\nhttp: "127.0.0.1:${httpPort}"\n` +
        `jetstream { store_dir: ${JSON.stringify(store)}, ${this.#sync} }\n${cluster}${this.#config}\n`,
    )
  }
}
