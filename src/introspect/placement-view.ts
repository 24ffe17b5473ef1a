// What would move now from which node to which and why, by this node's copy of the directory. It only looks.
import { nodeName } from '#cluster'
import type { Held, MoveReason } from '#distributed'
import type { NodeParts } from './node-snapshot.ts'

export interface PlacementView {
  readonly mode: 'active' | 'passive'
  /** How far the node is from its share by placement that is furthest from it, as a part of a fair share; up to `threshold` nothing moves. */
  readonly deviation: number
  readonly threshold: number
  /** How long until anything moves, if no node comes or goes. */
  readonly settledInMs: number
  /** Children that belong on another node: how many move now, and how many do not, by why. */
  readonly counts: Readonly<Record<'now' | Held, number>>
  /** Those that move now first, then by name; `held`: why one does not, or null. */
  readonly moves: readonly {
    readonly name: string
    readonly behaviour: string
    readonly from: string
    readonly to: string
    readonly reason: MoveReason
    readonly held: Held | null
  }[]
}

/** Reads all records, some in each turn of the event loop; shows `limit` moves at most. */
export async function placementView(parts: NodeParts, limit: number): Promise<PlacementView> {
  const { moves, deviation, mode, threshold, settledInMs } = await parts.redistributor.plan()
  const counts = { now: 0, not_movable: 0, passive: 0, balanced: 0, cooling: 0, settling: 0 }
  for (const { held } of moves) counts[held ?? 'now']++
  const shown = moves.toSorted((a, b) => Number(a.held !== undefined) - Number(b.held !== undefined) || (a.key < b.key ? -1 : 1))
  return {
    mode,
    deviation,
    threshold,
    settledInMs,
    counts,
    moves: shown.slice(0, limit).map(({ key, behaviour, from, to, reason, held }) => {
      return { name: key, behaviour, from: nodeName(from), to: nodeName(to), reason, held: held ?? null }
    }),
  }
}
