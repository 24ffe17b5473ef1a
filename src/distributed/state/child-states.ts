// The states of this node's children: opened before a child is started, released when it stops, forgotten when its birth is over.
import { type Clock, type Emitter, whyOf } from '#base'
import type { ExitReason, NodeId } from '#process'
import type { DistributedEvents } from '../events.ts'
import { ChildStateKeeper } from './child-state-keeper.ts'
import { type BirthId, compareFences, type Fence, isSameBirth, type StoredState } from './fence.ts'
import type { StateStore } from './state-store.ts'

/** Which life of a name is about to be started here. */
export interface Birth extends BirthId {
  readonly epoch: number
  /** Nobody knows the name: its last birth may not have ended but gone down with the whole cluster, and its state is this one's. */
  readonly inherits?: boolean
  /** Whose the epoch before this one was, if it was granted by an arbiter. */
  readonly from?: NodeId | undefined
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
type NotOpened = { readonly ok: false; readonly reason: 'fenced' | 'unavailable' }
/** With what was found under which earlier token. */
type Opened = { readonly ok: true; readonly fence: Fence; readonly found: StoredState | undefined }
export type OpenedState = { readonly ok: true; readonly keeper: ChildStateKeeper; readonly found: StoredState | undefined } | NotOpened

export class ChildStates {
  readonly #o: ChildStatesOptions
  /** Tokens of live nodes in whose favour this one stood back, and since when. */
  readonly #respected = new Map<string, { readonly by: Fence; readonly since: number }>()

  constructor(options: ChildStatesOptions) {
    this.#o = options
  }

  /**
   * The keeper of a child's state, with whatever there is of this birth. A token of a node that is gone, or that did not claim the name, is
   * outdone by a higher epoch, so the keeper's may be higher than was asked for; one of a later birth that nobody knows is passed over.
   */
  async open(key: string, behaviour: string, birth: Birth, stop: (reason: ExitReason) => void): Promise<OpenedState> {
    const opened = await this.#tryToOpen(key, behaviour, birth)
    if (!opened.ok) return opened
    const { store, clock, events } = this.#o
    const { fence, found } = opened
    return { ok: true, keeper: new ChildStateKeeper({ key, behaviour, fence, store, clock, events, stop }), found }
  }

  /**
   * Makes a process that runs here the one that may write its state again, after another node may have opened it. `false`: it must not go on,
   * but begin with what there is.
   */
  async renew(key: string, behaviour: string, keeper: ChildStateKeeper, epoch: number, heir: NodeId): Promise<boolean> {
    const opened = await this.#tryToOpen(key, behaviour, { ...keeper.fence, epoch })
    return opened.ok && keeper.renew(opened.fence, opened.found, heir)
  }

  async #tryToOpen(key: string, behaviour: string, birth: Birth): Promise<Opened | NotOpened> {
    const { store, clock, events } = this.#o
    const startedMono = clock.now()
    try {
      return await this.#open(key, behaviour, birth, startedMono)
    } catch (error) {
      const why = `not opened: ${whyOf(error)}`
      const durationMs = clock.now() - startedMono
      events.emit('state.write_failed', { name: key, behaviour, store: store.name, outcome: 'error', why, at: clock.wall(), durationMs })
      return { ok: false, reason: 'unavailable' }
    }
  }

  async #open(key: string, behaviour: string, birth: Birth, startedMono: number): Promise<Opened | NotOpened> {
    const { store, clock, events } = this.#o
    const { gen, founder, epoch, inherits = false } = birth
    let fence: Fence = { gen, founder, epoch, owner: this.#o.self }
    for (;;) {
      const result = await store.open(key, fence, inherits)
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
        return { ok: true, fence, found: stored }
      }
      const next = outdoing(fence, result.by)
      if (next === undefined || this.#isHeld(key, result.by)) return { ok: false, reason: 'fenced' }
      fence = next
    }
  }

  #isHeld(key: string, by: Fence): boolean {
    return by.owner !== this.#o.self && this.#o.isAlive(by.owner) && this.#isStandingBack(key, by)
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

/** The token that `by` does not shut out. `undefined`: refused by less than that, the birth has ended meanwhile or is another's, and nothing outdoes that. */
function outdoing(fence: Fence, by: Fence): Fence | undefined {
  if (isSameBirth(by, fence)) return by.epoch < fence.epoch ? undefined : { ...fence, epoch: by.epoch + 1 }
  return by.gen > Math.max(fence.gen, fence.over ?? 0) ? { ...fence, over: by.gen } : undefined
}
