// How a child of this node goes to another one: with its state, if its behaviour says how; else it is stopped here and begins anew there.
import type { NodeId } from '#process'
import type { DirectoryRecord } from '../directory/record.ts'
import type { HandoffReason } from '../events.ts'

/**
 * How a move ended. `completed`: it goes on there. `restarted`: it was stopped here and begins anew there. `resumed`: it goes on here, since the
 * other node was gone or silent, or its state could not be saved. `refused`: it goes on here, since the other node would not have it.
 * `stopped`: its name had ended or was another's meanwhile, or the process had ended.
 */
export type MoveOutcome = 'completed' | 'restarted' | 'resumed' | 'refused' | 'stopped'

export interface Mover {
  /** Not what would have to be stopped and is never started twice. */
  canMove(record: DirectoryRecord): boolean
  /** Nothing else may be under way for the name. */
  move(record: DirectoryRecord, to: NodeId, reason: HandoffReason): Promise<MoveOutcome>
}
