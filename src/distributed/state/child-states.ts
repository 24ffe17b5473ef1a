// The states of this node's children: opened before a child is started, released when it stops, forgotten when its birth is over.
import type { Clock, Emitter } from '#base'
import type { ExitReason, NodeId } from '#process'
import type { DistributedEvents } from '../events.ts'
import { ChildStateKeeper, type KeptChild } from './child-state-keeper.ts'
import { compareFences, type Fence } from './fence.ts'
import type { StateStore } from './state-store.ts'

/** Which life of a name is about to be started here. */
export interface Birth {
  readonly gen: number
  readonly epoch: number
  /** State of earlier births is not its own. Lower than `gen` only where nobody knows of an earlier birth's end. */
  readonly oldestGen: number
}

export interface ChildStatesOptions {
  readonly self: NodeId
  readonly store: StateStore
  readonly clock: Clock
  readonly events: Emitter<DistributedEvents>
  readonly isAlive: (id: NodeId) => boolean
}

/** A live node whose greater token has stood for so long without its claim has given it up again. Who is outdone too early loses nothing but time. */
const PATIENCE_MS = 2000

/** `fenced`: another live node has a greater token, so that it is, or is about to be, the owner. `unavailable`: the store could not tell. */
export type OpenedState =
  | { readonly ok: true; readonly keeper: ChildStateKeeper }
  | { readonly ok: false; readonly reason: 'fenced' | 'unavailable' }

export class ChildStates {
  readonly #o: ChildStatesOptions
  /** Tokens of live nodes in whose favour this one stood back, and since when. */
  readonly #respected = new Map<string, { readonly by: Fence; readonly since: number }>()

  constructor(options: ChildStatesOptions) {
    this.#o = options
  }

  /**
   * The keeper of a child's state, with whatever there is of this birth. A token of a node that is gone, or that did not claim the name, is
   * outdone by a higher epoch, so the keeper's may be higher than was asked for.
   */
  async open(key: string, behaviour: string, birth: Birth, stop: (reason: ExitReason) => void): Promise<OpenedState> {
    const { store, clock, events } = this.#o
    const startedMono = clock.now()
    try {
      return await this.#open(key, behaviour, birth, stop, startedMono)
    } catch (error) {
      const why = `not opened: ${error instanceof Error ? error.message : String(error)}`
      const durationMs = clock.now() - startedMono
      events.emit('state.write_failed', { name: key, behaviour, store: store.name, outcome: 'error', why, at: clock.wall(), durationMs })
      return { ok: false, reason: 'unavailable' }
    }
  }

  async #open(key: string, behaviour: string, birth: Birth, stop: KeptChild['stop'], startedMono: number): Promise<OpenedState> {
    const { store, clock, events } = this.#o
    let fence: Fence = { gen: birth.gen, epoch: birth.epoch, owner: this.#o.self }
    for (;;) {
      const result = await store.open(key, fence, birth.oldestGen)
      if (result.ok) {
        const { stored } = result
        this.#respected.delete(key)
        if (stored !== undefined) {
          const from = stored.fence.owner
          const durationMs = clock.now() - startedMono
          events.emit('state.loaded', {
            name: key,
            behaviour,
            store: store.name,
            from,
            bytes: stored.bytes.length,
            at: clock.wall(),
            durationMs,
          })
        }
        return { ok: true, keeper: new ChildStateKeeper({ key, behaviour, fence, store, clock, events, stop }) }
      }
      const { by } = result
      // Refused by less than its own token: the birth has ended meanwhile, and nothing outdoes that.
      const isHeld = by.owner !== fence.owner && this.#o.isAlive(by.owner) && this.#isStandingBack(key, by)
      if (by.gen !== fence.gen || by.epoch < fence.epoch || isHeld) return { ok: false, reason: 'fenced' }
      fence = { ...fence, epoch: by.epoch + 1 }
    }
  }

  #isStandingBack(key: string, by: Fence): boolean {
    const now = this.#o.clock.now()
    const known = this.#respected.get(key)
    if (known !== undefined && compareFences(known.by, by) === 0) return now - known.since < PATIENCE_MS
    this.#respected.set(key, { by, since: now })
    return true
  }

  /** This node does not own the name any more under this token; under a later one it may. */
  release(key: string, fence: Fence): void {
    this.#o.store.release(key, fence)
  }

  forget(key: string, gen: number): void {
    this.#respected.delete(key)
    this.#o.store.forget(key, gen)
  }
}
