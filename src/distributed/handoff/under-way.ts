// One handoff as whoever watches it sees it: which way it goes, how far it has come, and how long that has taken.
import type { NodeId } from '#process'
import type { HandoffPhase, HandoffReason } from '../events.ts'

export interface HandoffUnderWay {
  readonly handoffId: string
  readonly name: string
  readonly behaviour: string
  /** `out`: it leaves the node that says so; `in`: it comes to it. */
  readonly direction: 'out' | 'in'
  /** The other node. */
  readonly peer: NodeId
  /** `undefined` of one that comes: only the node that it leaves knows. */
  readonly reason: HandoffReason | undefined
  /** By the names of `handoff.ended`. One that comes is in `transfer` until its state is loaded, and in `activate` from then on. */
  readonly phase: HandoffPhase
  /** Wall clock, ms; and by the monotonic clock how long it has been under way, and in this phase. */
  readonly startedAt: number
  readonly forMs: number
  readonly phaseMs: number
  /** Size of its state, `undefined` until that is saved; and what of it the node that it goes to has. */
  readonly bytes: number | undefined
  readonly arrivedBytes: number
}
