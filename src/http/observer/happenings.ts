// Answers about what happened: events of all nodes, and crashes in groups.

import type { z } from 'zod'
import type { ClusterAnswer, CrashGroup, EventPage } from '#introspect'
import { type EventCursor, parseCursor, printCursor } from '../event-cursor.ts'
import { Refusal } from '../problem.ts'
import type * as schemas from '../schemas/happenings.ts'
import { iso, type Observing } from './observing.ts'
import { crashOf } from './processes.ts'

export interface EventsQuery {
  readonly after: string
  readonly limit: number
  /** With commas. */
  readonly type?: string
  readonly node?: string
}

export function cursorIn(observing: Observing, after: string): EventCursor {
  const cursor = parseCursor(after, observing.parts.cluster.alive)
  if (cursor !== undefined) return cursor
  const got = JSON.stringify(after.slice(0, 100))
  throw new Refusal(400, 'ERR_OTP_HTTP_INVALID', `after: expected a number or the "next" of an earlier answer, got ${got}`)
}

/** A place that no node has reached: each answers with where it stands. */
export function fromNow(observing: Observing): EventCursor {
  return Object.fromEntries([...observing.parts.cluster.alive].map((id) => [id, 999_999_999_999_999]))
}

export function typesIn(type: string | undefined): readonly string[] | undefined {
  return type === undefined ? undefined : type.split(',').slice(0, 100)
}

/** Facts of several nodes as they happened, as far as their clocks agree. */
export function inOrder({ answers }: ClusterAnswer<EventPage>): z.infer<typeof schemas.event>[] {
  return answers
    .flatMap(({ node, value }) => value.events.map(({ seq, at, type, data }) => ({ node, seq, at: iso(at), type, data })))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.node < b.node ? -1 : a.node > b.node ? 1 : a.seq - b.seq))
}

export function cursorAfter(before: EventCursor, { answers }: ClusterAnswer<EventPage>): EventCursor {
  return { ...before, ...Object.fromEntries(answers.map(({ id, value }) => [id, value.next])) }
}

export const droppedIn = ({ answers }: ClusterAnswer<EventPage>): number => answers.reduce((sum, { value }) => sum + value.dropped, 0)

export async function events(observing: Observing, { after, limit, type, node }: EventsQuery): Promise<z.infer<typeof schemas.events>> {
  const { cluster } = observing.parts
  const cursor = cursorIn(observing, after)
  const most = node === undefined ? Math.ceil(limit / cluster.alive.size) : limit
  const answer = await observing.all('events', { after: cursor, limit: most, types: typesIn(type) }, node)
  return {
    ...observing.about(),
    events: inOrder(answer),
    next: printCursor(cursorAfter(cursor, answer)),
    dropped: droppedIn(answer),
    answered: [...answer.answered],
    missing: [...answer.missing],
  }
}

export interface CrashesQuery {
  readonly behaviour?: string
  readonly limit: number
  readonly after?: string
}

type Group = z.infer<typeof schemas.crashes>['groups'][number]

export async function crashes(observing: Observing, { behaviour, limit, after }: CrashesQuery): Promise<z.infer<typeof schemas.crashes>> {
  const [summaries, { answers, answered, missing }] = await Promise.all([
    observing.all('summary', undefined),
    observing.all('crashes', undefined),
  ])
  const versions = new Map(summaries.answers.map(({ node, value }) => [node, value.load.version]))
  const groups = new Map<string, Group>()
  for (const { node, value } of answers) {
    for (const group of value) {
      if (behaviour !== undefined && group.behaviour !== behaviour) continue
      groups.set(group.fingerprint, merged(groups.get(group.fingerprint), groupOf(group, node, versions.get(node))))
    }
  }
  const place = ({ last, fingerprint }: Group) => `${last}~${fingerprint}`
  const sorted = [...groups.values()].sort((a, b) => (place(a) < place(b) ? 1 : -1))
  const from = after === undefined ? sorted : sorted.filter((group) => place(group) < after)
  const page = from.slice(0, limit)
  const last = page.at(-1)
  return {
    ...observing.about(),
    groups: page,
    next: from.length > limit && last !== undefined ? place(last) : null,
    answered: [...answered],
    missing: [...missing],
  }
}

function groupOf({ first, last, sample, ...group }: CrashGroup, node: string, version: string | undefined): Group {
  const { supervisor, child, stack, ...report } = sample
  return {
    ...group,
    first: iso(first),
    last: iso(last),
    versions: version === undefined ? [] : [version],
    nodes: [node],
    sample: { ...crashOf(report), node, supervisor, child, stack },
  }
}

function merged(a: Group | undefined, b: Group): Group {
  if (a === undefined) return b
  const younger = a.last > b.last ? a : b
  return {
    ...younger,
    count: a.count + b.count,
    first: a.first < b.first ? a.first : b.first,
    versions: [...new Set([...a.versions, ...b.versions])].sort(),
    nodes: [...new Set([...a.nodes, ...b.nodes])].sort(),
  }
}
