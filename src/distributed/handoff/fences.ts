// Order per sender across a move: who sends by name waits, once, until all it had sent to the old place has come to the new one.
import { type Frame, text, whole } from '#cluster'
import { type Envelope, Name, type NodeId, Pid, type Ref } from '#process'
import { pidOf } from '../children/reconciler.ts'
import type { DirectoryRecord } from '../directory/record.ts'
import { LateForwards } from './late-forwards.ts'
import type { HandoffParts } from './outgoing.ts'

/** Whoever waits for longer sends all the same: something is wrong with the old place. */
const FENCE_MS = 5000
/** No process has this serial: a fence for it passes as soon as it has come. */
const NOBODY = 0

/** A name that has moved lately, until the first send to it, and then until what was sent before has arrived. */
interface Fence {
  readonly ref: Name
  /** Where it was. */
  from: Pid
  /** Monotonic ms. */
  deadline: number
  /** Set once it was sent. */
  number: number | undefined
  /** What waits for it. */
  readonly waiting: Envelope[]
  /** It has moved once more meanwhile: then that is fenced, too. */
  next: Pid | undefined
  /** There is no way to where it was. */
  isLost: boolean
  /** Called when what waits has gone on. */
  onPassed?: () => void
}

/** A node that leaves waits until all that it has passed on has come there. */
interface Flush {
  readonly node: NodeId
  readonly passed: () => void
}

/** Calls `passed` when all that waits for a process of this node has gone on; with where to, if it is elsewhere by then. */
export type Hold = (serial: number, passed: (to: Pid | undefined) => void) => boolean

/**
 * A fence goes the way that earlier messages went, behind them: to the old pid, and on along its aliases. Whoever has the process answers
 * it to the node that asked. Names nobody sends to cost nothing but to be remembered for a few seconds. Where a fence cannot pass, what it was to
 * wait for is refused when it comes at last.
 */
export class Fences {
  readonly #o: HandoffParts
  readonly #hold: Hold
  readonly #byKey = new Map<string, Fence>()
  /** Those that were sent. */
  readonly #byNumber = new Map<number, Fence>()
  readonly #late: LateForwards
  readonly #flushes = new Map<number, Flush>()
  #last = 0

  constructor(parts: HandoffParts, hold: Hold) {
    this.#o = parts
    this.#hold = hold
    this.#late = new LateForwards(parts)
    const { cluster, directory } = parts
    cluster.handle('fence', (_from, frame) => this.#onFence(frame))
    cluster.handle('fenced', (_from, frame) => this.#onFenced(whole(frame[1], 'fence')))
    cluster.onTick((now) => this.#tick(now))
    cluster.onLink((peer, isUp) => {
      if (!isUp) this.#onLinkLost(peer)
    })
    directory.onChanged((winner, previous) => this.#onWinnerChanged(winner, previous))
  }

  // ---- the side that sends

  #onWinnerChanged(winner: DirectoryRecord, previous: DirectoryRecord | undefined): void {
    const present = this.#byKey.get(winner.key)
    const hasMoved = winner.handoff !== undefined && previous !== undefined && previous.owner !== winner.owner && previous.serial !== 0
    if (!this.#o.rules.fences || !hasMoved || previous.gen !== winner.gen || previous.owner === this.#o.cluster.id) return
    if (present !== undefined) {
      // One that was not sent yet follows the aliases by itself.
      if (present.number !== undefined) present.next = pidOf(previous)
      return
    }
    const deadline = this.#o.clock.now() + FENCE_MS
    const isLost = !this.#o.cluster.isLinked(previous.owner)
    const ref = new Name(winner.key, winner.behaviour)
    this.#byKey.set(winner.key, { ref, from: pidOf(previous), deadline, number: undefined, waiting: [], next: undefined, isLost })
    this.#o.runtime.detour = (to, envelope) => this.#isHeld(to, envelope)
  }

  #isHeld(to: Ref, envelope: Envelope): boolean {
    const fence = to instanceof Name ? this.#byKey.get(to.key) : undefined
    if (fence === undefined) return false
    if (fence.number === undefined && (fence.isLost || !this.#send(fence))) {
      this.#giveUp(fence)
      return false
    }
    fence.waiting.push(envelope)
    return true
  }

  #send(fence: Fence): boolean {
    const { cluster, clock } = this.#o
    if (fence.number !== undefined) this.#byNumber.delete(fence.number)
    fence.number = ++this.#last
    this.#byNumber.set(fence.number, fence)
    fence.deadline = clock.now() + FENCE_MS
    return cluster.send(fence.from.node, ['fence', fence.number, fence.from.serial, cluster.id])
  }

  /** What it waited for may be lost, or come late: from now on it shall not come. */
  #giveUp(fence: Fence): void {
    const to = this.#o.runtime.resolve(fence.ref)
    if (to instanceof Pid && !to.equals(fence.from)) this.#late.cut(fence.from, to)
    this.#pass(fence)
  }

  #onLinkLost(peer: NodeId): void {
    for (const fence of this.#byKey.values()) {
      if (fence.from.node !== peer) continue
      if (fence.number === undefined) fence.isLost = true
      else this.#giveUp(fence)
    }
    for (const [number, { node, passed }] of this.#flushes) {
      if (node !== peer) continue
      this.#flushes.delete(number)
      passed()
    }
  }

  #onFenced(number: number): void {
    this.#flushes.get(number)?.passed()
    this.#flushes.delete(number)
    const fence = this.#byNumber.get(number)
    if (fence === undefined) return
    const { next } = fence
    if (next === undefined) {
      this.#pass(fence)
      return
    }
    fence.from = next
    fence.next = undefined
    if (!this.#send(fence)) this.#giveUp(fence)
  }

  /** What has waited goes on. */
  #pass(fence: Fence): void {
    this.#forget(fence)
    for (const envelope of fence.waiting) this.#o.runtime.dispatch(fence.ref, envelope)
    fence.onPassed?.()
  }

  #forget(fence: Fence): void {
    this.#byKey.delete(fence.ref.key)
    if (fence.number !== undefined) this.#byNumber.delete(fence.number)
    if (this.#byKey.size === 0) this.#o.runtime.detour = undefined
  }

  #tick(now: number): void {
    for (const fence of this.#byKey.values()) {
      if (now < fence.deadline) continue
      if (fence.number === undefined) this.#forget(fence)
      else this.#giveUp(fence)
    }
  }

  /** Resolves when all that this node has passed on has come to `nodes`, and what waits here for a fence has gone on; or when the time is up. */
  async settled(nodes: Iterable<NodeId>, limitMs: number): Promise<void> {
    const { cluster, clock } = this.#o
    const isOver = Promise.withResolvers<void>()
    const timer = clock.after(limitMs, isOver.resolve)
    const isClear = Array.from(nodes, (node) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#flushes.set(++this.#last, { node, passed: resolve })
      if (!cluster.send(node, ['fence', this.#last, NOBODY, cluster.id])) resolve()
      return promise
    })
    for (const fence of this.#byKey.values()) {
      if (fence.waiting.length === 0) continue
      const { promise, resolve } = Promise.withResolvers<void>()
      fence.onPassed = resolve
      isClear.push(promise)
    }
    await Promise.race([Promise.all(isClear), isOver.promise])
    timer.cancel()
  }

  // ---- the side that is asked

  #onFence(frame: Frame): void {
    const [number, serial, asker] = [whole(frame[1], 'fence'), whole(frame[2], 'serial'), text(frame[3], 'node')]
    const { runtime, cluster } = this.#o
    const go = (to: Pid | undefined) => {
      if (to === undefined || to.node === cluster.id) this.#answer(asker, number)
      else cluster.send(to.node, ['fence', number, to.serial, asker])
    }
    const pid = new Pid(cluster.id, serial)
    if (runtime.lookup(pid) === undefined) go(runtime.aliases.follow(pid))
    else if (!this.#hold(serial, go)) go(undefined)
  }

  #answer(asker: NodeId, number: number): void {
    if (asker === this.#o.cluster.id) this.#onFenced(number)
    else this.#o.cluster.send(asker, ['fenced', number])
  }
}
