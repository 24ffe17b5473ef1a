// What a state's callbacks return: the next state and data, and what is to happen on the way. Pure.
import type { ExitReason, ReplyTo } from '#process'
import { Outcome, Stop } from './outcome.ts'

/** Ms from now; `infinity` and `cancel` end one that runs. With `content` for its callback; `update` changes that of one that runs, and delivers at once if none does. */
export type Timeout = number | 'infinity' | 'cancel' | { readonly ms: number; readonly content: unknown } | { readonly update: unknown }

/** OTP's `next_event`: an event inserted before all that wait. */
export interface NextEvent {
  readonly kind: 'call' | 'cast' | 'info' | 'internal'
  readonly name: string
  readonly payload?: unknown
  /** The caller, of a `call`. */
  readonly from?: ReplyTo
}

/** OTP's actions; a state's `enter` may neither postpone nor insert events. */
export interface Actions {
  /** Answers the call that is handled. */
  readonly reply?: unknown
  /** Answers earlier callers. */
  readonly replies?: readonly (readonly [ReplyTo, unknown])[]
  /** The event waits until the state changes, and is handled again then. */
  readonly postpone?: boolean
  /** Handled before all others, the first first. */
  readonly nextEvents?: readonly NextEvent[]
  /** Is cancelled when the state changes. */
  readonly stateTimeout?: Timeout
  /** Is cancelled by any event. */
  readonly eventTimeout?: Timeout
  /** By name, across states: each is cancelled by nothing but its callbacks. */
  readonly timeouts?: Readonly<Record<string, Timeout>>
}

/** `S` are the states it may lead to, `R` is the answer it gives. */
export class Transition<S, D, R> extends Outcome {
  declare protected readonly isTransition: true
  /** Carries the type of the answer and nothing else. */
  declare readonly value: R
  /** `undefined`: the state is kept. */
  readonly to: S | undefined
  readonly data: D
  readonly keepsData: boolean
  /** The state is kept, and its `enter` is called again. */
  readonly repeats: boolean
  readonly actions: Actions | undefined

  constructor(to: S | undefined, data: D, actions: Actions | undefined, keepsData = false, repeats = false) {
    super()
    this.to = to
    this.data = data
    this.actions = actions
    this.keepsData = keepsData
    this.repeats = repeats
  }
}

type ReplyIn<X> = X extends { readonly reply: infer R } ? R : never

/** `{next_state, State, Data, Actions}`; from `init`, the first state. To the state it is in already, it is no change. */
export function nextState<const S extends string, D, const X extends Actions = {}>(
  state: S,
  data: D,
  actions?: X,
): Transition<S, D, ReplyIn<X>> {
  return new Transition(state, data, actions)
}

/** `{keep_state, Data, Actions}`. */
export function keepState<D, const X extends Actions = {}>(data: D, actions?: X): Transition<never, D, ReplyIn<X>> {
  return new Transition<never, D, ReplyIn<X>>(undefined, data, actions)
}

/** `{keep_state_and_data, Actions}`. */
export function keepStateAndData<const X extends Actions = {}>(actions?: X): Transition<never, never, ReplyIn<X>> {
  return new Transition<never, never, ReplyIn<X>>(undefined, undefined as never, actions, true)
}

/** `{repeat_state, Data, Actions}`: as `keepState`, and the state's `enter` is called again. */
export function repeatState<D, const X extends Actions = {}>(data: D, actions?: X): Transition<never, D, ReplyIn<X>> {
  return new Transition<never, D, ReplyIn<X>>(undefined, data, actions, false, true)
}

/** `{repeat_state_and_data, Actions}`. */
export function repeatStateAndData<const X extends Actions = {}>(actions?: X): Transition<never, never, ReplyIn<X>> {
  return new Transition<never, never, ReplyIn<X>>(undefined, undefined as never, actions, true, true)
}

/** The end, with answers to callers whoever they are. */
export class StopAndReply<D> extends Stop<never, D> {
  readonly replies: readonly (readonly [ReplyTo, unknown])[]

  constructor(reason: ExitReason, data: D, replies: readonly (readonly [ReplyTo, unknown])[]) {
    super(reason, data, undefined)
    this.replies = replies
  }
}

/** `{stop_and_reply, Reason, Replies, Data}`; the call that is handled alone is answered by `stop(reason, data, answer)`. */
export function stopAndReply<D>(reason: ExitReason, data: D, replies: readonly (readonly [ReplyTo, unknown])[]): StopAndReply<D> {
  return new StopAndReply(reason, data, replies)
}
