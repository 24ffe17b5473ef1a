// A behaviour: what a process can be started with, as a value. Nodes know behaviours by name; no code crosses the wire.
import type { Body, Tenure } from '#process'
import type { StateKeeper } from './durable-state.ts'
import type { Handoff } from './handoff.ts'

/** `A` is what `init` takes. */
export interface Behaviour<A = unknown> {
  readonly name: string
  /** The release of its code, for comparing crash rates; not the version of its state. */
  readonly version: string
  readonly type: 'worker' | 'supervisor'
  readonly body: Body
  /** Set where the behaviour persists: the body of one process, whose state the keeper keeps. */
  readonly durableBody?: (keeper: StateKeeper) => Body
  /** Set by whoever runs it under a name that it may lose: what lets its process handle messages. */
  readonly tenure?: Tenure
  /** Set where its processes move with their state. */
  readonly handoff?: Handoff | undefined
  /** Carries the type of the argument of `init` and nothing else. */
  readonly argument?: A
}

/** Any behaviour, whatever its argument. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where the argument's type is left open.
export type AnyBehaviour = Behaviour<any>

export type ArgumentOf<B> = B extends Behaviour<infer A> ? A : never
