// Where schedules are played: three nodes under proof and the servers of their engine, each in a network namespace of its own.
// Namespaces, and no proxies before each link: what is cut is as silent as a cut cable, in both directions or in one, also for connections
// that are only being made and for those between the servers, and no byte of the proof goes through the process that watches it.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '#test/support/eventually.ts'
import { monotonic } from '#test/system/support/monotonic.ts'
import { Network, type Undo } from '#test/system/support/network.ts'
import { WallClocks, whyNoJumps } from '#test/system/support/wall-clocks.ts'
import { Engine } from './engine.ts'
import type { Life } from './handled.ts'
import { OwnerProcess } from './owner-process.ts'
import { NAMES, NODES, type NodeName, SERVERS } from './schedule.ts'
import { TRY_AGAIN } from './settings.ts'

const PORT = 4369
/** A busy machine takes its time to read so much TypeScript. */
const READY_WITHIN_MS = 180_000
const STOPS_WITHIN_MS = 15_000
const AGAIN_AFTER_MS = 500

export interface ArenaOptions {
  readonly servers: 0 | 1 | 3
  /** The program of the servers, where there are any. */
  readonly binary: string | undefined
  /** Of this arena alone. */
  readonly directory: string
}

/** What was done to it, or happened in it that nobody has done; in ms of CLOCK_MONOTONIC. */
export interface ArenaNote {
  readonly at: number
  readonly what: string
}

export class Arena {
  readonly network: Network
  readonly engine: Engine | undefined
  readonly clocks: WallClocks
  readonly notes: ArenaNote[] = []
  /** Nodes that have ended although nobody has ended them, in words. */
  readonly ended: ArenaNote[] = []
  readonly #directory: string
  readonly #processes: OwnerProcess[] = []
  readonly #undo = new Set<Undo>()
  #isOver = false

  private constructor({ servers, binary, directory }: ArenaOptions) {
    const names = SERVERS.slice(0, servers)
    mkdirSync(directory, { recursive: true })
    this.#directory = directory
    this.clocks = new WallClocks(directory)
    this.network = new Network([...NODES, ...names])
    this.engine = binary === undefined || servers === 0 ? undefined : new Engine(binary, this.network, names, join(directory, 'nats'))
  }

  /** Resolves when all nodes are there and have started every name. */
  static async start(options: ArenaOptions): Promise<Arena> {
    const arena = new Arena(options)
    try {
      await arena.engine?.start()
      for (const name of NODES) arena.startNode(name)
      await eventually('all nodes are ready', READY_WITHIN_MS, () => NODES.every((name) => arena.node(name).isReady))
      await eventually('all names are started', READY_WITHIN_MS, () => arena.#allStarted())
      return arena
    } catch (error) {
      await arena.end()
      throw error
    }
  }

  async #allStarted(): Promise<boolean> {
    const first = this.node(NODES[0])
    const { alive } = await first.ask('look', undefined)
    if (alive.length < NODES.length) return false
    await first.ask('start', { names: NAMES })
    return Object.keys((await first.ask('look', undefined)).owners).length === NAMES.length
  }

  note(what: string): void {
    this.notes.push({ at: monotonic(), what })
  }

  /** Its present life, or the last. */
  node(name: NodeName): OwnerProcess {
    const process = this.#processes.findLast(({ node }) => node === name)
    if (process === undefined) throw new Error(`no node ${name} in this arena`)
    return process
  }

  /** The present lives that are ready. */
  get ready(): readonly OwnerProcess[] {
    return NODES.map((name) => this.node(name)).filter(({ isRunning, isReady }) => isRunning && isReady)
  }

  startNode(name: NodeName): OwnerProcess {
    const number = this.#processes.filter(({ node }) => node === name).length + 1
    const id = `${name}#${number}`
    const process = new OwnerProcess(
      id,
      this.network.namespace(name),
      {
        name,
        host: this.network.host(name),
        port: PORT,
        peers: NODES.map((each) => `${this.network.host(each)}:${PORT}`),
        servers: this.engine?.urls ?? [],
        handled: join(this.#directory, `${name}-${number}.handled`),
        story: join(this.#directory, `${name}-${number}.jsonl`),
      },
      whyNoJumps() === undefined ? this.clocks.env(name) : {},
    )
    this.#processes.push(process)
    void process.ended.then((code) => this.#onEnded(process, code))
    return process
  }

  /** As an orchestrator does it: what has ended by itself is started again. */
  #onEnded(process: OwnerProcess, code: number | NodeJS.Signals | null): void {
    if (process.wasEnded || this.#isOver) return
    const note = { at: monotonic(), what: `${process.id} has ended with ${code}: ${process.lastWords().slice(0, 2000)}` }
    this.notes.push(note)
    if (code !== TRY_AGAIN && !this.#isBelowItself(process)) this.ended.push(note)
    setTimeout(() => {
      if (!this.#isOver && this.node(process.node) === process) this.startNode(process.node)
    }, AGAIN_AFTER_MS)
  }

  /**
   * Whose clock was set back begins below its former life, and does not hear of that if all who knew it stand still. When one of them goes on,
   * it ends as it should, to be started again above that one.
   */
  #isBelowItself(process: OwnerProcess): boolean {
    return this.clocks.wasSetBack(process.node) && /^superseded by /m.test(process.lastWords())
  }

  /** Tells a node to end and waits for it; what does not end is killed. */
  async stopNode(name: NodeName): Promise<void> {
    const process = this.node(name)
    const timer = setTimeout(() => {
      this.note(`${process.id} does not end`)
      process.kill()
    }, STOPS_WITHIN_MS)
    const code = await process.stop()
    clearTimeout(timer)
    this.note(`${process.id} has ended with ${code}`)
  }

  /** Remembers how a fault is taken back, so that `heal` can; the answer takes it back now. */
  undoable(undo: Undo): Undo {
    this.#undo.add(undo)
    return () => {
      this.#undo.delete(undo)
      undo()
    }
  }

  /** Takes back whatever there is still: links, servers, nodes that stand still or are gone. Clocks stay as they are. */
  heal(): void {
    for (const undo of this.#undo) undo()
    this.#undo.clear()
    for (const server of this.engine?.names ?? []) this.engine?.bringBack(server)
    for (const name of NODES) {
      const process = this.node(name)
      if (process.isPaused) process.resume()
      if (!process.isRunning) this.startNode(name)
    }
  }

  /** What all lives of all nodes have handled up to now. */
  lives(): Life[] {
    const now = monotonic()
    return this.#processes.map((process) => process.life(now))
  }

  /** Ends everything; its files stay. */
  async end(): Promise<void> {
    this.#isOver = true
    await this.network.remove()
    await Promise.all(this.#processes.map(({ ended }) => ended))
  }
}
