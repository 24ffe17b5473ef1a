// Which nodes keep copies of the state of a name. Pure.
import type { NodeId } from '#process'

/**
 * Those to which the name would fall if its owner were gone, in that order: the first of them takes over, and finds the copy at home.
 * All of them, if there are fewer than `count`.
 */
export function copyHolders(
  owner: NodeId,
  candidates: readonly NodeId[],
  count: number,
  heirAmong: (left: readonly NodeId[]) => NodeId | undefined,
): readonly NodeId[] {
  const holders: NodeId[] = []
  let left = candidates.filter((id) => id !== owner)
  while (holders.length < count) {
    const next = heirAmong(left)
    if (next === undefined) break
    holders.push(next)
    left = left.filter((id) => id !== next)
  }
  return holders
}
