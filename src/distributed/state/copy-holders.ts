// Which nodes keep copies of the state of a name. Pure.
import type { NodeId } from '#process'

/**
 * Those to which the name would fall if its owner were gone, in that order: the first of them takes over, and finds the copy at home.
 * All of them, if there are fewer than `count`. Where there are zones, one of them is in another zone than the owner: a zone that is lost
 * takes no state with it.
 */
export function copyHolders(
  owner: NodeId,
  candidates: readonly NodeId[],
  count: number,
  heirAmong: (left: readonly NodeId[]) => NodeId | undefined,
  zoneOf: (id: NodeId) => string,
): readonly NodeId[] {
  const holders: NodeId[] = []
  let left = candidates.filter((id) => id !== owner)
  while (holders.length < count) {
    const elsewhere = left.filter((id) => zoneOf(id) !== zoneOf(owner))
    const isLastAtHome = holders.length === count - 1 && elsewhere.length > 0 && holders.every((id) => zoneOf(id) === zoneOf(owner))
    const next = heirAmong(isLastAtHome ? elsewhere : left)
    if (next === undefined) break
    holders.push(next)
    left = left.filter((id) => id !== next)
  }
  return holders
}
