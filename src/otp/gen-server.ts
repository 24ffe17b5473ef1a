// gen_server: a process that keeps a state and answers calls, takes casts and hears infos, one at a time.
import { CodedError } from '#base'
import { checkMailboxBound, type ExitReason, type MailboxBound, Name, type Observe } from '#process'
import type { Behaviour } from './behaviour.ts'
import { DurableGenServerBody } from './durable-gen-server-body.ts'
import { checkPersist, type Persist } from './durable-state.ts'
import { GenServerBody } from './gen-server-body.ts'
import { type HandoffOption, handoffOf } from './handoff.ts'
import type { AnyNext, ContinueWith, Ignore, NoReply, Ok, Outcome, Reply, Stop, WaitAtMost } from './outcome.ts'
import type { Self } from './self.ts'

export { GenServerBody } from './gen-server-body.ts'
export { ignore, NoReply, noReply, Ok, ok, Reply, reply, Stop, stop } from './outcome.ts'
export type { Self } from './self.ts'

// biome-ignore-start lint/suspicious/noExplicitAny: payloads and answers are each callback's own; `protocol.ts` reads them off.
export type CallHandler<S, X = never> = (state: S, payload: any, self: Self) => CallResult<S, X> | Promise<CallResult<S, X>>
type CallResult<S, X> = Reply<any, S, X> | NoReply<S, X> | Stop<any, S>
export type CastHandler<S, X = never> = (state: S, payload: any, self: Self) => CastResult<S, X> | Promise<CastResult<S, X>>
// biome-ignore-end lint/suspicious/noExplicitAny: see above.
type CastResult<S, X> = S | NoReply<S, X> | Stop<unknown, S>
type Calls<S, X> = Readonly<Record<string, CallHandler<S, X>>>
type Casts<S, X> = Readonly<Record<string, CastHandler<S, X>>>

/** What a callback may say is next: a time-out, or a continue that there is, with its argument. */
export type NextOf<N> = WaitAtMost | { [K in keyof N & string]: ContinueWith<K, N[K]> }[keyof N & string]

type InitResult<S, X> = S | Ok<S, X> | Ignore | Stop<never, unknown>

export interface GenServerDefinition<S, A, C, K, I, N = {}> {
  /** Unique on a node, and a label in metrics. */
  readonly name: string
  readonly version?: string
  /**
   * Makes the first state: as it is, or as `ok(state, next)`. `ignore` and `stop(reason)` are the two ways not to start; what it
   * throws is the reason why the start failed. The starter waits for it.
   */
  readonly init: (argument: A, self: Self) => InitResult<S, NextOf<N>> | Promise<InitResult<S, NextOf<N>>>
  readonly calls?: C & Calls<NoInfer<S>, NextOf<N>>
  readonly casts?: K & Casts<NoInfer<S>, NextOf<N>>
  /** Messages that are neither: timers, time-outs, `DOWN` of monitors, `EXIT` of links when exits are trapped. */
  readonly infos?: I & Casts<NoInfer<S>, NextOf<N>>
  /** OTP's `handle_continue`: what `{ continue: name }` runs, before any other message. */
  readonly continues?: Continues<NoInfer<S>, N>
  /** Runs before an orderly end that the process decided, after a crash, and at a supervisor's shutdown if it traps exits. */
  readonly terminate?: (state: S, reason: ExitReason, self: Self) => void | Promise<void>
  /** OTP's `format_status`: what `getStatus` shows in place of the state, such as one without its secrets. */
  readonly formatStatus?: (state: S) => unknown
  readonly trapExit?: boolean
  /** Its processes move between nodes with their state and their messages. Default: they are stopped here and begin anew there. */
  readonly handoff?: HandoffOption<NoInfer<S>>
  /** `false`: its messages make no spans. A call still passes the trace on that it comes in, a cast does not. Default `true`. */
  readonly traceable?: boolean
  /** Default: the mailbox takes whatever comes. */
  readonly mailbox?: MailboxBound
  /** What the observer may show of its state and its messages. Default: nothing. */
  readonly observe?: Observe<NoInfer<S>>
  /**
   * The state of a child of the cluster is written, where its node has a store, before anybody is answered who could have seen it; a takeover,
   * and a restart, go on from what was written. Until the first change there is nothing to write. Elsewhere it changes nothing.
   */
  readonly persist?: Persist<NoInfer<S>>
}

/** Each with the type of its argument. The name of another continue is checked when it is returned: a table cannot be typed by itself. */
type Continues<S, N> = {
  readonly [K in keyof N]: (state: S, argument: N[K], self: Self) => CastResult<S, AnyNext> | Promise<CastResult<S, AnyNext>>
}

/** A behaviour made by `genServer`; `P` is its protocol, from which `call` and `cast` are typed. */
export interface GenServer<A, P> extends Behaviour<A> {
  readonly protocol?: P
  /** The process that owns this name in the cluster, wherever it lives. */
  named(key: string): Name<GenServer<A, P>>
}

/** Makes a behaviour of callbacks. State is replaced, never shared; callbacks may be asynchronous. */
export function genServer<S, A = unknown, C = {}, K = {}, I = {}, N = {}>(
  definition: GenServerDefinition<S, A, C, K, I, N>,
): GenServer<A, { calls: C; casts: K; infos: I }> {
  const { name, persist } = definition
  checkBehaviourName(name)
  if (definition.mailbox !== undefined) checkMailboxBound(definition.mailbox, name)
  const anyDefinition = definition as unknown as AnyDefinition
  const body = new GenServerBody(anyDefinition)
  const behaviour: GenServer<A, { calls: C; casts: K; infos: I }> = {
    name,
    version: definition.version ?? '0',
    type: 'worker',
    handoff: definition.handoff === undefined ? undefined : handoffOf(definition.handoff as HandoffOption<unknown>, name),
    body,
    named: (key) => new Name(key, name),
  }
  if (persist === undefined) return behaviour
  const options = checkPersist(persist as Persist<unknown>, name)
  return { ...behaviour, durableBody: (keeper) => new DurableGenServerBody(body, anyDefinition, options, keeper) }
}

/** Throws `ERR_OTP_OTP_BAD_BEHAVIOUR`: the name is a label in metrics and part of addresses. */
export function checkBehaviourName(name: string): void {
  if (/^[a-zA-Z][a-zA-Z0-9_.-]{0,62}$/.test(name)) return
  throw new CodedError('ERR_OTP_OTP_BAD_BEHAVIOUR', `expected a behaviour's name of letters, digits and _.-, got ${JSON.stringify(name)}`)
}

/** A definition whose types do not matter. */
export type AnyDefinition = GenServerDefinition<
  unknown,
  unknown,
  Calls<unknown, unknown>,
  Casts<unknown, unknown>,
  Casts<unknown, unknown>,
  Readonly<Record<string, unknown>>
>
export type AnyHandler = (state: unknown, payload: unknown, self: Self) => Outcome | Promise<Outcome> | unknown
