// A node's service to others: keeps copies of their states, answers who asks for them, and does not leave while one is needed.
import type { Clock } from '#base'
import { BadFrame, type Cluster, type Frame, text, whole } from '#cluster'
import type { NodeId } from '#process'
import type { CopyTable } from './copy-table.ts'
import type { Fence, StoredState } from './fence.ts'
import type { Relay } from './relay.ts'

/** Copies looked at in one tick. */
const SWEPT_PER_TICK = 1000
/** A node that leaves waits so long for others to put their copies elsewhere. */
const LEAVE_WITHIN_MS = 2000

/** Every node is one, whatever store it uses itself: a peer may need it. */
export class CopyHost {
  readonly #cluster: Cluster
  readonly #copies: CopyTable
  readonly #relay: Relay
  readonly #clock: Clock
  #onLess: () => void = () => undefined

  constructor(cluster: Cluster, relay: Relay, copies: CopyTable, clock: Clock) {
    this.#cluster = cluster
    this.#relay = relay
    this.#copies = copies
    this.#clock = clock
    relay.handle('state.write', (from, frame) => this.#onWrite(from, text(frame[1], 'key'), stateIn(frame, 2, from)))
    relay.handle('state.ask', (from, frame) => this.#onAsk(from, frame))
    relay.handle('state.drop', (from, frame) => this.#onDrop(from, frame))
    cluster.onTick(() => copies.sweep(SWEPT_PER_TICK))
    cluster.onChange(() => this.#onLess())
  }

  #onWrite(from: NodeId, key: string, state: StoredState): void {
    const by = this.#copies.write(key, state)
    const { gen, epoch } = state.fence
    if (by === undefined) this.#relay.send(from, ['state.ack', key, gen, epoch, state.seq])
    else this.#relay.send(from, ['state.refused', key, gen, epoch, ...wireFence(by)])
  }

  #onAsk(from: NodeId, frame: Frame): void {
    const id = whole(frame[1], 'id')
    const key = text(frame[2], 'key')
    const by = this.#copies.raise(key, { gen: whole(frame[3], 'gen'), epoch: whole(frame[4], 'epoch'), owner: from })
    if (by !== undefined) this.#relay.send(from, ['state.denied', id, ...wireFence(by)])
    else this.#relay.send(from, ['state.copy', id, ...wireCopy(this.#copies.read(key))])
  }

  #onDrop(from: NodeId, frame: Frame): void {
    const fence = { gen: whole(frame[2], 'gen'), epoch: whole(frame[3], 'epoch'), owner: from }
    this.#copies.drop(text(frame[1], 'key'), fence, whole(frame[4], 'seq'))
    this.#onLess()
  }

  /** Resolves when no live node relies on this one for a copy that it could put elsewhere, or when it has had time enough to do so. */
  async unneeded(): Promise<void> {
    if (!this.#isNeeded()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#clock.after(LEAVE_WITHIN_MS, resolve)
    let isLooking = false
    // Once a turn: thousands of copies may go in one.
    this.#onLess = () => {
      if (isLooking) return
      isLooking = true
      this.#clock.soon(() => {
        isLooking = false
        if (!this.#isNeeded()) resolve()
      })
    }
    await promise
    this.#onLess = () => undefined
    timer.cancel()
  }

  #isNeeded(): boolean {
    const others = this.#cluster.candidates().filter((id) => id !== this.#cluster.id)
    for (const [, { fence }] of this.#copies.states()) {
      if (fence.owner !== this.#cluster.id && this.#cluster.alive.has(fence.owner) && others.some((id) => id !== fence.owner)) return true
    }
    return false
  }
}

export function wireFence({ gen, epoch, owner }: Fence): readonly unknown[] {
  return [gen, epoch, owner]
}

export function fenceIn(frame: Frame, at: number): Fence {
  return { gen: whole(frame[at], 'gen'), epoch: whole(frame[at + 1], 'epoch'), owner: text(frame[at + 2], 'owner') }
}

function wireCopy(stored: StoredState | undefined): readonly unknown[] {
  return stored === undefined ? [] : [stored.fence.owner, ...wireState(stored)]
}

/** Without its owner: who writes is who sends. */
export function wireState({ fence, seq, version, bytes }: StoredState): readonly unknown[] {
  return [fence.gen, fence.epoch, seq, version, bytes]
}

export function stateIn(frame: Frame, at: number, owner: NodeId): StoredState {
  const bytes = frame[at + 4]
  if (!(bytes instanceof Uint8Array)) throw new BadFrame(`expected a state as bytes, got ${typeof bytes}`)
  return {
    fence: { gen: whole(frame[at], 'gen'), epoch: whole(frame[at + 1], 'epoch'), owner },
    seq: whole(frame[at + 2], 'seq'),
    version: whole(frame[at + 3], 'version'),
    bytes,
  }
}

/** What an answer to `state.ask` carries; `undefined` if there is no copy. */
export function copyIn(frame: Frame): StoredState | undefined {
  return frame.length === 2 ? undefined : stateIn(frame, 3, text(frame[2], 'owner'))
}
