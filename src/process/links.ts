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

/** Most processes have one link, to their supervisor, which is kept as it is; a set for each would cost more than all the rest of them. */
export type Links = Linked | Set<Linked> | undefined

/** The links with one more, or the same if it is among them. */
export function withLink(links: Links, other: Linked): Links {
  if (links instanceof Set) return links.add(other)
  return links === undefined || links === other ? other : new Set([links, other])
}

/** The links without one. */
export function withoutLink(links: Links, other: Linked): Links {
  if (links instanceof Set) links.delete(other)
  return links === other ? undefined : links
}

export function linkCount(links: Links): number {
  if (links instanceof Set) return links.size
  return links === undefined ? 0 : 1
}

export function allLinks(links: Links): readonly Linked[] {
  if (links instanceof Set) return [...links]
  return links === undefined ? [] : [links]
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
