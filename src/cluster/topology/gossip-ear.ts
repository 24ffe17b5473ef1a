// Pure. What a node makes of the proven words it hears: who is there, who has gone, and what was only repeated. Time is given.
import type { NodeId } from '#process'
import type { GossipWord } from './gossip-datagram.ts'

export interface EarTimes {
  /** Whoever was not heard for so long is lost. */
  readonly lostAfterMs: number
  /** How far the clocks of two hosts may be apart: what is older or from later is not believed. */
  readonly windowMs: number
}

/** Words are believed from so long before this node began to listen: clocks are never quite the same. */
const SLACK_MS = 1000

interface Sender {
  readonly address: string
  readonly counter: number
  readonly heardAt: number
  readonly isGone: boolean
}

/**
 * Believes each word once. A recorded datagram that is sent again says nothing: while its sender is remembered, its counter is too
 * small, and senders are remembered for longer than a word is young enough. Words from before this node listened are not believed.
 */
export class Ear {
  readonly #self: NodeId
  readonly #times: EarTimes
  readonly #since: number
  readonly #senders = new Map<NodeId, Sender>()

  /** `wall`: when it begins to listen. */
  constructor(self: NodeId, times: EarTimes, wall: number) {
    this.#self = self
    this.#times = times
    this.#since = wall - SLACK_MS
  }

  /** Takes a word in by the wall clock and the monotonic one; `news` if the set of peers is another one now. */
  hear(word: GossipWord, wall: number, now: number): 'own' | 'known' | 'news' | 'replay' | 'time' {
    if (word.id === this.#self) return 'own'
    const known = this.#senders.get(word.id)
    if (known !== undefined && word.counter <= known.counter) return 'replay'
    if (Math.abs(wall - word.sentAt) > this.#times.windowMs || word.sentAt < this.#since) return 'time'
    const wasThere = known !== undefined && this.#isThere(known, now)
    const isThere = word.kind !== 'bye'
    this.#senders.set(word.id, { address: word.address, counter: word.counter, heardAt: now, isGone: !isThere })
    const hasMoved = isThere && word.address !== known?.address
    return wasThere !== isThere || hasMoved ? 'news' : 'known'
  }

  /** Addresses of those who were heard lately, each once, in order. */
  addresses(now: number): string[] {
    const there = [...this.#senders.values()].filter((sender) => this.#isThere(sender, now))
    return [...new Set(there.map(({ address }) => address))].toSorted()
  }

  /** Forgets senders whose every word would be too old by now. Twice the window: clocks may be apart in either direction. */
  forget(now: number): void {
    const limit = Math.max(this.#times.lostAfterMs, 2 * this.#times.windowMs)
    for (const [id, { heardAt }] of this.#senders) if (now - heardAt > limit) this.#senders.delete(id)
  }

  /** Senders whose counter is known, also of those who have gone. */
  get remembered(): number {
    return this.#senders.size
  }

  #isThere({ isGone, heardAt }: Sender, now: number): boolean {
    return !isGone && now - heardAt <= this.#times.lostAfterMs
  }
}
