// What a node has to do about one name: what the record says against what runs. Pure, and asked again at every tick.
import type { NodeId } from '#process'
import { type DirectoryRecord, isQuarantined, isSetting } from '../directory/record.ts'

/**
 * `take_over`: its owner is gone and the name falls to this node. `start`: it is this node's, and nothing runs.
 * `stop`: a process runs here whose name has ended or is another's. `clean_up`: a registered name whose process or owner is gone.
 * `reclaim`: others took this node for dead and cleaned up a name whose process lives here.
 */
export type Duty = 'take_over' | 'start' | 'stop' | 'clean_up' | 'reclaim'

export interface Situation {
  readonly self: NodeId
  /** Whether the record's owner may still run what it says. */
  isHeld(record: DirectoryRecord): boolean
  /** Joined, not leaving, and able to run children. */
  readonly mayOwn: boolean
  /** Whether a child that runs here may go on: not in a part of the cluster without a majority, if the strategy asks for one, nor without a lease, if there is an arbiter. */
  mayRun(key: string): boolean
  /** The node the name falls to, among those that may own it. */
  place(record: DirectoryRecord): NodeId | undefined
  /** Whether a child may be started now: one that was given to this node has to wait, or what the arbiter refused. */
  isDue(key: string): boolean
  /** Serial of the process that runs here under the name. */
  running(key: string): number | undefined
}

export function dutyOf(record: DirectoryRecord, here: Situation): Duty | undefined {
  const running = here.running(record.key)
  if (running !== undefined) {
    // Of another serial: it lost a conflict, and the name came back here since.
    if (!record.ended && record.owner === here.self && !isQuarantined(record) && record.serial === running) {
      return record.child === undefined || here.mayRun(record.key) ? undefined : 'stop'
    }
    return record.ended && record.child === undefined && record.writer !== here.self ? 'reclaim' : 'stop'
  }
  if (record.ended || isSetting(record) || isQuarantined(record)) return undefined
  if (record.owner === here.self) {
    if (isOver(record)) return 'clean_up'
    return here.mayOwn && here.isDue(record.key) ? 'start' : undefined
  }
  if (here.isHeld(record) || !here.mayOwn || here.place(record) !== here.self) return undefined
  if (isOver(record)) return 'clean_up'
  return here.isDue(record.key) ? 'take_over' : undefined
}

/** What is not started again: a process that registered itself, and OTP's `temporary`. */
function isOver({ child }: DirectoryRecord): boolean {
  return child === undefined || child.restart === 'temporary'
}
