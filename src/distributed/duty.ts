// What a node has to do about one name: what the record says against what runs. Pure, and asked again at every tick.
import type { NodeId } from '#process'
import type { DirectoryRecord } from './record.ts'

/**
 * `take_over`: its owner is gone and the name falls to this node. `start`: it is this node's, and nothing runs.
 * `stop`: a process runs here whose name has ended or is another's. `clean_up`: a registered name whose process or owner is gone.
 * `reclaim`: others took this node for dead and cleaned up a name whose process lives here.
 */
export type Duty = 'take_over' | 'start' | 'stop' | 'clean_up' | 'reclaim'

export interface Situation {
  readonly self: NodeId
  isAlive(id: NodeId): boolean
  /** Joined and not leaving. */
  readonly mayOwn: boolean
  /** The node the name falls to, among those that may own it. */
  place(key: string): NodeId | undefined
  /** Serial of the process that runs here under the name. */
  running(key: string): number | undefined
}

export function dutyOf(record: DirectoryRecord, here: Situation): Duty | undefined {
  const running = here.running(record.key)
  if (running !== undefined) {
    if (!record.ended && record.owner === here.self) return undefined
    return record.ended && record.child === undefined && record.writer !== here.self ? 'reclaim' : 'stop'
  }
  if (record.ended) return undefined
  if (record.owner === here.self) {
    if (record.child === undefined) return 'clean_up'
    return here.mayOwn ? 'start' : undefined
  }
  if (here.isAlive(record.owner) || !here.mayOwn || here.place(record.key) !== here.self) return undefined
  return record.child === undefined ? 'clean_up' : 'take_over'
}
