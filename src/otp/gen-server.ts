// gen_server: a process that keeps a state and answers calls, takes casts and hears infos, one at a time.
import { CodedError } from '#base'
import {
  type Body,
  Crash,
  type Envelope,
  type ExitMessage,
  type ExitReason,
  Name,
  type Pid,
  type Process,
  type Ref,
  type ReplyTo,
} from '#process'
import type { Behaviour } from './behaviour.ts'
import type { AnswerOf, CallNames, CallOptions, CastNames, PayloadArguments } from './protocol.ts'

/** What a call's callback returns: the answer and the next state. */
export class Reply<R, S> {
  readonly value: R
  readonly state: S

  constructor(value: R, state: S) {
    this.value = value
    this.state = state
  }
}

/** The next state; the answer comes later, by `self.reply(from, value)`. */
export class NoReply<S> {
  readonly state: S

  constructor(state: S) {
    this.state = state
  }
}

/** The process ends with `reason` after `terminate`; `value` answers the call under way first. */
export class Stop<R, S> {
  readonly reason: ExitReason
  readonly state: S
  readonly value: R | undefined

  constructor(reason: ExitReason, state: S, value: R | undefined) {
    this.reason = reason
    this.state = state
    this.value = value
  }
}

export const reply = <const R, S>(value: R, state: S): Reply<R, S> => new Reply(value, state)
export const noReply = <S>(state: S): NoReply<S> => new NoReply(state)
// Overloads: one type parameter for an answer that is not there would be inferred from what is expected, as `any`.
export function stop<S>(reason: ExitReason, state: S): Stop<never, S>
export function stop<S, const R>(reason: ExitReason, state: S, value: R): Stop<R, S>
export function stop(reason: ExitReason, state: unknown, value?: unknown): Stop<unknown, unknown> {
  return new Stop(reason, state, value)
}

/** What callbacks get of their own process. */
export interface Self {
  readonly pid: Pid
  /** Free text for the observer. */
  label: string | undefined
  /** Exit signals of linked processes become the info `EXIT`. */
  trapExit: boolean
  /** The caller of the call under way, for an answer that comes later. Take it before the first `await`. */
  readonly from: ReplyTo | undefined
  /** Answers a call that returned `noReply`. */
  reply(from: ReplyTo, value: unknown): void
  send(to: Ref, name: string, payload?: unknown): void
  /** Sends itself an info after `ms` milliseconds; the answer cancels it. */
  sendAfter(ms: number, name: string, payload?: unknown): () => void
  call<B, N extends CallNames<B>>(
    to: Ref<B>,
    name: N,
    ...rest: PayloadArguments<NoInfer<B>, 'calls', N, CallOptions>
  ): Promise<AnswerOf<B, N>>
  cast<B, N extends CastNames<B>>(to: Ref<B>, name: N, ...rest: PayloadArguments<NoInfer<B>, 'casts', N>): void
  /** Watches a process: the info `DOWN` comes once, with `{ ref, pid, reason }`. */
  monitor(pid: Pid): number
  demonitor(ref: number): void
}

// biome-ignore-start lint/suspicious/noExplicitAny: payloads and answers are each callback's own; `protocol.ts` reads them off.
export type CallHandler<S> = (
  state: S,
  payload: any,
  self: Self,
) => Reply<any, S> | NoReply<S> | Stop<any, S> | Promise<Reply<any, S> | NoReply<S> | Stop<any, S>>
export type CastHandler<S> = (state: S, payload: any, self: Self) => S | Stop<any, S> | Promise<S | Stop<any, S>>
// biome-ignore-end lint/suspicious/noExplicitAny: see above.
type Calls<S> = Readonly<Record<string, CallHandler<S>>>
type Casts<S> = Readonly<Record<string, CastHandler<S>>>

export interface GenServerDefinition<S, A, C, K, I> {
  /** Unique on a node, and a label in metrics. */
  readonly name: string
  readonly version?: string
  /** Makes the first state. What it throws is the reason why the start failed. */
  readonly init: (argument: A, self: Self) => S | Promise<S>
  readonly calls?: C & Calls<S>
  readonly casts?: K & Casts<S>
  /** Messages that are neither: timers, `DOWN` of monitors, `EXIT` of links when exits are trapped. */
  readonly infos?: I & Casts<S>
  /** Runs before an orderly end that the process decided, after a crash, and at a supervisor's shutdown if it traps exits. */
  readonly terminate?: (state: S, reason: ExitReason, self: Self) => void | Promise<void>
  readonly trapExit?: boolean
}

/** A behaviour made by `genServer`; `P` is its protocol, from which `call` and `cast` are typed. */
export interface GenServer<A, P> extends Behaviour<A> {
  readonly protocol?: P
  /** The process that owns this name in the cluster, wherever it lives. */
  named(key: string): Name<GenServer<A, P>>
}

/** Makes a behaviour of callbacks. State is replaced, never shared; callbacks may be asynchronous. */
export function genServer<S, A = unknown, C = {}, K = {}, I = {}>(
  definition: GenServerDefinition<S, A, C, K, I>,
): GenServer<A, { calls: C; casts: K; infos: I }> {
  if (!/^[a-zA-Z][a-zA-Z0-9_.-]{0,62}$/.test(definition.name)) {
    throw new CodedError(
      'ERR_OTP_OTP_BAD_BEHAVIOUR',
      `expected a behaviour's name of letters, digits and _.-, got ${JSON.stringify(definition.name)}`,
    )
  }
  const { name } = definition
  return {
    name,
    version: definition.version ?? '0',
    type: 'worker',
    body: new GenServerBody(definition as unknown as AnyDefinition),
    named: (key) => new Name(key, name),
  }
}

type AnyDefinition = GenServerDefinition<unknown, unknown, Calls<unknown>, Casts<unknown>, Casts<unknown>>

/** The loop of every gen_server: looks the message up in the behaviour's table and carries out what the callback returned. */
export class GenServerBody implements Body {
  readonly name: string
  readonly supervises: boolean
  readonly #definition: AnyDefinition
  readonly #calls: ReadonlyMap<string, CallHandler<unknown>>
  readonly #casts: ReadonlyMap<string, CastHandler<unknown>>
  readonly #infos: ReadonlyMap<string, CastHandler<unknown>>

  constructor(definition: AnyDefinition, supervises = false) {
    this.name = definition.name
    this.supervises = supervises
    this.#definition = definition
    // Maps: a name that came over the network must not find anything on a prototype.
    this.#calls = new Map(Object.entries(definition.calls ?? {}))
    this.#casts = new Map(Object.entries(definition.casts ?? {}))
    this.#infos = new Map(Object.entries(definition.infos ?? {}))
  }

  init(self: Process, argument: unknown): void | Promise<void> {
    self.trapExit = this.#definition.trapExit ?? false
    const state = this.#definition.init(argument, self as Self)
    if (state instanceof Promise) {
      return state.then((settled: unknown) => {
        self.state = settled
      })
    }
    self.state = state
    return undefined
  }

  receive(self: Process, envelope: Envelope): void | Promise<void> {
    if (envelope.kind === 'call') return this.#call(self, envelope)
    const handler = (envelope.kind === 'cast' ? this.#casts : this.#infos).get(envelope.name)
    if (envelope.name === 'EXIT' && this.#isFromParent(self, envelope)) {
      self.stop((envelope.payload as ExitMessage).reason)
      return undefined
    }
    if (handler === undefined) {
      self.runtime.deadLetter(self.pid, envelope, 'unhandled')
      return undefined
    }
    const result = handler(self.state, envelope.payload, self as Self)
    if (result instanceof Promise) return result.then((settled) => this.#continue(self, settled))
    this.#continue(self, result)
    return undefined
  }

  terminate(self: Process, reason: ExitReason): void | Promise<void> {
    return this.#definition.terminate?.(self.state, reason, self as Self)
  }

  #isFromParent(self: Process, envelope: Envelope): boolean {
    const { parent } = self.origin
    return parent !== undefined && envelope.kind === 'info' && (envelope.payload as ExitMessage | undefined)?.from === parent.pid
  }

  #call(self: Process, envelope: Envelope): void | Promise<void> {
    const replyTo = envelope.replyTo as ReplyTo
    const handler = this.#calls.get(envelope.name)
    if (handler === undefined) {
      const known = [...this.#calls.keys()].join(', ')
      replyTo.fail(new Crash(new CodedError('ERR_OTP_OTP_UNKNOWN_CALL', `${this.name} has no call '${envelope.name}'; it has: ${known}`)))
      return undefined
    }
    const result = handler(self.state, envelope.payload, self as Self)
    if (result instanceof Promise) return result.then((settled) => this.#answer(self, replyTo, settled))
    this.#answer(self, replyTo, result)
    return undefined
  }

  #answer(self: Process, replyTo: ReplyTo, result: Reply<unknown, unknown> | NoReply<unknown> | Stop<unknown, unknown>): void {
    if (!self.isAlive) return
    if (result instanceof Reply) {
      self.state = result.state
      replyTo.reply(result.value)
    } else if (result instanceof NoReply) {
      self.state = result.state
      self.owe(replyTo)
    } else if (result instanceof Stop) {
      if (result.value !== undefined) replyTo.reply(result.value)
      this.#continue(self, result)
    } else {
      throw new CodedError(
        'ERR_OTP_OTP_BAD_RETURN',
        `a call of ${this.name} has to return reply(…), noReply(…) or stop(…), got ${typeof result}`,
      )
    }
  }

  #continue(self: Process, result: unknown): void {
    if (!self.isAlive) return
    if (result instanceof Stop) {
      self.state = result.state
      self.stop(result.reason)
    } else if (result instanceof Reply || result instanceof NoReply) {
      throw new CodedError(
        'ERR_OTP_OTP_BAD_RETURN',
        `a cast or an info of ${this.name} has to return its next state or stop(…), got an answer to a call`,
      )
    } else {
      self.state = result
    }
  }
}
