// Keeps the state of one child on its node: as bytes, numbered, under the token of this ownership; and says what became of each write.
import { type Clock, CodedError, type Emitter, whyOf } from '#base'
import { decodeData, encodeData } from '#cluster'
import type { KeptState, StateKeeper } from '#otp'
import type { ExitReason, NodeId } from '#process'
import type { DistributedEvents } from '../events.ts'
import { compareFences, type Fence, type StoredState } from './fence.ts'
import type { StateStore, WriteResult } from './state-store.ts'

/** Half of what a frame may hold: a state that can be written can be copied. */
export const MAX_STATE_BYTES = 8 * 1024 * 1024

/** Whose state it is, and where. */
export interface KeptChild {
  readonly key: string
  readonly behaviour: string
  readonly fence: Fence
  readonly store: StateStore
  readonly clock: Clock
  readonly events: Emitter<DistributedEvents>
  readonly stop: (reason: ExitReason) => void
}

export class ChildStateKeeper implements StateKeeper {
  readonly #child: KeptChild
  #fence: Fence
  #seq: number
  #confirmed: number
  /** Its process has found that the name is another's. */
  isShutOut = false

  constructor(child: KeptChild) {
    this.#child = child
    this.#fence = child.fence
    this.#seq = this.#stored()?.seq ?? 0
    this.#confirmed = this.#seq
  }

  get fence(): Fence {
    return this.#fence
  }

  #stored() {
    const { store, key } = this.#child
    return store.read(key, this.#fence)
  }

  get kept(): KeptState | undefined {
    const stored = this.#stored()
    if (stored === undefined) return undefined
    return { version: stored.version, data: decodeData(stored.bytes), isConfirmed: stored.seq <= this.#confirmed }
  }

  async write(version: number, data: unknown): Promise<boolean> {
    const { key, store, clock } = this.#child
    const fence = this.#fence
    const startedMono = clock.now()
    try {
      const bytes = this.#encoded(data)
      const seq = ++this.#seq
      const result = await store.write(key, { fence, seq, version, bytes })
      if (result.ok) this.#confirmed = Math.max(this.#confirmed, seq)
      this.#note(result, bytes.length, startedMono)
      return result.ok
    } catch (error) {
      this.#noteFailure('error', whyOf(error), startedMono)
      throw error
    }
  }

  #encoded(data: unknown): Uint8Array {
    const bytes = encodeData(data)
    if (bytes.length <= MAX_STATE_BYTES) return bytes
    const { key, behaviour } = this.#child
    const what = `the state of '${key}' (${behaviour}) takes ${bytes.length} bytes, and at most ${MAX_STATE_BYTES} can be written`
    throw new CodedError('ERR_OTP_DISTRIBUTED_STATE_TOO_LARGE', `${what}; keep less, or save only what cannot be made again`)
  }

  #note(result: WriteResult, bytes: number, startedMono: number): void {
    const { key, behaviour, store, clock, events } = this.#child
    if (!result.ok)
      this.#noteFailure('fenced', result.by.owner === '' ? 'its birth is over' : `the name is ${result.by.owner}'s`, startedMono)
    else if (events.wants('state.written')) {
      events.emit('state.written', { name: key, behaviour, store: store.name, bytes, durationMs: clock.now() - startedMono })
    }
  }

  #noteFailure(outcome: 'fenced' | 'error', why: string, startedMono: number): void {
    const { key, behaviour, store, clock, events } = this.#child
    const durationMs = clock.now() - startedMono
    events.emit('state.write_failed', { name: key, behaviour, store: store.name, outcome, why, at: clock.wall(), durationMs })
  }

  /**
   * The process goes on, and writes under a later token, with which the state was opened anew. `false`: what was found then is not what it has
   * written, or what the node it was to go to, which begins with a copy, has made of that: it has to begin with what was found.
   */
  renew(fence: Fence, found: StoredState | undefined, heir: NodeId): boolean {
    const before = this.#fence
    const isCopy = found !== undefined && this.#seq > 0 && found.seq === 1 && found.fence.owner === heir && found.fence.epoch > before.epoch
    if (found !== undefined && compareFences(found.fence, before) !== 0 && !isCopy) return false
    this.#fence = fence
    this.#seq = this.#stored()?.seq ?? 0
    this.#confirmed = this.#seq
    return true
  }

  stop(reason: ExitReason): void {
    this.isShutOut = true
    this.#child.stop(reason)
  }
}
