// Pure. Lines between nodes, made of what each says of its links.
import type { Answers } from '#answers'

/** A line between two nodes. */
export interface Drawn {
  readonly key: string
  readonly ends: readonly [string, string]
  readonly total: number
}

/** One line for two nodes, with the bytes of all links between them, as the one that counted more tells. */
export function pairs(linked: readonly Pick<Answers['node']['of'], 'name' | 'links'>[]): Drawn[] {
  const totals = new Map<string, number>()
  for (const { name, links } of linked) {
    const own = new Map<string, number>()
    for (const { peer, bytesIn, bytesOut } of links) own.set(peer, (own.get(peer) ?? 0) + bytesIn + bytesOut)
    for (const [peer, total] of own) {
      const key = [name, peer].toSorted().join(' ')
      totals.set(key, Math.max(totals.get(key) ?? 0, total))
    }
  }
  return [...totals].map(([key, total]) => ({ key, ends: key.split(' ') as [string, string], total }))
}
