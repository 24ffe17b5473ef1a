// Names of the whole cluster in order, page by page, out of this node's copy of the directory.
import { nodeName } from '#cluster'
import type { NodeParts } from './node-snapshot.ts'
import { inSlices } from './slices.ts'
import { Top } from './top.ts'

export interface NameQuery {
  readonly prefix: string
  readonly limit: number
  /** The last name that was seen; empty at the beginning. */
  readonly after: string
}

export interface NameEntry {
  readonly name: string
  readonly node: string
  readonly pid: string
  readonly epoch: number
  readonly behaviour: string
  /** Since its owner claimed it, by its clock. */
  readonly ageMs: number
  /** A child of the cluster, which is started again elsewhere if its node goes. */
  readonly supervised: boolean
}

/** Live names, one more than `limit` where there are more. */
export async function namePage({ runtime, cluster, directory }: NodeParts, { prefix, limit, after }: NameQuery): Promise<NameEntry[]> {
  const { clock } = runtime
  type Found = ReturnType<typeof directory.records> extends Iterator<infer R> ? R : never
  const top = new Top<Found>(limit + 1, (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  await inSlices(clock, directory.records(), (record) => {
    const { key, ended, serial, owner } = record
    if (ended || serial === 0 || key <= after || !key.startsWith(prefix) || !cluster.alive.has(owner)) return
    if (top.last === undefined || key < top.last.key) top.offer(record)
  })
  const now = clock.wall()
  return top.items().map(({ key: name, owner, serial, epoch, behaviour, claimedAt, child }) => ({
    name,
    node: nodeName(owner),
    pid: `${owner}.${serial}`,
    epoch,
    behaviour,
    ageMs: Math.max(0, now - claimedAt),
    supervised: child !== undefined,
  }))
}
