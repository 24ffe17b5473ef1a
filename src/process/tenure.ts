// What lets a process handle messages, where that may end at any moment: asked before each message is taken up.
import type { Envelope } from './envelope.ts'
import type { ExitReason } from './exit-reason.ts'
import type { Process } from './process.ts'
import { isExitOfParent } from './system-messages.ts'

/** What a start fails with whose tenure is over before it began: who stood still since it was granted does not even run its `init`. */
export const TENURE_OVER: ExitReason = { shutdown: 'lease_lost' }

export interface Tenure {
  /** Whether a message may be handled now: by the monotonic clock, at this very moment. */
  mayHandle(): boolean
  /** Greater than that of whoever had the name before. */
  readonly token: number
}

/** Refuses a message as one for a process that has ended, which this one is about to do; `false` for the signal that ends it. */
export function refuseUntenured(process: Process, envelope: Envelope): boolean {
  if (isExitOfParent(process, envelope)) return false
  process.runtime.deadLetter(process.pid, envelope, 'noproc')
  return true
}
