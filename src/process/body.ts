// What a process is started with: what it runs, and what its starter says of it.
import type { Envelope, EnvelopeKind } from './envelope.ts'
import type { SpawnCause } from './events.ts'
import type { ExitReason } from './exit-reason.ts'
import type { MailboxBound } from './mailbox.ts'
import type { Process } from './process.ts'
import type { Tenure } from './tenure.ts'

/** What a behaviour lets be seen by who looks in from outside; nothing by default. Both may leave out, or replace, what is nobody's business. */
export interface Observe<S = unknown> {
  /** What may be seen of the state; of a gen_statem, of `{ state, data }`. */
  readonly state?: (state: S) => unknown
  /** What may be seen of a message. */
  readonly message?: (message: { readonly kind: EnvelopeKind; readonly name: string; readonly payload: unknown }) => unknown
}

/** What a process runs: one object shared by all processes of a behaviour; what differs is `process.state`. */
export interface Body {
  /** The behaviour's name: a label, so from a bounded set. */
  readonly name: string
  /** Its processes are supervisors: they are listed as such. */
  readonly supervises?: boolean
  /** `false`: its messages make no spans. */
  readonly traceable?: boolean
  /** Default: a mailbox takes whatever comes. */
  readonly mailbox?: MailboxBound | undefined
  readonly observe?: Observe | undefined
  /** Sets `self.state`; what it throws is the reason why the start failed. */
  init(self: Process, argument: unknown): void | Promise<void>
  receive(self: Process, envelope: Envelope): void | Promise<void>
  /** Before its state is taken elsewhere: whether all that it has told others of holds, as soon as it does. Absent: it always does. */
  settle?(self: Process): boolean | Promise<boolean>
  /** Gives back the messages that it has taken in and is not done with, oldest first: its process goes on elsewhere, and so do they. */
  giveBack?(self: Process): readonly Envelope[]
  /** Runs before an orderly end and after a crash, as in OTP; not when the process is killed. */
  terminate?(self: Process, reason: ExitReason): void | Promise<void>
}

/** What its starter says of a new process. */
export interface Origin {
  readonly cause: SpawnCause
  /** Path of the supervisor and the child's id under it. */
  readonly supervisor?: string | undefined
  readonly child?: string | undefined
  /** The starter: linked from the beginning. An exit signal from it ends a process that traps exits, too. */
  readonly parent?: Process | undefined
  /** Without one it handles whatever comes. */
  readonly tenure?: Tenure | undefined
}
