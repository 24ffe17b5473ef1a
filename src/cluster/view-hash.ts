// One number for a set of nodes, so that nodes can tell whether they see the same. Pure.
import type { NodeId } from '#process'

/** FNV-1a over the sorted ids, 32 bits. */
export function viewHash(ids: Iterable<NodeId>): number {
  let hash = 0x811c9dc5
  for (const character of [...ids].toSorted().join(' ')) hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193)
  return hash >>> 0
}
