// The store `memory`: copies of each state in the memory of other nodes, the counterpart of Mnesia's ram_copies.
import { type Clock, CodedError } from '#base'
import { type Cluster, type Frame, text, whole } from '#cluster'
import type { NodeId } from '#process'
import { copyHolders } from './copy-holders.ts'
import { fenceIn, tokenIn, wireState, wireToken } from './copy-host.ts'
import { CopySurveys } from './copy-survey.ts'
import type { CopyTable } from './copy-table.ts'
import { type BirthId, compareFences, ENDED, type Fence, newestOf, type StoredState, shutsOut } from './fence.ts'
import type { Relay } from './relay.ts'
import type { OpenResult, StateStore, StateStoreContext, StateStoreFactory, WriteResult } from './state-store.ts'

export interface MemoryStateStoreOptions {
  /** On how many other nodes each state has a copy, where there are so many. Default 1: it survives the loss of any one node. */
  readonly copies?: number
}

/** A write that no node has taken after so long fails. Longer than it takes to know that a node is down: until then one may yet be. */
const WRITE_WITHIN_MS = 10_000
/** Names whose copies are put elsewhere before the event loop gets a turn. */
const SLICE = 1000

/**
 * For `createNode({ stateStore })`: an answer waits until the nodes that keep copies have them. Without other nodes the state is this node's
 * alone, and nothing waits. When a node comes or goes, copies are made where they are missing.
 */
export function memoryStateStore({ copies = 1 }: MemoryStateStoreOptions = {}): StateStoreFactory {
  if (!Number.isSafeInteger(copies) || copies < 1) {
    throw new CodedError('ERR_OTP_DISTRIBUTED_BAD_STATE_STORE', `expected a whole number of copies from 1, got ${copies}`)
  }
  return (context) => new MemoryStateStore(context, copies)
}

interface Waiter {
  readonly seq: number
  readonly deadline: number
  readonly settle: (result: WriteResult) => void
  readonly fail: (error: Error) => void
}

/** A state whose process lives here. */
interface Owned {
  readonly key: string
  state: StoredState
  holders: readonly NodeId[]
  /** The newest write that each node is known to have; nodes that are no holders any more are among them until they may drop it. */
  readonly acked: Map<NodeId, number>
  waiters: Waiter[]
}

class MemoryStateStore implements StateStore {
  readonly name = 'memory'
  /** Copies are gone with the last node, and so is the directory. */
  readonly lastGen = 0
  readonly #cluster: Cluster
  readonly #relay: Relay
  readonly #clock: Clock
  readonly #copies: CopyTable
  readonly #holdersOf: (key: string, gen: number) => readonly NodeId[]
  readonly #surveys: CopySurveys
  readonly #owned = new Map<string, Owned>()
  #isPlacing = false

  constructor({ id, cluster, relay, clock, copies, heirOf }: StateStoreContext, count: number) {
    this.#cluster = cluster
    this.#relay = relay
    this.#clock = clock
    this.#copies = copies
    this.#holdersOf = (key, gen) =>
      copyHolders(
        id,
        this.#candidates(),
        count,
        (left) => heirOf(key, gen, left),
        (node) => cluster.zoneOf(node),
      )
    this.#surveys = new CopySurveys(cluster, relay)
    relay.handle('state.ack', (from, frame) => this.#onAck(from, frame))
    relay.handle('state.refused', (_from, frame) => this.#onRefused(frame))
    cluster.onChange(() => this.#placeAll())
    cluster.onLink(() => this.#placeAll())
    cluster.onTick((now) => this.#tick(now))
  }

  /** Nodes that may keep a copy. One that cannot be reached, or is suspect, only if there is no other. */
  #candidates(): readonly NodeId[] {
    const cluster = this.#cluster
    const all = cluster.candidates().filter((id) => id !== cluster.id)
    const good = all.filter((id) => cluster.isLinked(id) && cluster.membership.member(id)?.status !== 'suspect')
    return good.length > 0 ? good : all
  }

  async open(key: string, fence: Fence, inherits: boolean): Promise<OpenResult> {
    const by = this.#copies.raise(key, fence)
    if (by !== undefined) return { ok: false, reason: 'fenced', by }
    // The first owner of a birth has no predecessor: nobody has to be asked.
    if (fence.epoch === 1) return { ok: true, stored: undefined }
    const survey = await this.#surveys.ask(key, fence, inherits)
    if (!survey.ok) return survey
    const newest = newestOf([inherits ? this.#copies.readUpTo(key, fence) : this.#copies.read(key, fence), ...survey.copies.values()])
    if (newest === undefined) return { ok: true, stored: undefined }
    // Under the new token, and in all its copies, before anybody relies on it: the node that it was found on may be the next to go.
    const written = await this.write(key, { ...newest, fence, seq: 1 })
    if (!written.ok) return written
    const holders = this.#owned.get(key)?.holders ?? []
    for (const id of survey.copies.keys()) if (!holders.includes(id)) this.#relay.send(id, ['state.drop', key, ...wireToken(fence), 1])
    return { ok: true, stored: newest }
  }

  read(key: string, birth: BirthId): StoredState | undefined {
    return this.#copies.read(key, birth)
  }

  async write(key: string, state: StoredState): Promise<WriteResult> {
    const by = this.#copies.write(key, state)
    if (by !== undefined) return { ok: false, reason: 'fenced', by }
    let owned = this.#owned.get(key)
    if (owned === undefined || compareFences(owned.state.fence, state.fence) !== 0) {
      this.#giveUp(owned, state.fence)
      owned = { key, state, holders: this.#holdersOf(key, state.fence.gen), acked: new Map(), waiters: [] }
      this.#owned.set(key, owned)
    }
    owned.state = state
    for (const holder of owned.holders) this.#send(owned, holder)
    if (owned.holders.length === 0) return { ok: true }
    return new Promise((settle, fail) => {
      owned.waiters.push({ seq: state.seq, deadline: this.#clock.now() + WRITE_WITHIN_MS, settle, fail })
    })
  }

  #send({ key, state }: Owned, to: NodeId): void {
    this.#relay.send(to, ['state.write', key, ...wireState(state)])
  }

  release(key: string, fence: Fence): void {
    const owned = this.#owned.get(key)
    if (owned === undefined || compareFences(owned.state.fence, fence) > 0) return
    this.#giveUp(owned, ENDED)
    this.#owned.delete(key)
  }

  forget(key: string, gen: number): void {
    const owned = this.#owned.get(key)
    if (owned !== undefined && owned.state.fence.gen <= gen) {
      const { fence, seq } = owned.state
      // Whoever took the name over a moment ago may wait for its first copy.
      this.#giveUp(owned, ENDED)
      for (const id of owned.acked.keys()) this.#relay.send(id, ['state.drop', key, ...wireToken(fence), seq])
      this.#owned.delete(key)
    }
    this.#copies.forget(key, gen)
  }

  close(): Promise<void> {
    for (const owned of this.#owned.values()) this.#giveUp(owned, ENDED)
    this.#owned.clear()
    return Promise.resolve()
  }

  // ---- what nodes with copies answer

  #onAck(from: NodeId, frame: Frame): void {
    const owned = this.#ownedUnder(frame)
    if (owned === undefined) return
    const seq = whole(frame[6], 'seq')
    if (seq > (owned.acked.get(from) ?? 0)) owned.acked.set(from, seq)
    this.#settle(owned)
  }

  #onRefused(frame: Frame): void {
    const owned = this.#ownedUnder(frame)
    const by = fenceIn(frame, 6)
    // What was sent under an earlier token of this node is refused by its own later one.
    if (owned === undefined || !shutsOut(by, owned.state.fence)) return
    this.#giveUp(owned, by)
    this.#owned.delete(owned.key)
    this.#copies.raise(owned.key, by)
  }

  #ownedUnder(frame: Frame): Owned | undefined {
    const owned = this.#owned.get(text(frame[1], 'key'))
    return owned !== undefined && compareFences(owned.state.fence, tokenIn(frame, 2, this.#cluster.id)) === 0 ? owned : undefined
  }

  #giveUp(owned: Owned | undefined, by: Fence): void {
    for (const { settle } of owned?.waiters ?? []) settle({ ok: false, reason: 'fenced', by })
  }

  #settle(owned: Owned): void {
    const { holders, acked, state } = owned
    const safe = holders.reduce((least, id) => Math.min(least, acked.get(id) ?? 0), state.seq)
    if (owned.waiters.length > 0) {
      const settled = owned.waiters.filter(({ seq }) => seq <= safe)
      owned.waiters = owned.waiters.filter(({ seq }) => seq > safe)
      for (const { settle } of settled) settle({ ok: true })
    }
    if (safe < state.seq || acked.size === holders.length) return
    for (const id of acked.keys()) {
      if (holders.includes(id)) continue
      acked.delete(id)
      this.#relay.send(id, ['state.drop', owned.key, ...wireToken(state.fence), state.seq])
    }
  }

  // ---- copies where they belong

  /** Looks at every state again, in slices: what changes meanwhile begins anew. */
  #placeAll(): void {
    if (this.#isPlacing) return
    this.#isPlacing = true
    this.#clock.soon(() => {
      this.#isPlacing = false
      this.#placeFrom([...this.#owned.values()], 0)
    })
  }

  #placeFrom(all: readonly Owned[], from: number): void {
    for (const owned of all.slice(from, from + SLICE)) if (this.#owned.get(owned.key) === owned) this.#place(owned)
    if (from + SLICE < all.length) this.#clock.soon(() => this.#placeFrom(all, from + SLICE))
  }

  #place(owned: Owned): void {
    owned.holders = this.#holdersOf(owned.key, owned.state.fence.gen)
    for (const id of owned.acked.keys()) if (!this.#cluster.alive.has(id)) owned.acked.delete(id)
    for (const id of owned.holders) if ((owned.acked.get(id) ?? 0) < owned.state.seq) this.#send(owned, id)
    this.#settle(owned)
  }

  /** A child whose supervisor fell is not released: its copies are seen to until another node has opened its state. */
  #isLeftBehind(owned: Owned): boolean {
    const { key, state, waiters } = owned
    if (waiters.length > 0 || this.#copies.read(key, state.fence) === state) return false
    this.#owned.delete(key)
    return true
  }

  /** What was lost on its way is sent again; and a write that nobody takes fails at last. */
  #tick(now: number): void {
    for (const owned of this.#owned.values()) {
      if (this.#isLeftBehind(owned)) continue
      if (owned.holders.some((id) => (owned.acked.get(id) ?? 0) < owned.state.seq)) this.#place(owned)
      if (!owned.waiters.some(({ deadline }) => deadline <= now)) continue
      const late = owned.waiters.filter(({ deadline }) => deadline <= now)
      owned.waiters = owned.waiters.filter(({ deadline }) => deadline > now)
      for (const { fail } of late) fail(unavailable(owned))
    }
  }
}

function unavailable({ key, holders }: Owned): CodedError {
  return new CodedError(
    'ERR_OTP_DISTRIBUTED_STATE_UNAVAILABLE',
    `the state of '${key}' was not taken by ${holders.join(' and ')} within ${WRITE_WITHIN_MS} ms; see whether their links are up`,
  )
}
