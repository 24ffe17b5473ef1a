// Order per sender across a move: who sends by name waits, once, until all it had sent to the old place has come to the new one.
import { type Frame, text, whole } from '#cluster'
import { type Envelope, Name, type NodeId, Pid, type Ref } from '#process'
import { pidOf } from '../children/reconciler.ts'
import type { DirectoryRecord } from '../directory/record.ts'
import type { HandoffParts } from './outgoing.ts'

/** Whoever waits for longer sends all the same: something is wrong with the old place. */
const FENCE_MS = 5000

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
}

/** Calls `passed` when all that waits for a process of this node has gone on; with where to, if it is elsewhere by then. */
export type Hold = (serial: number, passed: (to: Pid | undefined) => void) => boolean

/**
 * A fence goes the way that earlier messages went, behind them: to the old pid, and on along its aliases. Whoever has the process answers
 * it to the node that asked. Names nobody sends to cost nothing but to be remembered for a few seconds.
 */
export class Fences {
  readonly #o: HandoffParts
  readonly #hold: Hold
  readonly #byKey = new Map<string, Fence>()
  /** Those that were sent. */
  readonly #byNumber = new Map<number, Fence>()
  #last = 0

  constructor(parts: HandoffParts, hold: Hold) {
    this.#o = parts
    this.#hold = hold
    const { cluster, directory } = parts
    cluster.handle('fence', (_from, frame) => this.#onFence(frame))
    cluster.handle('fenced', (_from, frame) => this.#onFenced(whole(frame[1], 'fence')))
    cluster.onTick((now) => this.#tick(now))
    cluster.onLink((peer, isUp) => {
      if (!isUp) for (const fence of this.#byKey.values()) if (fence.from.node === peer) this.#pass(fence)
    })
    directory.onChanged((winner, previous) => this.#onWinnerChanged(winner, previous))
  }

  // ---- the side that sends

  #onWinnerChanged(winner: DirectoryRecord, previous: DirectoryRecord | undefined): void {
    const present = this.#byKey.get(winner.key)
    const hasMoved = winner.handoff !== undefined && previous !== undefined && previous.owner !== winner.owner && previous.serial !== 0
    if (!hasMoved || previous.gen !== winner.gen || !this.#o.cluster.isLinked(previous.owner)) return
    if (present !== undefined) {
      // One that was not sent yet follows the aliases by itself.
      if (present.number !== undefined) present.next = pidOf(previous)
      return
    }
    const deadline = this.#o.clock.now() + FENCE_MS
    const ref = new Name(winner.key, winner.behaviour)
    this.#byKey.set(winner.key, { ref, from: pidOf(previous), deadline, number: undefined, waiting: [], next: undefined })
    this.#o.runtime.detour = (to, envelope) => this.#isHeld(to, envelope)
  }

  #isHeld(to: Ref, envelope: Envelope): boolean {
    const fence = to instanceof Name ? this.#byKey.get(to.key) : undefined
    if (fence === undefined) return false
    if (fence.number === undefined && !this.#send(fence)) return false
    fence.waiting.push(envelope)
    return true
  }

  #send(fence: Fence): boolean {
    const { cluster, clock } = this.#o
    if (fence.number !== undefined) this.#byNumber.delete(fence.number)
    fence.number = ++this.#last
    this.#byNumber.set(fence.number, fence)
    fence.deadline = clock.now() + FENCE_MS
    if (cluster.send(fence.from.node, ['fence', fence.number, fence.from.serial, cluster.id])) return true
    this.#forget(fence)
    return false
  }

  #onFenced(number: number): void {
    const fence = this.#byNumber.get(number)
    if (fence === undefined) return
    const { next } = fence
    if (next === undefined) {
      this.#pass(fence)
      return
    }
    fence.from = next
    fence.next = undefined
    if (!this.#send(fence)) this.#pass(fence)
  }

  /** What has waited goes on. */
  #pass(fence: Fence): void {
    this.#forget(fence)
    for (const envelope of fence.waiting) this.#o.runtime.dispatch(fence.ref, envelope)
  }

  #forget(fence: Fence): void {
    this.#byKey.delete(fence.ref.key)
    if (fence.number !== undefined) this.#byNumber.delete(fence.number)
    if (this.#byKey.size === 0) this.#o.runtime.detour = undefined
  }

  #tick(now: number): void {
    for (const fence of this.#byKey.values()) if (now >= fence.deadline) this.#pass(fence)
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
