// One message on its way into a mailbox, and the address its answer goes to.
import type { ExitReason } from './exit-reason.ts'
import type { MessageTimes } from './message-times.ts'
import type { NodeRef } from './name.ts'
import type { Pid } from './pid.ts'
import type { TraceCarrier } from './tracing.ts'

/** Where the answer to a call goes: a caller on this node or on another. The first answer counts, later ones are dropped. */
export interface ReplyTo {
  /** Whether the caller has its answer, or waits no more. */
  readonly isSettled: boolean
  reply(value: unknown): void
  fail(reason: ExitReason): void
}

export type MessageKind = 'call' | 'cast' | 'info'

/** Besides messages: what a behaviour tells itself, such as a continue, and what `sys` asks. Neither ever comes from another node. */
export type EnvelopeKind = MessageKind | 'internal' | 'system'

/** Mailboxes are chains of envelopes: no array to grow, and an idle process holds nothing. */
export class Envelope {
  readonly kind: EnvelopeKind
  /** The name of the call, cast or info: what the behaviour's table is asked for. */
  readonly name: string
  readonly payload: unknown
  replyTo: ReplyTo | undefined
  readonly carrier: TraceCarrier | undefined
  /** When it came in, to the resolution of one drain, as the run queue's `timeMs`. */
  atMs = 0
  next: Envelope | undefined = undefined
  /** Of one in many messages. */
  times: MessageTimes | undefined = undefined

  constructor(kind: EnvelopeKind, name: string, payload: unknown, replyTo?: ReplyTo, carrier?: TraceCarrier) {
    this.kind = kind
    this.name = name
    this.payload = payload
    this.replyTo = replyTo
    this.carrier = carrier
  }
}

/** The payload of the info `EXIT`, which a process that traps exits gets for the end of a linked one. */
export interface ExitMessage {
  readonly from: Pid
  readonly reason: ExitReason
}

/** The payload of the info `DOWN`, which a monitor gets once. As in OTP it says what was monitored as it was asked for: a pid, or a name. */
export interface DownMessage {
  readonly ref: number
  readonly pid: Pid | undefined
  readonly name: NodeRef | undefined
  readonly reason: ExitReason
}
