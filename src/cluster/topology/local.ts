// The topology of one host: nodes of the same user find each other through small files in a private directory, without a server.
import { type FSWatcher, watch } from 'node:fs'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock, type Timer } from '#base'
import type { NodeId } from '#process'
import { parseAddress } from '../address.ts'
import { parseNodeId } from '../node-name.ts'
import { isSameProcess, processStartTime } from './os-process.ts'
import { defaultRuntimeDirectory, privateDirectory } from './runtime-directory.ts'
import type { RunningTopology, TopologyListener, TopologyStrategy } from './strategy.ts'

export { defaultRuntimeDirectory } from './runtime-directory.ts'

export interface LocalTopologyOptions {
  /** Default `defaultRuntimeDirectory()`. Must be this user's own; made if there is none. */
  readonly directory?: string
  /** Between two looks when nothing tells of a change. Default 1 s. */
  readonly pollMs?: number
  /** Whether the file system is asked to tell of changes. Default true; without it only the poll finds them. */
  readonly watch?: boolean
  readonly clock?: Clock
}

/** What a node's file says. */
interface Entry {
  readonly id: NodeId
  readonly address: string
  readonly osPid: number
  readonly startTime: string | undefined
}

const SUFFIX = '.node.json'
const POLL_MS = 1000

/** One file a node life. Files whose OS process is gone are removed; files that make no sense are reported once and let be. */
export function localTopology(options: LocalTopologyOptions = {}): TopologyStrategy {
  return {
    name: 'local',
    start: async (self, listener) => {
      const { directory = defaultRuntimeDirectory() } = options
      await privateDirectory(directory)
      const own = { id: self.id, address: self.address, osPid: process.pid, startTime: await processStartTime(process.pid) }
      const lookout = new Lookout({ ...options, directory }, own, listener)
      await lookout.start()
      return lookout
    },
  }
}

/** Looks for one node, and leaves word of it. */
class Lookout implements RunningTopology {
  readonly #directory: string
  readonly #pollMs: number
  readonly #isWatching: boolean
  readonly #clock: Clock
  readonly #own: Entry
  /** Undefined once it was stopped. */
  #listener: TopologyListener | undefined
  #watcher: FSWatcher | undefined
  #timer: Timer | undefined
  /** The look under way, and whether another one was asked for meanwhile. */
  #look: Promise<void> | undefined
  #isLookDue = false
  /** Failures are told once, until they are gone. */
  readonly #failures = new Set<string>()

  constructor(options: LocalTopologyOptions & { readonly directory: string }, own: Entry, listener: TopologyListener) {
    const { directory, pollMs = POLL_MS, watch: isWatching = true, clock = systemClock } = options
    this.#directory = directory
    this.#pollMs = pollMs
    this.#isWatching = isWatching
    this.#clock = clock
    this.#own = own
    this.#listener = listener
  }

  async start(): Promise<void> {
    await this.#publish()
    if (this.#isWatching) this.#startWatching()
    await this.#lookNow()
    this.#scheduleLook()
  }

  refresh(): void {
    void this.#lookNow()
  }

  async stop(): Promise<void> {
    this.#listener = undefined
    this.#timer?.cancel()
    this.#watcher?.close()
    await this.#look
    await rm(this.#path(this.#own.id), { force: true })
  }

  #path(id: NodeId): string {
    return join(this.#directory, id + SUFFIX)
  }

  /** Whole or not at all: a reader never sees half a file of ours. */
  async #publish(): Promise<void> {
    const own = this.#own
    const half = join(this.#directory, `.${own.id}.half`)
    await writeFile(half, `${JSON.stringify(own)}\n`, { mode: 0o600 })
    await rename(half, this.#path(own.id))
  }

  #startWatching(): void {
    try {
      this.#watcher = watch(this.#directory, { persistent: false }, () => void this.#lookNow())
      // The poll goes on without it.
      this.#watcher.on('error', (error) => this.#fail('watch', error))
    } catch (error) {
      this.#fail('watch', error)
    }
  }

  #scheduleLook(): void {
    if (this.#listener === undefined) return
    this.#timer = this.#clock.after(this.#pollMs, () => {
      void this.#lookNow().then(() => this.#scheduleLook())
    })
  }

  /** One look at a time; what is asked for during one is answered by another that begins after it. */
  #lookNow(): Promise<void> {
    if (this.#listener === undefined) return Promise.resolve()
    this.#isLookDue = true
    this.#look ??= this.#lookWhileDue()
    return this.#look
  }

  async #lookWhileDue(): Promise<void> {
    while (this.#isLookDue && this.#listener !== undefined) {
      this.#isLookDue = false
      try {
        const addresses = await this.#lookOnce()
        this.#failures.delete('look')
        this.#listener?.peers(addresses)
      } catch (error) {
        this.#fail('look', error)
      }
    }
    // On the stack of the last check: a look that is asked for from now on begins anew.
    this.#look = undefined
  }

  async #lookOnce(): Promise<string[]> {
    const names = (await readdir(this.#directory)).filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'))
    const entries = await Promise.all(names.map((name) => this.#read(name)))
    // Somebody cleared the directory: without a file nobody finds this node.
    if (this.#listener !== undefined && !entries.some((entry) => entry?.id === this.#own.id)) await this.#publish()
    for (const known of this.#failures) if (known.endsWith(SUFFIX) && !names.includes(known)) this.#failures.delete(known)
    return [...new Set(entries.flatMap((entry) => (entry === undefined ? [] : [entry.address])))].toSorted()
  }

  /** The entry of a node that lives; `undefined` for the dead, whose file goes, and for garbage, which stays. */
  async #read(name: string): Promise<Entry | undefined> {
    const path = join(this.#directory, name)
    try {
      const entry = parseEntry(await readFile(path, 'utf8'))
      if (entry === undefined || entry.id + SUFFIX !== name) throw new Error(`${path} is no file of a node; remove it`)
      this.#failures.delete(name)
      if (await isSameProcess(entry.osPid, entry.startTime)) return entry
      // A file is named for one life of a node, so this cannot take the file of a later one.
      await rm(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#fail(name, error)
    }
    return undefined
  }

  #fail(what: string, error: unknown): void {
    if (this.#failures.has(what)) return
    this.#failures.add(what)
    this.#listener?.failed(error instanceof Error ? error : new Error(String(error)))
  }
}

function parseEntry(text: string): Entry | undefined {
  try {
    const { id, address, osPid, startTime } = JSON.parse(text.slice(0, 4096))
    const isWhole =
      typeof id === 'string' &&
      parseNodeId(id) !== undefined &&
      typeof address === 'string' &&
      parseAddress(address) !== undefined &&
      Number.isSafeInteger(osPid) &&
      osPid > 0 &&
      (startTime === undefined || typeof startTime === 'string')
    return isWhole ? { id, address, osPid, startTime } : undefined
  } catch {
    return undefined
  }
}
