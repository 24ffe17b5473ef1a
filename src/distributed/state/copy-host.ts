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
    if (by === undefined) this.#relay.send(from, ['state.ack', key, ...wireToken(state.fence), state.seq])
    else this.#relay.send(from, ['state.refused', key, ...wireToken(state.fence), ...wireFence(by)])
  }

  #onAsk(from: NodeId, frame: Frame): void {
    const id = whole(frame[1], 'id')
    const key = text(frame[2], 'key')
    const fence = tokenIn(frame, 3, from)
    const by = this.#copies.raise(key, fence)
    if (by !== undefined) this.#relay.send(from, ['state.denied', id, ...wireFence(by)])
    else {
      const copy = whole(frame[7], 'inherits') === 1 ? this.#copies.readUpTo(key, fence) : this.#copies.read(key, fence)
      this.#relay.send(from, ['state.copy', id, ...wireCopy(copy)])
    }
  }

  #onDrop(from: NodeId, frame: Frame): void {
    this.#copies.drop(text(frame[1], 'key'), tokenIn(frame, 2, from), whole(frame[6], 'seq'))
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

/** Without its owner: who shows it is who sends. */
export function wireToken({ gen, founder, epoch, over = 0 }: Fence): readonly unknown[] {
  return [gen, founder, epoch, over]
}

export function tokenIn(frame: Frame, at: number, owner: NodeId): Fence {
  const over = whole(frame[at + 3], 'later birth')
  const token = { gen: whole(frame[at], 'gen'), founder: text(frame[at + 1], 'founder'), epoch: whole(frame[at + 2], 'epoch'), owner }
  return over === 0 ? token : { ...token, over }
}

function wireFence(fence: Fence): readonly unknown[] {
  return [fence.owner, ...wireToken(fence)]
}

export function fenceIn(frame: Frame, at: number): Fence {
  return tokenIn(frame, at + 1, text(frame[at], 'owner'))
}

function wireCopy(stored: StoredState | undefined): readonly unknown[] {
  return stored === undefined ? [] : [stored.fence.owner, ...wireState(stored)]
}

/** Without its owner, as `wireToken`. */
export function wireState({ fence, seq, version, bytes }: StoredState): readonly unknown[] {
  return [...wireToken(fence), seq, version, bytes]
}

export function stateIn(frame: Frame, at: number, owner: NodeId): StoredState {
  const bytes = frame[at + 6]
  if (!(bytes instanceof Uint8Array)) throw new BadFrame(`expected a state as bytes, got ${typeof bytes}`)
  return {
    fence: tokenIn(frame, at, owner),
    seq: whole(frame[at + 4], 'seq'),
    version: whole(frame[at + 5], 'version'),
    bytes,
  }
}

/** What an answer to `state.ask` carries; `undefined` if there is no copy. */
export function copyIn(frame: Frame): StoredState | undefined {
  return frame.length === 2 ? undefined : stateIn(frame, 3, text(frame[2], 'owner'))
}
