// Messages that come too late: passed on by a node that a process has left, when their sender has given up waiting for them and sent others since.
import { type Frame, text, whole } from '#cluster'
import { type NodeId, Pid } from '#process'
import { pidIn } from './cargo.ts'
import type { HandoffParts } from './outgoing.ts'

/** A sender is remembered so long: a node that has stood still for longer was given up by all. */
const KEPT_MS = 60_000

/**
 * The last resort for the order per sender: lost rather than late. Before its next message the sender tells the node where the process is that
 * nothing is wanted any more of what it had sent to the old pid.
 */
export class LateForwards {
  readonly #o: HandoffParts
  /** Until when (monotonic ms), by sender and the pid that it had sent to. */
  readonly #cuts = new Map<string, number>()

  constructor(parts: HandoffParts) {
    this.#o = parts
    parts.cluster.handle('cut', (from, frame) => this.#onCut(from, frame))
    parts.cluster.onTick((now) => this.#forget(now))
  }

  /** Sends by this node to `first` that have not come to `to` yet shall not come any more. To be said before anything else is sent there. */
  cut(first: Pid, to: Pid): void {
    const { cluster } = this.#o
    if (to.node === cluster.id) this.#add(cluster.id, first)
    else cluster.send(to.node, ['cut', to.serial, first, cluster.id])
  }

  #onCut(from: NodeId, frame: Frame): void {
    const { cluster, runtime } = this.#o
    const pid = new Pid(cluster.id, whole(frame[1], 'serial'))
    const [first, sender] = [pidIn(frame[2]), text(frame[3], 'node')]
    this.#add(sender, first)
    // It goes the way of the messages behind it.
    const next = runtime.lookup(pid) === undefined ? runtime.aliases.follow(pid) : pid
    if (next.node !== cluster.id && next.node !== from) cluster.send(next.node, ['cut', next.serial, first, sender])
  }

  #add(sender: NodeId, first: Pid): void {
    this.#cuts.set(keyOf(sender, first), this.#o.clock.now() + KEPT_MS)
    if (this.#o.rules.refusesLate) this.#o.runtime.isLate = (by, pid) => this.#cuts.has(keyOf(by, pid))
  }

  #forget(now: number): void {
    for (const [key, until] of this.#cuts) if (now >= until) this.#cuts.delete(key)
    if (this.#cuts.size === 0) this.#o.runtime.isLate = undefined
  }
}

function keyOf(sender: NodeId, first: Pid): string {
  return `${sender} ${first}`
}
