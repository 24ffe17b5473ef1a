// gen_statem: a process that is in one of a few named states, each with its own callbacks for the events that reach it.
import { CodedError } from '#base'
import { type ExitReason, type MailboxBound, Name, type Observe } from '#process'
import type { Behaviour } from './behaviour.ts'
import { checkBehaviourName } from './gen-server.ts'
import { StatemBody } from './gen-statem-body.ts'
import { machineHandoff } from './gen-statem-handoff.ts'
import type { Transition } from './gen-statem-transition.ts'
import { type HandoffOption, handoffOf } from './handoff.ts'
import type { Ignore, Stop } from './outcome.ts'
import type { Self } from './self.ts'

// biome-ignore-start lint/suspicious/noExplicitAny: payloads and answers are each callback's own; the protocol reads them off.
type Result<S, D> = Transition<S, D, any> | Stop<any, D>
/** `state` is the one the machine is in: for callbacks of all states. */
export type StateHandler<S, D> = (data: D, payload: any, self: Self, state: string) => Result<S, D> | Promise<Result<S, D>>
// biome-ignore-end lint/suspicious/noExplicitAny: see above.
type Handlers<S, D> = Readonly<Record<string, StateHandler<S, D>>>

/** The callbacks for events, of one state or of all of them. */
export interface EventTable<S, D> {
  readonly calls?: Handlers<S, D>
  readonly casts?: Handlers<S, D>
  readonly infos?: Handlers<S, D>
  /** Events that callbacks insert. */
  readonly internals?: Handlers<S, D>
  readonly stateTimeout?: StateHandler<S, D>
  readonly eventTimeout?: StateHandler<S, D>
  /** Time-outs by name. */
  readonly timeouts?: Handlers<S, D>
}

export interface StateTable<S, D> extends EventTable<S, D> {
  /** OTP's state enter call: runs whenever the state is entered, before any event; `previous` is the state itself at the start. */
  readonly enter?: (data: D, previous: string, self: Self) => Result<never, D> | Promise<Result<never, D>>
}

type First<S, D> = Transition<S, D, never> | Ignore | Stop<never, unknown>

/** `T` are the tables of the states, `N` their names, `L` the table for all of them. */
export interface GenStatemDefinition<D, A, N extends string, T, L> {
  /** Unique on a node, and a label in metrics. */
  readonly name: string
  readonly version?: string
  /** The first state and data, as `nextState(state, data)`; `ignore` and `stop(reason)` are the two ways not to start. */
  readonly init: (argument: A, self: Self) => First<NoInfer<N>, D> | Promise<First<NoInfer<N>, D>>
  readonly states: T & { readonly [K in N]: StateTable<NoInfer<N>, NoInfer<D>> }
  /** Events that are handled alike in all states that do not handle them themselves. */
  readonly all?: L & EventTable<NoInfer<N>, NoInfer<D>>
  /** Runs before an orderly end that the process decided, after a crash, and at a supervisor's shutdown if it traps exits. */
  readonly terminate?: (data: D, reason: ExitReason, self: Self, state: string) => void | Promise<void>
  /** OTP's `format_status`: what `getStatus` shows in place of the data. */
  readonly formatStatus?: (data: D, state: string) => unknown
  readonly trapExit?: boolean
  /** `false`: its messages make no spans; as in `genServer`. */
  readonly traceable?: boolean
  /**
   * Its processes move between nodes: with their state, their data, which `save` and `load` are for, their time-outs and the events that wait, also
   * postponed ones. Default: they are stopped here and begin anew there.
   */
  readonly handoff?: HandoffOption<NoInfer<D>>
  readonly mailbox?: MailboxBound
  /** What the observer may show of its state, data and messages. Default: nothing. */
  readonly observe?: Observe<{ readonly state: string; readonly data: NoInfer<D> }>
}

// biome-ignore-start lint/suspicious/noExplicitAny: inference over callbacks of any data.
type TableOf<X, K extends string> = X extends { readonly [P in K]: infer C } ? C : never
type NamesIn<U> = U extends unknown ? keyof U & string : never
type HandlersIn<U, N> = U extends unknown ? (N extends keyof U ? U[N] : never) : never
type Box<F> = F extends (data: any, payload: infer P, ...rest: any[]) => unknown ? (box: { readonly payload: P }) => void : never
/** What every state's callback of the name takes. */
type PayloadForAll<F> = Box<F> extends (box: infer B) => void ? (B extends { readonly payload: infer P } ? P : never) : never
type ResultOf<F> = F extends (...all: any[]) => infer R ? R : never
// biome-ignore-end lint/suspicious/noExplicitAny: see above.
type Merged<U> = { readonly [N in NamesIn<U>]: (data: unknown, payload: PayloadForAll<HandlersIn<U, N>>) => ResultOf<HandlersIn<U, N>> }
type ProtocolOf<T, L, K extends string> = Merged<TableOf<T[keyof T] | L, K>>

/** A behaviour made by `genStatem`; `P` is its protocol, from which `call` and `cast` are typed. */
export interface GenStatem<A, P> extends Behaviour<A> {
  readonly protocol?: P
  /** The process that owns this name in the cluster, wherever it lives. */
  named(key: string): Name<GenStatem<A, P>>
}

/** Makes a behaviour of states. A call that its state does not handle fails its caller; a cast or an info is a dead letter. */
export function genStatem<D, A = unknown, N extends string = string, T = {}, L = {}>(
  definition: GenStatemDefinition<D, A, N, T, L>,
): GenStatem<A, { calls: ProtocolOf<T, L, 'calls'>; casts: ProtocolOf<T, L, 'casts'> }> {
  const { name, handoff } = definition
  checkBehaviourName(name)
  const states = Object.keys(definition.states)
  if (states.length === 0) {
    throw new CodedError('ERR_OTP_OTP_BAD_BEHAVIOUR', `expected ${name} to have states, got none`)
  }
  return {
    name,
    version: definition.version ?? '0',
    type: 'worker',
    handoff: handoff === undefined ? undefined : machineHandoff(handoffOf(handoff as HandoffOption<unknown>, name), name, states),
    body: new StatemBody(definition as unknown as AnyStatem),
    named: (key) => new Name(key, name),
  }
}

/** A definition whose types do not matter. */
export interface AnyStatem {
  readonly name: string
  readonly init: (argument: unknown, self: Self) => unknown
  readonly states: Readonly<Record<string, StateTable<string, unknown>>>
  readonly all?: EventTable<string, unknown>
  readonly terminate?: (data: unknown, reason: ExitReason, self: Self, state: string) => void | Promise<void>
  readonly formatStatus?: (data: unknown, state: string) => unknown
  readonly trapExit?: boolean
  readonly traceable?: boolean
  readonly mailbox?: MailboxBound
  readonly observe?: Observe | undefined
}
