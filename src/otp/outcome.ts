// What the callbacks of a server return: an answer, the next state, the end, and what is to happen next. Pure.
import type { ExitReason } from '#process'

// The declared fields make each type its own: what happens to have the same other fields is something else.

/** Tells what a callback decided from a plain next state. */
export abstract class Outcome {
  declare protected readonly isOutcome: true
}

/** OTP's `{continue, Term}`: the callback of `continues` that runs before any other message. */
export interface ContinueWith<K, P> {
  readonly continue: K
  readonly argument?: P
  readonly timeoutMs?: never
}

/** OTP's time-out: the info `timeout` comes unless another message does within so many ms (0: unless one waits already). */
export interface WaitAtMost {
  readonly timeoutMs: number | 'infinity'
  readonly continue?: never
  readonly argument?: never
}

/** One or the other: a continue says for itself what is to follow it. */
export type AnyNext = ContinueWith<string, unknown> | WaitAtMost

/** What a call's callback returns: the answer and the next state. */
export class Reply<R, S, X = never> extends Outcome {
  declare protected readonly isReply: true
  readonly value: R
  readonly state: S
  readonly next: X | undefined

  constructor(value: R, state: S, next: X | undefined) {
    super()
    this.value = value
    this.state = state
    this.next = next
  }
}

/** The next state. The answer to a call comes later, by `self.reply(from, value)`. */
export class NoReply<S, X = never> extends Outcome {
  declare protected readonly isNoReply: true
  readonly state: S
  readonly next: X | undefined

  constructor(state: S, next: X | undefined) {
    super()
    this.state = state
    this.next = next
  }
}

/** The process ends with `reason` after `terminate`; `value` answers the call under way first. */
export class Stop<R, S> extends Outcome {
  declare protected readonly isStop: true
  readonly reason: ExitReason
  readonly state: S
  readonly value: R | undefined

  constructor(reason: ExitReason, state: S, value: R | undefined) {
    super()
    this.reason = reason
    this.state = state
    this.value = value
  }
}

/** What `init` may return where a plain first state does not say enough. */
export class Ok<S, X = never> extends Outcome {
  declare protected readonly isOk: true
  readonly state: S
  readonly next: X | undefined

  constructor(state: S, next: X | undefined) {
    super()
    this.state = state
    this.next = next
  }
}

/** `init` wants no process: no failure, and nothing runs. */
export class Ignore extends Outcome {
  declare protected readonly isIgnore: true
}

/** `{reply, Reply, NewState}`; `next` is a continue or a time-out. */
export const reply = <const R, S, const X extends AnyNext = never>(value: R, state: S, next?: X): Reply<R, S, X> =>
  new Reply(value, state, next)

/** `{noreply, NewState}`; `next` is a continue or a time-out. */
export const noReply = <S, const X extends AnyNext = never>(state: S, next?: X): NoReply<S, X> => new NoReply(state, next)

/** `{ok, State}` of `init`; `next` is a continue or a time-out. */
export const ok = <S, const X extends AnyNext = never>(state: S, next?: X): Ok<S, X> => new Ok(state, next)

/** `ignore` of `init`: the start answers `{ ok: false, reason: 'ignore' }`, and a supervisor goes on without this child. */
export const ignore = new Ignore()

/** `{stop, Reason, Reply, NewState}` of a callback; from `init`, where there is no state yet, `stop(reason)`: the start fails with it. */
// Overloads: one type parameter for an answer that is not there would be inferred from what is expected, as `any`.
export function stop(reason: ExitReason): Stop<never, undefined>
export function stop<S>(reason: ExitReason, state: S): Stop<never, S>
export function stop<S, const R>(reason: ExitReason, state: S, value: R): Stop<R, S>
export function stop(reason: ExitReason, state?: unknown, value?: unknown): Stop<unknown, unknown> {
  return new Stop(reason, state, value)
}
