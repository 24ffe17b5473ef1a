// The stream of events: all readers who stand at the same place are served by one question to the cluster.

import type { z } from 'zod'
import type { Clock } from '#base'
import type { ClusterAnswer, EventPage } from '#introspect'
import { type EventCursor, printCursor } from '../event-cursor.ts'
import type * as schemas from '../schemas/happenings.ts'
import { cursorAfter, droppedIn, inOrder } from './happenings.ts'
import type { Observing } from './observing.ts'
import { printEvent, type Stream } from './server-sent-events.ts'

/** How often nodes are asked for what is new, while somebody reads. */
const EVERY_MS = 150
/** From one node at a time; who is far behind is caught up with in so many steps. */
const AT_ONCE = 1000

export interface FeedQuery {
  readonly types?: readonly string[] | undefined
  readonly node?: string | undefined
}

interface Reader {
  readonly stream: Stream
  readonly query: FeedQuery
  cursor: EventCursor
  /** What it was told last of who answers. */
  coverage: string
}

export class EventFeed {
  readonly #observing: Observing
  readonly #clock: Clock
  readonly #readers = new Set<Reader>()
  #isTurning = false

  constructor(observing: Observing) {
    this.#observing = observing
    this.#clock = observing.parts.runtime.clock
  }

  add(stream: Stream, cursor: EventCursor, query: FeedQuery): void {
    const reader: Reader = { stream, query, cursor, coverage: '' }
    this.#readers.add(reader)
    stream.onClosed(() => this.#readers.delete(reader))
    if (!this.#isTurning) void this.#turn()
  }

  async #turn(): Promise<void> {
    this.#isTurning = true
    while (this.#readers.size > 0) {
      const groups = Map.groupBy(this.#readers, ({ cursor, query }) => JSON.stringify([printCursor(cursor), query]))
      await Promise.all([...groups.values()].map((readers) => this.#serve(readers)))
      await new Promise<void>((resolve) => this.#clock.after(EVERY_MS, resolve))
    }
    this.#isTurning = false
  }

  async #serve(readers: readonly Reader[]): Promise<void> {
    const [{ cursor, query } = { cursor: {}, query: {} as FeedQuery }] = readers
    const answer = await this.#ask(cursor, query)
    const next = cursorAfter(cursor, answer)
    const facts = inOrder(answer)
    const placeOf = placesIn(cursor, answer, next)
    const told = facts.map((fact) => printEvent('fact', fact, placeOf(fact))).join('')
    const coverage: z.infer<typeof schemas.coverage> = {
      answered: [...answer.answered],
      missing: [...answer.missing],
      dropped: droppedIn(answer),
    }
    const spelt = JSON.stringify(coverage)
    for (const reader of readers) {
      if (reader.coverage !== spelt) reader.stream.write(printEvent('coverage', coverage))
      reader.coverage = spelt
      reader.stream.write(told)
      reader.cursor = next
    }
  }

  async #ask(after: EventCursor, { types, node }: FeedQuery): Promise<ClusterAnswer<EventPage>> {
    try {
      return await this.#observing.all('events', { after, limit: AT_ONCE, types }, node)
    } catch {
      // The node that is read from is not there now; it may come back.
      return { answers: [], answered: [], missing: [{ node: node ?? '', reason: 'noconnection' }] }
    }
  }
}

/** The cursor after each fact: up to it of its node, and of the others up to what was sent of them before. */
function placesIn(before: EventCursor, { answers }: ClusterAnswer<EventPage>, next: EventCursor) {
  const ids = new Map(answers.map(({ node, id }) => [node, id]))
  const left = new Map(answers.map(({ node, value }) => [node, value.events.length]))
  const at: Record<string, number> = { ...before }
  // Of a node that had nothing to tell, as far as it was read.
  for (const { id, value } of answers) if (value.events.length === 0) at[id] = value.next
  return ({ node, seq }: { readonly node: string; readonly seq: number }): string => {
    const id = ids.get(node) ?? node
    const rest = (left.get(node) ?? 1) - 1
    left.set(node, rest)
    at[id] = rest === 0 ? (next[id] ?? seq) : seq
    return printCursor(at)
  }
}
