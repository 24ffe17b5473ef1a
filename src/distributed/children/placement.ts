// Which of several nodes a child belongs to, so that all who see the same nodes say the same. Pure.
import type { NodeId } from '#process'
import { hashText } from '../directory/record.ts'

/** In which zone a node is; empty if nobody knows. */
export type ZoneOf = (id: NodeId) => string

/** Horde's distribution strategy: where children run. Every node of the cluster has to be given the same one. */
export interface DistributionStrategy {
  readonly name: string
  /**
   * One of the candidates, `undefined` if there is none. It may go by nothing but what it is given: every survivor of a node asks for
   * itself, and they have to agree. `birth` is another number each time the name is started, and the same as long as the child lives.
   * `zoneOf` says where a candidate is: empty if nobody knows.
   */
  chooseNode(key: string, candidates: readonly NodeId[], birth: number, zoneOf?: ZoneOf): NodeId | undefined
  /** Whether a part of the cluster without a majority starts nothing and stops what it runs. */
  readonly needsQuorum: boolean
}

/**
 * Consistent hashing by highest random weight (Thaler & Ravishankar 1996): a node that comes or goes moves only the names that
 * it gains or had. By node name, not by its incarnation: a node that comes back gets back what it had. Horde's default.
 */
export const uniform: DistributionStrategy = {
  name: 'uniform',
  chooseNode: (key, candidates) => heaviest(hashText(key), candidates),
  needsQuorum: false,
}

/** As `uniform`, but a name that is started again falls to another node. Drawn from the birth, so that all nodes draw the same lot. */
export const uniformRandom: DistributionStrategy = {
  name: 'uniform_random',
  chooseNode: (key, candidates, birth) => heaviest(mix(hashText(key) + Math.imul(birth, 0x9e3779b1)), candidates),
  needsQuorum: false,
}

/** As `uniform`, in the part of the cluster that has a majority; elsewhere nothing runs. */
export const uniformQuorum: DistributionStrategy = { ...uniform, name: 'uniform_quorum', needsQuorum: true }

/**
 * Each zone has as many names as every other, however many nodes it has: a zone by highest random weight, then one of its nodes. What a
 * node had stays in its zone as long as there is another node. The loss of one of three zones moves a third of the names.
 */
export const uniformZones: DistributionStrategy = {
  name: 'uniform_zones',
  chooseNode: (key, candidates, _birth, zoneOf = () => '') => {
    const keyHash = hashText(key)
    const zones = new Map(candidates.map((id) => [zoneOf(id), 0]))
    if (zones.size < 2) return heaviest(keyHash, candidates)
    for (const zone of zones.keys()) zones.set(zone, mix(keyHash ^ hashText(`zone ${zone}`)))
    const [[chosen] = ['']] = [...zones].toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
    return heaviest(
      keyHash,
      candidates.filter((id) => zoneOf(id) === chosen),
    )
  },
  needsQuorum: false,
}

/** Those that come with this, for who chooses one by its name. */
export const STRATEGIES: readonly DistributionStrategy[] = [uniform, uniformRandom, uniformQuorum, uniformZones]

function heaviest(keyHash: number, candidates: readonly NodeId[]): NodeId | undefined {
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
