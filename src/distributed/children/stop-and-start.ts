// A child whose state does not move goes elsewhere all the same: it is stopped here and given to the other node, which starts it afresh.
import type { ExitReason, NodeId } from '#process'
import type { Directory } from '../directory/directory.ts'
import type { ChildData, DirectoryRecord } from '../directory/record.ts'
import type { HandoffReason } from '../events.ts'
import type { LocalChildren } from './local-children.ts'
import type { MoveOutcome } from './mover.ts'
import type { Relocator } from './relocator.ts'

/** What a child that is moved ends with, as in Horde; and one whose node drains. */
const REDISTRIBUTED: ExitReason = { shutdown: 'process_redistribution' }
const DRAINED: ExitReason = { shutdown: 'drain' }

export function stopAndStart(children: LocalChildren, directory: Directory, relocator: Relocator) {
  return async (record: DirectoryRecord, to: NodeId, reason: HandoffReason): Promise<MoveOutcome> => {
    const isDrain = reason === 'drain'
    const ending = isDrain ? DRAINED : REDISTRIBUTED
    await children.stop(record.key, ending)
    // Whoever ended it meanwhile, or took it, has the last word.
    if (directory.get(record.key) !== record) return 'stopped'
    const child = record.child as ChildData
    const { failures } = child
    // It ran well: whatever went wrong before, it does not wait again. One that waits still goes on waiting there.
    const moved = failures === undefined || record.serial === 0 ? child : { ...child, failures: { ...failures, waitMs: 0 } }
    relocator.send(record, to, isDrain ? 'drain' : 'redistribution', moved, ending)
    return 'restarted'
  }
}
