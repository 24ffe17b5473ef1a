// Where a reader of the cluster's events stands: a sequence number for each life of each node. Pure.
import type { NodeId } from '#process'

export type EventCursor = Readonly<Record<NodeId, number>>

/**
 * `n1.lq3f9a:12,n2.lq3f9b:7` is what an answer's `next` looks like. A bare number means the same place on each of the nodes given, so that
 * `0` is the beginning. `undefined`: it is no cursor.
 */
export function parseCursor(text: string, nodes: Iterable<NodeId>): EventCursor | undefined {
  if (/^[0-9]{1,15}$/.test(text)) return Object.fromEntries([...nodes].map((id) => [id, Number(text)]))
  const cursor: Record<NodeId, number> = {}
  for (const part of text.split(',')) {
    const match = /^([A-Za-z0-9_-]+\.[0-9a-z]+):([0-9]{1,15})$/.exec(part)
    if (match === null) return undefined
    cursor[match[1] as string] = Number(match[2])
  }
  return cursor
}

export function printCursor(cursor: EventCursor): string {
  const parts = Object.entries(cursor).map(([id, seq]) => `${id}:${seq}`)
  return parts.length === 0 ? '0' : parts.join(',')
}
