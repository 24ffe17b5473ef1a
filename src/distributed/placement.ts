// Which of several nodes a name belongs to, so that all who see the same nodes say the same. Pure.
import type { NodeId } from '#process'
import { hashText } from './record.ts'

/** Horde's distribution strategy: chooses among candidates; `undefined` if there is none. */
export type DistributionStrategy = (key: string, candidates: readonly NodeId[]) => NodeId | undefined

/**
 * Consistent hashing by highest random weight (Thaler & Ravishankar 1996): a node that comes or goes moves only the names that
 * it gains or had. By node name, not by its incarnation: a node that comes back gets back what it had.
 */
export const uniform: DistributionStrategy = (key, candidates) => {
  const keyHash = hashText(key)
  let best: NodeId | undefined
  let bestWeight = -1
  for (const id of candidates) {
    const weight = mix(keyHash ^ nameHash(id))
    if (weight > bestWeight || (weight === bestWeight && best !== undefined && id < best)) {
      best = id
      bestWeight = weight
    }
  }
  return best
}

const hashes = new Map<NodeId, number>()

/** Hashes of node names are kept: they are asked for once a candidate and a name. */
function nameHash(id: NodeId): number {
  let hash = hashes.get(id)
  if (hash === undefined) {
    if (hashes.size > 10_000) hashes.clear()
    hash = hashText(id.slice(0, id.indexOf('.')))
    hashes.set(id, hash)
  }
  return hash
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
