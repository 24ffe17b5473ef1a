// The slices of a Kubernetes service, listed and then watched for as long as the node runs.
import { type Clock, inWords, type Random, type Timer } from '#base'
import { ApiError, type ApiServer } from './api-server.ts'
import { at, changedSlices, listedSlices, type PortChoice, peersOf, type Slices } from './endpoint-slices.ts'
import { jsonLines } from './json-lines.ts'
import { type Ending, FIRST_TASK, next, type Task } from './list-watch.ts'
import type { RunningTopology, TopologyListener } from './strategy.ts'

/** The server ends a watch after so long: the watches of many nodes do not end at one moment. */
const WATCH_MS = { least: 240_000, most: 300_000 } as const
/** What the server may take beyond that. */
const WATCH_MARGIN_MS = 15_000
const LIST_WITHIN_MS = 10_000
const SHORT_MS = 1000

export interface SliceWatchOptions {
  readonly api: ApiServer
  /** Of the slices, with what selects them. */
  readonly path: string
  readonly port: PortChoice
  readonly clock: Clock
  readonly random: Random
}

/**
 * Carries out what the state machine says, one task after the other. Not the library's informer: that one ends at the first answer of 403,
 * 429 or 500 and at the first broken connection, and says nothing of most errors within a watch.
 */
export class SliceWatch implements RunningTopology {
  readonly #options: SliceWatchOptions
  readonly #aborted = new AbortController()
  /** Undefined once it was stopped. */
  #listener: TopologyListener | undefined
  #slices: Slices = new Map()
  /** The watch is open: what is known is what is. */
  #isCurrent = false
  #timer: Timer | undefined
  #wake: () => void = () => undefined
  #ended: Promise<void> = Promise.resolve()

  constructor(options: SliceWatchOptions, listener: TopologyListener) {
    this.#options = options
    this.#listener = listener
  }

  /** Resolves after the first list, or the first failure: no node waits for an API server that is away. */
  async start(): Promise<void> {
    const first = await this.#carryOut(FIRST_TASK)
    this.#ended = this.#goOn(FIRST_TASK, first)
  }

  refresh(): void {
    // A watch that is open has told everything; one that is not is on its way, and not to be hurried against the server's wish.
    if (this.#isCurrent) this.#tell()
  }

  async stop(): Promise<void> {
    this.#listener = undefined
    this.#timer?.cancel()
    this.#aborted.abort(new Error('the topology was stopped'))
    this.#wake()
    await this.#ended
  }

  async #goOn(first: Task, firstEnding: Ending): Promise<void> {
    let task = first
    let ending = firstEnding
    while (this.#listener !== undefined) {
      const { task: then, delayMs, restarted } = next(task, ending, this.#options.random.next())
      if (restarted !== undefined) this.#listener.restarted(restarted)
      if (delayMs > 0) await this.#pause(delayMs)
      task = then
      ending = await this.#carryOut(task)
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      this.#timer = this.#options.clock.after(ms, resolve)
    })
  }

  async #carryOut(task: Task): Promise<Ending> {
    let version: string | undefined
    try {
      if (task.kind === 'list') return await this.#list()
      return await this.#watch(task.version, (newest) => {
        version = newest
      })
    } catch (error) {
      if (error instanceof ApiError && error.status === 410) return { kind: 'gone' }
      this.#listener?.failed(error as Error)
      const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : 0
      return { kind: 'failed', retryAfterMs, ...(version === undefined ? {} : { version }) }
    } finally {
      this.#isCurrent = false
    }
  }

  async #list(): Promise<Ending> {
    const { api, path, port } = this.#options
    const list = await api.json(path, LIST_WITHIN_MS, this.#aborted.signal)
    const version = versionOf(list)
    this.#slices = listedSlices(at(list, 'items'), port)
    this.#tell()
    return { kind: 'listed', version }
  }

  async #watch(from: string, isNewest: (version: string) => void): Promise<Ending> {
    const { api, path, clock, random, port } = this.#options
    const watchMs = WATCH_MS.least + random.next() * (WATCH_MS.most - WATCH_MS.least)
    const startedAt = clock.now()
    const query = `&watch=true&allowWatchBookmarks=true&timeoutSeconds=${Math.round(watchMs / 1000)}&resourceVersion=${encodeURIComponent(from)}`
    let version = from
    let ending: Ending | undefined
    await api.stream(path + query, watchMs + WATCH_MARGIN_MS, this.#aborted.signal, async (body) => {
      this.#isCurrent = true
      this.#tell()
      for await (const event of jsonLines(body)) {
        const type = String(at(event, 'type'))
        const object = at(event, 'object')
        if (type === 'ERROR') {
          ending = this.#onError(object)
          return
        }
        if (type !== 'BOOKMARK') this.#slices = changedSlices(this.#slices, type, object, port)
        version = versionOf(object)
        isNewest(version)
        this.#tell()
      }
    })
    return ending ?? { kind: 'closed', version, isShort: version === from && clock.now() - startedAt < SHORT_MS }
  }

  /** An error within the watch: whatever it is, going on from that version is not safe. */
  #onError(status: unknown): Ending {
    const said = inWords(at(status, 'message'))
    if (at(status, 'code') !== 410) this.#listener?.failed(new Error(`the watch ended with an error: ${said}`))
    return { kind: 'gone' }
  }

  #tell(): void {
    const { addresses, terminating, zones } = peersOf(this.#slices)
    this.#listener?.peers(addresses, { terminating, zones })
  }
}

function versionOf(object: unknown): string {
  const version = at(object, 'metadata', 'resourceVersion')
  if (typeof version === 'string') return version
  throw new Error('expected metadata.resourceVersion in what the API server sent')
}
