// The store `sqlite`: one file a node, in a folder that the nodes of one machine share. Who takes a name over fences and reads the files of all.
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, CodedError, whyOf } from '#base'
import { nodeName } from '#cluster'
import { type BirthId, type Fence, newestOf, type StoredState } from './fence.ts'
import { isBusy, StateFile } from './state-file.ts'
import type { OpenResult, StateStore, StateStoreFactory, WriteResult } from './state-store.ts'

export interface SqliteStateStoreOptions {
  /** The same folder for every node of the machine; it is made if it is not there. One file for each node's name. */
  readonly directory: string
  /**
   * What a write has to survive. `kill`, the default: the end of any process, however it comes. `power_loss`: also that of the machine; then
   * every commit waits for the disk, and the node's event loop with it.
   */
  readonly survives?: 'kill' | 'power_loss'
}

const SUFFIX = '.sqlite'
/** A file that another process holds is tried again so often, so many ms apart. */
const TRIES = 50
const RETRY_MS = 100

/** For `createNode({ stateStore })`. Throws `ERR_OTP_DISTRIBUTED_STATE_DIRECTORY` when the node is made if the folder cannot be used. */
export function sqliteStateStore({ directory, survives = 'kill' }: SqliteStateStoreOptions): StateStoreFactory {
  if (survives !== 'kill' && survives !== 'power_loss') {
    throw new CodedError('ERR_OTP_DISTRIBUTED_BAD_STATE_STORE', `expected survives to be 'kill' or 'power_loss', got ${String(survives)}`)
  }
  return ({ id, clock }) => new SqliteStateStore(directory, nodeName(id), survives === 'power_loss', clock)
}

interface PendingWrite {
  readonly key: string
  readonly state: StoredState
  readonly settle: (result: WriteResult) => void
  readonly fail: (error: unknown) => void
}

class SqliteStateStore implements StateStore {
  readonly name = 'sqlite'
  readonly lastGen: number
  readonly #directory: string
  readonly #syncs: boolean
  readonly #clock: Clock
  readonly #own: StateFile
  readonly #ownName: string
  readonly #others = new Map<string, StateFile>()
  /** Writes of this turn of the event loop: they share one commit. */
  #pending: PendingWrite[] = []

  constructor(directory: string, node: string, syncs: boolean, clock: Clock) {
    this.#directory = directory
    this.#syncs = syncs
    this.#clock = clock
    this.#ownName = `${node}${SUFFIX}`
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      this.#own = new StateFile(join(directory, this.#ownName), syncs)
      this.lastGen = Math.max(...this.#files().map((file) => file.lastGen))
    } catch (error) {
      const why = whyOf(error)
      const message = `expected a folder for state that this user can write, got ${JSON.stringify(directory)}: ${why}`
      throw new CodedError('ERR_OTP_DISTRIBUTED_STATE_DIRECTORY', message, { cause: error })
    }
  }

  /** This node's file, and those of every node that has ever had one here. */
  #files(): readonly StateFile[] {
    for (const name of readdirSync(this.#directory)) {
      if (!name.endsWith(SUFFIX) || name === this.#ownName || this.#others.has(name)) continue
      this.#others.set(name, new StateFile(join(this.#directory, name), this.#syncs))
    }
    return [this.#own, ...this.#others.values()]
  }

  async open(key: string, fence: Fence, inherits: boolean): Promise<OpenResult> {
    for (let tries = 1; ; tries++) {
      try {
        return this.#open(key, fence, inherits)
      } catch (error) {
        if (!isBusy(error) || tries === TRIES) throw error
      }
      await new Promise<void>((resolve) => this.#clock.after(RETRY_MS, resolve))
    }
  }

  #open(key: string, fence: Fence, inherits: boolean): OpenResult {
    this.#commit()
    const files = this.#files()
    for (const file of files) {
      const by = file.raise(key, fence)
      if (by !== undefined) return { ok: false, reason: 'fenced', by }
    }
    // Only now: from here on nobody can write what is not seen.
    const newest = newestOf(files.flatMap((file) => (inherits ? file.readUpTo(key, fence.gen) : [file.read(key, fence)])))
    const by = newest === undefined ? undefined : this.#own.write(key, { ...newest, fence, seq: 1 })
    if (by !== undefined) return { ok: false, reason: 'fenced', by }
    for (const file of this.#others.values()) file.clear(key, fence)
    return { ok: true, stored: newest }
  }

  read(key: string, birth: BirthId): StoredState | undefined {
    this.#commit()
    return this.#own.read(key, birth)
  }

  write(key: string, state: StoredState): Promise<WriteResult> {
    return new Promise((settle, fail) => {
      if (this.#pending.push({ key, state, settle, fail }) === 1) queueMicrotask(() => this.#commit())
    })
  }

  #commit(): void {
    const writes = this.#pending
    if (writes.length === 0) return
    this.#pending = []
    const fences: (Fence | undefined)[] = []
    try {
      const writeAll = () => {
        for (const { key, state } of writes) fences.push(this.#own.write(key, state))
      }
      // One statement is a transaction by itself.
      if (writes.length === 1) writeAll()
      else this.#own.together(writeAll)
    } catch (error) {
      for (const { fail } of writes) fail(error)
      return
    }
    for (const [index, { settle }] of writes.entries()) {
      const by = fences[index]
      settle(by === undefined ? { ok: true } : { ok: false, reason: 'fenced', by })
    }
  }

  release(): void {
    this.#commit()
  }

  forget(key: string, gen: number): void {
    this.#commit()
    for (const file of this.#files()) {
      try {
        file.forget(key, gen)
      } catch (error) {
        // A row that stays is of a birth that is over, and is found by none that knows of its end.
        if (!isBusy(error)) throw error
      }
    }
  }

  close(): Promise<void> {
    this.#commit()
    for (const file of [this.#own, ...this.#others.values()]) file.close()
    this.#others.clear()
    return Promise.resolve()
  }
}
