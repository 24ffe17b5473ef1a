// What callbacks get of their own process.
import type { ExitReason, Pid, ProcessTimer, Ref, ReplyTo, Target } from '#process'
import type { AnswerOf, CallNames, CallOptions, CastNames, PayloadArguments } from './protocol.ts'

/** The process itself, seen from its callbacks. */
export interface Self {
  readonly pid: Pid
  /**
   * With an arbiter, the token under which this process has its name: greater than that of every owner before. Whatever is stored elsewhere under
   * the name shall be refused there if it comes with a lesser one. `undefined` without an arbiter, and for who is no child of the cluster.
   */
  readonly fencingToken: number | undefined
  /** Free text for the observer. */
  label: string | undefined
  /** Exit signals of linked processes become the info `EXIT`. */
  trapExit: boolean
  /** The caller of the call under way, for an answer that comes later. Take it before the first `await`. */
  readonly from: ReplyTo | undefined
  /** Answers a call that returned `noReply`; a second answer is dropped. */
  reply(from: ReplyTo, value: unknown): void
  send(to: Ref, name: string, payload?: unknown): void
  /** Sends itself an info after `ms` milliseconds. */
  sendAfter(ms: number, name: string, payload?: unknown): ProcessTimer
  /** Sends itself an info every `ms` milliseconds. */
  sendInterval(ms: number, name: string, payload?: unknown): ProcessTimer
  /** Links with a process, wherever it lives. */
  linkTo(pid: Pid): void
  /** After it returns no exit signal comes from there; with `flush`, an `EXIT` that waits already is taken back, too. */
  unlinkFrom(pid: Pid, options?: { flush?: boolean }): void
  /** Sends an exit signal. To end with a reason oneself, throw with `exit(reason)`, or return `stop`. */
  exit(to: Pid, reason: ExitReason): void
  /** Takes a name of this node for this process; throws `ERR_OTP_PROCESS_BAD_NAME` if it cannot have it. */
  register(name: string): void
  /** Gives that name back. */
  unregister(): void
  call<B, N extends CallNames<B>>(
    to: Ref<B>,
    name: N,
    ...rest: PayloadArguments<NoInfer<B>, 'calls', N, CallOptions>
  ): Promise<AnswerOf<B, N>>
  cast<B, N extends CastNames<B>>(to: Ref<B>, name: N, ...rest: PayloadArguments<NoInfer<B>, 'casts', N>): void
  /** Watches a process, by its pid or by a name of this node or of another: the info `DOWN` comes once, with a `DownMessage`. */
  monitor(target: Target | string): number
  /** Ends a monitor, and answers whether it was there still; with `flush`, a `DOWN` of it that waits already is taken back. */
  demonitor(ref: number, options?: { flush?: boolean }): boolean
}
