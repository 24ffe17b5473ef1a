// The store on an engine that decides by compare-and-set: one key a name, so that whoever takes a name over shuts all others out by one write.
import { type Clock, CodedError, systemClock } from '#base'
import type { KeyValue } from '../arbiter/key-value.ts'
import { BirthBlocks } from './birth-blocks.ts'
import { BlobSweep } from './blob-sweep.ts'
import type { Blobs } from './blobs.ts'
import type { BirthId, Fence, StoredState } from './fence.ts'
import { KeptName } from './kept-name.ts'
import { StateEngine } from './state-engine.ts'
import type { OpenResult, StateStore, StateStoreContext, StateStoreFactory, WriteResult } from './state-store.ts'

export interface KeyValueStateStoreOptions {
  /** Of the store, in metrics: lower-case letters, as `nats`. */
  readonly name: string
  /** Larger states lie in blobs, which cost four requests more, or as many as the engine makes of them. Default 64 KiB; never more than an eighth of the engine's largest value. */
  readonly inlineBytes?: number
  /** For what comes before a node is made. */
  readonly clock?: Clock
}

const INLINE_BYTES = 64 * 1024
/** As many births as a value holds, and a little for their tokens. */
const SHARE_OF_VALUE = 9
/** A store that is closed waits so long for what is under way. */
const CLOSE_WITHIN_MS = 2000

/**
 * For `createNode({ stateStore })`. Resolves when the engine has said how far births are numbered. What is written survives what the engine
 * survives, the end of all nodes at once included. A write fails when the engine has not taken it within ten seconds.
 */
export async function keyValueStateStore(keyValue: KeyValue, blobs: Blobs, options: KeyValueStateStoreOptions): Promise<StateStoreFactory> {
  const { name, inlineBytes = INLINE_BYTES, clock = systemClock } = options
  if (!/^[a-z]+$/.test(name) || !Number.isSafeInteger(inlineBytes) || inlineBytes < 0) {
    const message = `expected a name of lower-case letters and inlineBytes from 0, got ${JSON.stringify({ name, inlineBytes })}`
    throw new CodedError('ERR_OTP_DISTRIBUTED_BAD_STATE_STORE', message)
  }
  const births = await BirthBlocks.read(keyValue, clock)
  const most = Math.min(inlineBytes, Math.floor(keyValue.maxValueBytes / SHARE_OF_VALUE))
  return (context) => new KeyValueStateStore(name, new StateEngine(keyValue, blobs, context.clock), births, most, context)
}

class KeyValueStateStore implements StateStore {
  readonly name: string
  readonly lastGen: number
  readonly #engine: StateEngine
  readonly #births: BirthBlocks
  readonly #inlineBytes: number
  readonly #self: string
  readonly #sweep: BlobSweep
  readonly #names = new Map<string, KeptName>()
  readonly #idle = new Set<KeptName>()
  #marks = 0

  constructor(name: string, engine: StateEngine, births: BirthBlocks, inlineBytes: number, { id, cluster }: StateStoreContext) {
    this.name = name
    this.lastGen = births.last
    this.#engine = engine
    this.#births = births
    this.#inlineBytes = inlineBytes
    this.#self = id
    this.#sweep = new BlobSweep(engine, () => cluster.alive.values().every((other) => other >= id))
  }

  #name(key: string): KeptName {
    const present = this.#names.get(key)
    if (present !== undefined) return present
    const name = new KeptName(key, {
      engine: this.#engine,
      inlineBytes: this.#inlineBytes,
      mark: () => `${this.#self}/${++this.#marks}`,
      onIdle: (idle) => this.#dropSoon(idle),
    })
    this.#names.set(key, name)
    return name
  }

  /** Not at once: what is known of its key serves the end of its birth, which often comes next. */
  #dropSoon(name: KeptName): void {
    this.#idle.add(name)
    if (this.#idle.size > 1) return
    this.#engine.clock.soon(() => {
      for (const idle of this.#idle) if (idle.isIdle && this.#names.get(idle.key) === idle) this.#names.delete(idle.key)
      this.#idle.clear()
    })
  }

  async open(key: string, fence: Fence, inherits: boolean): Promise<OpenResult> {
    if (fence.gen > this.#births.last) await this.#births.reserve(fence.gen)
    return this.#name(key).open(fence, inherits)
  }

  read(key: string, birth: BirthId): StoredState | undefined {
    return this.#names.get(key)?.read(birth)
  }

  write(key: string, state: StoredState): Promise<WriteResult> {
    return this.#name(key).write(state)
  }

  release(key: string, fence: Fence): void {
    this.#names.get(key)?.release(fence)
  }

  forget(key: string, gen: number): void {
    this.#name(key).forget(gen)
  }

  async close(): Promise<void> {
    this.#sweep.stop()
    const { promise: isLate, resolve } = Promise.withResolvers<void>()
    const timer = this.#engine.clock.after(CLOSE_WITHIN_MS, resolve)
    await Promise.race([Promise.all([...this.#names.values()].map((name) => name.settled())), isLate])
    timer.cancel()
  }
}
