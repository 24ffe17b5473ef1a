// The last facts of this node, numbered, for whoever asks what happened.
import type { ExitReason } from '#process'
import { KeptReasons } from './kept-reason.ts'

/** A fact as it is shown: its data is rendered to JSON when somebody asks, not when it happens. */
export interface LoggedEvent {
  /** Counts up from 1 in one life of a node. */
  readonly seq: number
  /** Wall clock, ms. */
  readonly at: number
  readonly type: string
  readonly data: unknown
}

export interface EventPage {
  readonly events: readonly LoggedEvent[]
  /** The sequence number to go on after. */
  readonly next: number
  /** Facts after the number asked for that had to make room already. */
  readonly dropped: number
}

/** Why something ended, as many facts say it. */
interface Ended {
  readonly reason: ExitReason | undefined
}

/** A ring of columns: a fact that is logged makes no object of its own. */
export class EventLog {
  readonly #capacity: number
  readonly #wall: () => number
  readonly #reasons = new KeptReasons()
  readonly #ats: number[] = []
  readonly #types: string[] = []
  readonly #facts: unknown[] = []
  #last = 0

  /** Keeps the last `capacity` facts. */
  constructor(wall: () => number, capacity = 20_000) {
    this.#wall = wall
    this.#capacity = capacity
  }

  /** Keeps `data` as it is, for as long as 20,000 younger facts leave it: it must hold on to nothing but itself. */
  add(type: string, data: unknown): void {
    this.#keep(type, data, this.#wall())
  }

  /** Keeps of a fact's reason what is shown of it, and lets the error go. */
  addEnd(type: string, data: Ended): void {
    const at = this.#wall()
    this.#keep(type, typeof data.reason === 'object' ? { ...data, reason: this.#reasons.keep(data.reason, at) } : data, at)
  }

  #keep(type: string, data: unknown, at: number): void {
    const slot = this.#last++ % this.#capacity
    this.#ats[slot] = at
    this.#types[slot] = type
    this.#facts[slot] = data
  }

  /** Up to `limit` facts after `seq`, oldest first; only those of a type that `isMeant`. */
  after(seq: number, limit: number, isMeant: (type: string) => boolean = () => true): EventPage {
    const oldest = Math.max(1, this.#last - this.#capacity + 1)
    const events: LoggedEvent[] = []
    let to = Math.max(seq, oldest - 1)
    while (to < this.#last && events.length < limit) {
      const slot = to++ % this.#capacity
      const type = this.#types[slot] as string
      if (isMeant(type)) events.push({ seq: to, at: this.#ats[slot] as number, type, data: this.#facts[slot] })
    }
    // A number from a former life of the node may lie in the future of this one.
    return { events, next: seq > this.#last ? this.#last : Math.max(seq, to), dropped: Math.max(0, Math.min(oldest - 1 - seq, this.#last)) }
  }
}
