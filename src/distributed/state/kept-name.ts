// One name on this node: what was written or found here, and its operations, one after the other.
import { whyOf } from '#base'
import { type BirthId, compareFences, ENDED, type Fence, isSameBirth, type StoredState } from './fence.ts'
import { blobsOf, forgetBirths, greatestOver, type KeptBirths, type KeptContent, openBirth, writeBirth } from './kept-births.ts'
import { type Decision, damaged, KeptKey } from './kept-key.ts'
import { patience } from './patience.ts'
import type { StateEngine } from './state-engine.ts'
import type { OpenResult, WriteResult } from './state-store.ts'

/** What the store gives each of its names. */
export interface KeptNameContext {
  readonly engine: StateEngine
  /** States that are larger lie in blobs. */
  readonly inlineBytes: number
  /** A text that nobody ever had before, here or elsewhere, and without spaces. */
  readonly mark: () => string
  readonly onIdle: (name: KeptName) => void
}

/** A birth that was opened here. */
interface Own {
  readonly fence: Fence
  confirmed: StoredState | undefined
  /** On its way. */
  offered: StoredState | undefined
}

interface Job {
  /** Of one that writes and has not begun: a later write takes its place, and answers for both. */
  writing?: Writing
  readonly run: () => Promise<void>
}

interface Writing {
  state: StoredState
  waiters: { readonly settle: (result: WriteResult) => void; readonly fail: (error: unknown) => void }[]
}

const FENCED_BY_END: WriteResult = { ok: false, reason: 'fenced', by: ENDED }
/** A birth that could not be forgotten is forgotten later. */
const FORGET_AGAIN_MS = 30_000

export class KeptName {
  readonly key: string
  readonly #c: KeptNameContext
  readonly #kept: KeptKey
  #own: readonly Own[] = []
  #jobs: Job[] = []
  #running: Job | undefined

  constructor(key: string, context: KeptNameContext) {
    this.key = key
    this.#c = context
    this.#kept = new KeptKey(key, context.engine, context.mark)
  }

  /** Nothing is under way, and nothing was opened that may still be read. */
  get isIdle(): boolean {
    return this.#running === undefined && this.#own.length === 0
  }

  read(birth: BirthId): StoredState | undefined {
    const own = this.#ownOf(birth)
    return own?.offered ?? own?.confirmed
  }

  #ownOf(birth: BirthId): Own | undefined {
    return this.#own.find(({ fence }) => isSameBirth(fence, birth))
  }

  open(fence: Fence, inherits: boolean): Promise<OpenResult> {
    return new Promise((settle, fail) => {
      this.#enqueue({ run: () => this.#open(fence, inherits).then(settle, fail) })
    })
  }

  write(state: StoredState): Promise<WriteResult> {
    const own = this.#ownOf(state.fence)
    if (own !== undefined) own.offered = state
    return new Promise((settle, fail) => {
      const next = this.#jobs.at(-1)?.writing
      if (next !== undefined && compareFences(next.state.fence, state.fence) === 0) {
        next.state = state
        next.waiters.push({ settle, fail })
        return
      }
      const writing: Writing = { state, waiters: [{ settle, fail }] }
      const job: Job = { writing, run: () => this.#writeAll(writing) }
      this.#enqueue(job)
    })
  }

  release(fence: Fence): void {
    this.#own = this.#own.filter((own) => compareFences(own.fence, fence) > 0)
    if (this.isIdle) this.#c.onIdle(this)
  }

  forget(gen: number): void {
    this.#own = this.#own.filter((own) => own.fence.gen > gen)
    for (const job of this.#running === undefined ? this.#jobs : [this.#running, ...this.#jobs]) {
      if (job.writing !== undefined && job.writing.state.fence.gen <= gen) settleAll(job.writing, FENCED_BY_END)
    }
    this.#enqueue({ run: () => this.#forget(gen) })
  }

  /** Resolves when everything asked for so far is over. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#enqueue({ run: async () => resolve() })
    })
  }

  #enqueue(job: Job): void {
    this.#jobs.push(job)
    if (this.#running === undefined) void this.#work()
  }

  async #work(): Promise<void> {
    for (;;) {
      this.#running = this.#jobs.shift()
      if (this.#running === undefined) break
      await this.#running.run()
    }
    if (this.isIdle) this.#c.onIdle(this)
  }

  // ---- operations

  async #open(fence: Fence, inherits: boolean): Promise<OpenResult> {
    // Of a name that begins there is most likely nothing: if there is, the engine says so.
    if (inherits || fence.epoch === 1) this.#kept.suppose()
    const opened = await this.#kept.change<ReturnType<typeof openBirth>>('open', ({ births }) => {
      const opening = openBirth(births, fence, inherits)
      return opening.ok ? { births: opening.births, answer: opening } : { births, keepsMark: true, answer: opening }
    })
    if (!opened.ok) return { ok: false, reason: 'fenced', by: opened.by }
    let stored: StoredState | undefined
    if (opened.found !== undefined) {
      const bytes = await this.#bytesOf(opened.found)
      if (bytes === undefined) return this.#lostBlob(fence)
      stored = { ...opened.found, bytes }
    }
    const { over: _, ...token } = fence
    const own: Own = { fence: token, confirmed: stored && { ...stored, fence: token, seq: 1 }, offered: undefined }
    this.#own = [...this.#own.filter((other) => !isSameBirth(other.fence, fence)), own]
    return { ok: true, stored }
  }

  async #bytesOf({ bytes: blob }: KeptContent): Promise<Uint8Array | undefined> {
    if (typeof blob !== 'string') return blob
    const again = patience(this.#c.engine.clock, `give the state of '${this.key}'`)
    for (;;) {
      try {
        return await this.#c.engine.getBlob(blob)
      } catch (error) {
        await again(whyOf(error))
      }
    }
  }

  /** Only whoever has opened the name since may have dropped it. */
  async #lostBlob(fence: Fence): Promise<OpenResult> {
    this.#kept.unknow()
    const by = await this.#kept.change<Fence | undefined>('read', ({ births }) => {
      const isThere = births.some(({ token }) => isSameBirth(token, fence))
      return { births, keepsMark: true, answer: greatestOver(births, fence) ?? (isThere ? undefined : ENDED) }
    })
    if (by !== undefined) return { ok: false, reason: 'fenced', by }
    throw damaged(this.key, 'the blob that it lies in is not there')
  }

  async #writeAll(writing: Writing): Promise<void> {
    const { state } = writing
    try {
      const result = await this.#write(state)
      const own = this.#ownOf(state.fence)
      if (result.ok && own !== undefined && compareFences(own.fence, state.fence) === 0) own.confirmed = state
      settleAll(writing, result)
    } catch (error) {
      for (const { fail } of writing.waiters) fail(error)
    } finally {
      const own = this.#ownOf(state.fence)
      if (own?.offered === state) own.offered = undefined
    }
  }

  async #write(state: StoredState): Promise<WriteResult> {
    let blob: { readonly name: string; readonly revision: number } | undefined
    const decide = (births: KeptBirths, bytes: Uint8Array | string): Decision<WriteResult> => {
      const written = writeBirth(births, { ...state, bytes })
      return written.ok ? { births: written.births, answer: { ok: true } } : { answer: { ok: false, reason: 'fenced', by: written.by } }
    }
    if (state.bytes.length <= this.#c.inlineBytes) return this.#kept.change('write', ({ births }) => decide(births, state.bytes))
    return this.#kept.change('write', async ({ births, revision }) => {
      // What was to be written over another revision has been, or never will be; and whoever has written this one may have taken its blob for nobody's.
      if (blob !== undefined && blob.revision !== revision) {
        if (!blobsOf(births).has(blob.name)) this.#kept.dropBlob(blob.name)
        blob = undefined
      }
      const decision = decide(births, '')
      if (decision.births === undefined) return decision
      if (blob === undefined) {
        const name = `${this.#c.mark()} ${this.key}`
        await this.#c.engine.putBlob(name, state.bytes)
        blob = { name, revision }
      }
      return decide(births, blob.name)
    })
  }

  async #forget(gen: number): Promise<void> {
    try {
      // Also where there is nothing to forget: it may only have seemed so.
      await this.#kept.change('forget', ({ births }) => ({ births: forgetBirths(births, gen), keepsMark: true, answer: undefined }))
    } catch {
      this.#c.engine.clock.after(FORGET_AGAIN_MS, () => this.#enqueue({ run: () => this.#forget(gen) }))
    }
  }
}

function settleAll(writing: Writing, result: WriteResult): void {
  for (const { settle } of writing.waiters) settle(result)
  writing.waiters = []
}
