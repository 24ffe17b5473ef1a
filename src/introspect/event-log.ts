// The last facts of this node, numbered, for whoever asks what happened.

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

export class EventLog {
  readonly #capacity: number
  readonly #wall: () => number
  readonly #ring: LoggedEvent[] = []
  #last = 0

  /** Keeps the last `capacity` facts. */
  constructor(wall: () => number, capacity = 20_000) {
    this.#wall = wall
    this.#capacity = capacity
  }

  add(type: string, data: unknown): void {
    const event: LoggedEvent = { seq: ++this.#last, at: this.#wall(), type, data }
    this.#ring[(event.seq - 1) % this.#capacity] = event
  }

  /** Up to `limit` facts after `seq`, oldest first; only those of a type that `isMeant`. */
  after(seq: number, limit: number, isMeant: (type: string) => boolean = () => true): EventPage {
    const oldest = Math.max(1, this.#last - this.#capacity + 1)
    const events: LoggedEvent[] = []
    let to = Math.max(seq, oldest - 1)
    while (to < this.#last && events.length < limit) {
      const event = this.#ring[to++ % this.#capacity] as LoggedEvent
      if (isMeant(event.type)) events.push(event)
    }
    // A number from a former life of the node may lie in the future of this one.
    return { events, next: seq > this.#last ? this.#last : Math.max(seq, to), dropped: Math.max(0, Math.min(oldest - 1 - seq, this.#last)) }
  }
}
