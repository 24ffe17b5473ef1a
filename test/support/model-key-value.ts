// A model of an engine that decides by compare-and-set, with all that may go wrong with one, on the clock and by the seed that a test gives.
import { type Clock, type Random, seededRandom } from '#base'
import type { KeyValue, KeyValueEntry } from '#distributed'

export interface ModelEngineOptions {
  readonly clock: Clock
  readonly random?: Random
  /** How long a request takes to the engine, and its answer back; default 1 ms. */
  readonly delayMs?: number | readonly [number, number]
  /** After so long a client takes it that nobody answers; default 2 s. */
  readonly requestMs?: number
  readonly maxValueBytes?: number
}

/** What a key held from one write on. */
interface Version extends KeyValueEntry {
  /** By the engine's own clock. */
  readonly expiresAt: number | undefined
}

interface Write {
  readonly key: string
  readonly value: Uint8Array | undefined
  readonly expected: number
  readonly ttlMs: number | undefined
  readonly answer: (revision: number | undefined) => void
}

const NOTHING: Version = { value: undefined, revision: 0, expiresAt: undefined }
/** Versions of a key that a server which lags may still show. */
const REMEMBERED = 6
/** How long the engine remembers that a key has expired. */
const MARKER_MS = 3600_000

export class ModelEngine {
  /** Chance that an answer is lost after what was asked has been done. */
  answersLost = 0
  readonly #clock: Clock
  readonly #random: Random
  readonly #delayMs: readonly [number, number]
  readonly #requestMs: number
  readonly #maxValueBytes: number
  readonly #versions = new Map<string, Version[]>()
  readonly #cut = new Set<string>()
  /** What waits for a leader, or for a majority. */
  #waiting: Write[] = []
  #revision = 0
  #clockAheadMs = 0
  #stalledUntil = Number.NEGATIVE_INFINITY
  #hasQuorum = true
  #staleReads = 0
  /** What a server that lags behind has. */
  #lagging = new Map<string, Version>()

  constructor({ clock, random = seededRandom(1), delayMs = 1, requestMs = 2000, maxValueBytes = 1024 * 1024 }: ModelEngineOptions) {
    this.#clock = clock
    this.#random = random
    this.#delayMs = typeof delayMs === 'number' ? [delayMs, delayMs] : delayMs
    this.#requestMs = requestMs
    this.#maxValueBytes = maxValueBytes
  }

  // ---- what goes wrong

  /** From now on nothing passes between this client and the engine, in either direction. */
  cut(client: string): void {
    this.#cut.add(client)
  }

  mend(client: string): void {
    this.#cut.delete(client)
  }

  /** The leader is dead for so long: nobody answers. What was asked meanwhile may be done afterwards. */
  stall(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#clock.now() + ms)
    this.#clock.after(ms, () => this.#drain())
  }

  /** Without a majority nothing is written: a contended write is refused as if its revision were wrong, others hang, and reads go on. */
  set hasQuorum(has: boolean) {
    this.#hasQuorum = has
    this.#drain()
  }

  /** Chance that a read is answered by a server that hears nothing new from now on, or knows even less. */
  set staleReads(chance: number) {
    this.#staleReads = chance
    this.#lagging = new Map([...this.#versions.keys()].map((key) => [key, this.#current(key)]))
  }

  /** The clock by which the engine forgets keys goes so much ahead. */
  jump(ms: number): void {
    this.#clockAheadMs += ms
  }

  /** What is there, for who checks. */
  peek(key: string): KeyValueEntry {
    return this.#current(key)
  }

  // ---- clients

  /** One of many: `clock` is that of its node, which may stand still. */
  client(name: string, clock: Clock = this.#clock): KeyValue {
    const ask = <T>(what: string, act: (answer: (value: T) => void) => void): Promise<T> =>
      new Promise((resolve, reject) => {
        const timer = clock.after(this.#requestMs, () => reject(new Error(`nobody answered ${what} within ${this.#requestMs} ms`)))
        if (this.#cut.has(name)) return
        this.#clock.after(this.#delay(), () => {
          if (this.#cut.has(name)) return
          act((value) => {
            if (this.#cut.has(name) || this.#chance(this.answersLost)) return
            clock.after(this.#delay(), () => {
              if (this.#cut.has(name)) return
              timer.cancel()
              resolve(value)
            })
          })
        })
      })
    const write = (what: string, content: Omit<Write, 'answer'>) =>
      ask<number | undefined>(`${what} ${content.key}`, (answer) => this.#offer({ ...content, answer }))
    return {
      maxValueBytes: this.#maxValueBytes,
      get: (key) => ask<KeyValueEntry>(`get ${key}`, (answer) => this.#read(key, answer)),
      put: (key, value, expected, ttlMs) => {
        if (value.length > this.#maxValueBytes) return Promise.reject(new Error(`a value of ${value.length} bytes is too large`))
        return write('put', { key, value: value.slice(), expected, ttlMs })
      },
      delete: (key, expected, ttlMs) => write('delete', { key, value: undefined, expected, ttlMs }),
    }
  }

  // ---- the engine

  get #isStalled(): boolean {
    return this.#clock.now() < this.#stalledUntil
  }

  #read(key: string, answer: (entry: KeyValueEntry) => void): void {
    if (this.#isStalled) return
    const { value, revision } = this.#chance(this.#staleReads) ? this.#formerly(key) : this.#current(key)
    answer({ value, revision })
  }

  #formerly(key: string): Version {
    if (this.#chance(0.7)) return this.#lagging.get(key) ?? NOTHING
    const versions = [NOTHING, ...(this.#versions.get(key) ?? [])]
    return versions[Math.floor(this.#random.next() * versions.length)] as Version
  }

  #offer(write: Write): void {
    if (this.#isStalled) this.#waiting.push(write)
    else if (this.#hasQuorum) write.answer(this.#apply(write))
    else if (this.#current(write.key).revision !== write.expected || this.#waiting.some(({ key }) => key === write.key))
      write.answer(undefined)
    else this.#waiting.push(write)
  }

  /** Whether the next leader knows of what the last one was asked is a matter of luck. */
  #drain(): void {
    if (this.#isStalled || !this.#hasQuorum) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const write of waiting) if (this.#chance(0.5)) write.answer(this.#apply(write))
  }

  #apply({ key, value, expected, ttlMs }: Write): number | undefined {
    if (this.#current(key).revision !== expected) return undefined
    const expiresAt = ttlMs === undefined ? undefined : this.#now() + Math.ceil(ttlMs / 1000) * 1000
    return this.#add(key, { value, revision: ++this.#revision, expiresAt })
  }

  #add(key: string, version: Version): number {
    const versions = this.#versions.get(key) ?? []
    versions.push(version)
    if (versions.length > REMEMBERED) versions.shift()
    this.#versions.set(key, versions)
    return version.revision
  }

  #now(): number {
    return this.#clock.now() + this.#clockAheadMs
  }

  #current(key: string): Version {
    for (;;) {
      const version = this.#versions.get(key)?.at(-1) ?? NOTHING
      const { value, expiresAt } = version
      if (expiresAt === undefined || expiresAt > this.#now()) return version
      // What has expired leaves a trace, which expires, too.
      const isForgotten = value === undefined
      this.#add(key, isForgotten ? NOTHING : { value: undefined, revision: ++this.#revision, expiresAt: expiresAt + MARKER_MS })
    }
  }

  #delay(): number {
    const [least, most] = this.#delayMs
    return least === most ? least : least + this.#random.next() * (most - least)
  }

  #chance(of: number): boolean {
    return of > 0 && this.#random.next() < of
  }
}
