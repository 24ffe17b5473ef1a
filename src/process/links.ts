// Who is linked to a process, and how the news of an end goes along links.
import type { ExitReason } from './exit-reason.ts'
import type { Pid } from './pid.ts'

/** One end of a link: a process of this node, or one of another node behind the link to it. */
export interface Linked {
  readonly pid: Pid
  /** The process at the other end has ended. */
  onLinkedExit(from: Pid, reason: ExitReason): void
  /** The link is no more; nothing comes along it. */
  forgetLink(other: Linked): void
}

/** Most processes have one link, to their supervisor; a set for each would cost more than all the rest of them. */
export class Links {
  #only: Linked | undefined
  #more: Set<Linked> | undefined

  get size(): number {
    return this.#more?.size ?? (this.#only === undefined ? 0 : 1)
  }

  add(other: Linked): void {
    if (this.#more !== undefined) this.#more.add(other)
    else if (this.#only === undefined) this.#only = other
    else if (this.#only !== other) {
      this.#more = new Set([this.#only, other])
      this.#only = undefined
    }
  }

  delete(other: Linked): void {
    if (this.#more !== undefined) this.#more.delete(other)
    else if (this.#only === other) this.#only = undefined
  }

  all(): readonly Linked[] {
    if (this.#more !== undefined) return [...this.#more]
    return this.#only === undefined ? [] : [this.#only]
  }
}

interface LinkSignal {
  readonly to: Linked
  readonly from: Pid
  readonly reason: ExitReason
}

/** Exit signals along links go through a list, not the stack: a chain of any length may fall. */
export class LinkSignals {
  #signals: LinkSignal[] = []
  #isUnderWay = false

  /** Delivers at once, or after those that are being delivered. */
  send(to: Linked, from: Pid, reason: ExitReason): void {
    this.#signals.push({ to, from, reason })
    if (this.#isUnderWay) return
    this.#isUnderWay = true
    // It grows while it is gone through; to take from its front would move all the rest each time.
    for (let i = 0; i < this.#signals.length; i++) {
      const { to, from, reason } = this.#signals[i] as LinkSignal
      to.onLinkedExit(from, reason)
    }
    this.#signals = []
    this.#isUnderWay = false
  }
}
