// A node that leaves hands over all children that move with their state, and leaves when everybody knows where they are.
import type { Clock } from '#base'
import type { NodeId } from '#process'
import type { ChildPlacement } from '../children/child-placement.ts'
import type { LocalChildren } from '../children/local-children.ts'
import type { Reconciler } from '../children/reconciler.ts'
import type { Directory } from '../directory/directory.ts'
import type { DirectoryRecord } from '../directory/record.ts'
import type { Replicator } from '../directory/replicator.ts'
import type { Handoffs } from './handoffs.ts'

export interface DrainOptions {
  readonly clock: Clock
  readonly directory: Directory
  readonly replicator: Replicator
  readonly reconciler: Reconciler
  readonly children: LocalChildren
  readonly placement: ChildPlacement
  readonly handoffs: Handoffs
}

/**
 * Hands over what it can within `budgetMs`, each child to where it falls; to the next candidate if one refuses. Resolves with how many have gone, when all
 * live peers know of it and what was passed on has arrived, or when the time is up. What is left is the caller's to stop.
 */
export async function drain(options: DrainOptions, budgetMs: number): Promise<number> {
  const { clock, directory, children, handoffs, replicator, placement } = options
  // This node itself has just stopped being a candidate.
  placement.refresh()
  const until = clock.now() + budgetMs
  const isOver = Promise.withResolvers<'over'>()
  const timer = clock.after(budgetMs, () => isOver.resolve('over'))
  let moved = 0
  const moving = [...children.keys()].flatMap((key) => {
    const record = directory.get(key)
    return record?.child !== undefined && handoffs.moves(record) ? [handOver(options, record, until).then((is) => is && moved++)] : []
  })
  await Promise.race([Promise.all(moving), isOver.promise])
  if (moved > 0) {
    // Who knows where they are sends nothing more for them here; then what was sent here before has been passed on, and has to arrive.
    await replicator.confirmed(Math.max(0, until - clock.now()))
    await handoffs.settled(Math.max(0, until - clock.now()))
  }
  timer.cancel()
  return moved
}

/** Whether it has gone. */
async function handOver(
  { clock, directory, placement, reconciler, handoffs }: DrainOptions,
  { key }: DirectoryRecord,
  until: number,
): Promise<boolean> {
  const refused = new Set<NodeId>()
  for (;;) {
    const record = directory.get(key)
    if (record === undefined || record.ended || record.owner !== directory.self || clock.now() >= until) return false
    const candidates = placement.candidates(record.behaviour).filter((id) => !refused.has(id))
    const to = placement.among(candidates, record)
    if (to === undefined) return false
    const over = Promise.withResolvers<string>()
    const isBegun = reconciler.exclusively(key, () => {
      over.resolve(handoffs.move(record, to, 'drain'))
      return over.promise
    })
    // Something else is under way for it, such as its start; what comes of that is stopped.
    if (!isBegun) return false
    const outcome = await over.promise
    if (outcome === 'completed' || outcome === 'stopped') return outcome === 'completed'
    refused.add(to)
  }
}
