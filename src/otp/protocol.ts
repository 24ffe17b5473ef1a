// The types that make `call` and `cast` check a message's name, its payload and its answer against the behaviour.

interface Tables {
  readonly calls: object
  readonly casts: object
}

type ProtocolOf<B> = B extends { readonly protocol?: infer P } ? Extract<P, Tables> : never
type Table<B, T extends 'calls' | 'casts'> = ProtocolOf<B>[T]

/** The names of the calls a behaviour answers; any, where the reference has no type (a name of this node). */
export type CallNames<B> = unknown extends B ? string : keyof Table<B, 'calls'> & string
export type CastNames<B> = unknown extends B ? string : keyof Table<B, 'casts'> & string

// biome-ignore-start lint/suspicious/noExplicitAny: inference over callbacks of any state.
/** What a callback takes; `undefined` where it takes nothing. */
export type Payload<F> = F extends (state: any, payload: infer P, ...rest: any[]) => unknown ? P : undefined
type Answer<F> = F extends (...all: any[]) => infer R ? AnswerIn<Awaited<R>> : never
// biome-ignore-end lint/suspicious/noExplicitAny: see above.
type AnswerIn<R> = R extends { readonly value: infer V }
  ? Exclude<V, undefined> | Extract<V, R extends { readonly reason: unknown } ? never : undefined>
  : never

/** What a call resolves with. A call that is only ever answered later (`noReply`) resolves with `unknown`. */
export type AnswerOf<B, N> = unknown extends B
  ? unknown
  : N extends keyof Table<B, 'calls'>
    ? OrUnknown<Answer<Table<B, 'calls'>[N]>>
    : never
type OrUnknown<T> = [T] extends [never] ? unknown : T

export interface CallOptions {
  /** Deadline in ms; default 5000. Past it the call rejects with `timeout`, and a late answer is dropped. */
  readonly timeoutMs?: number
}

type PayloadOf<B, T extends 'calls' | 'casts', N> = unknown extends B
  ? unknown
  : N extends keyof Table<B, T>
    ? Payload<Table<B, T>[N]>
    : never

/** The payload, which may be left out where the callback takes none, and what follows it. */
export type PayloadArguments<B, T extends 'calls' | 'casts', N, O = never> =
  undefined extends PayloadOf<B, T, N>
    ? [payload?: PayloadOf<B, T, N>, ...Rest<O>]
    : unknown extends PayloadOf<B, T, N>
      ? [payload?: unknown, ...Rest<O>]
      : [payload: PayloadOf<B, T, N>, ...Rest<O>]
type Rest<O> = [O] extends [never] ? [] : [options?: O]
