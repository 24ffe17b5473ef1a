// An application: a named part of a system with what it depends on, a top supervisor, an environment and a way to start and stop.
import { CodedError } from '#base'
import type { Pid } from '#process'
import type { Behaviour } from './behaviour.ts'

/** What an application's callbacks are given: its environment, as configured for this node. */
export interface ApplicationContext<E> {
  readonly env: Readonly<E>
}

/** The top supervisor with a state that `prepStop` and `stop` are given: OTP's `{ok, Pid, State}`. */
export interface StartedWith<S> {
  readonly supervisor: Behaviour<undefined>
  readonly state: S
}

export interface StartPhase<E> {
  readonly name: string
  /** Runs when the top supervisor, and so everything under it, is started. */
  readonly run: (context: ApplicationContext<E>, top: Pid) => void | Promise<void>
}

export interface ApplicationDefinition<E extends object, S> {
  /** Unique on a node, and a label in what is observed. */
  readonly name: string
  readonly description?: string
  /** Must be started before it, and are stopped after it. */
  readonly applications?: readonly AnyApplication[]
  /** Parameters and their defaults; a node may configure others. */
  readonly env?: E
  /** Answers the supervisor at the top of its tree, which is then started. What it throws is why the application did not start. */
  readonly start: (context: ApplicationContext<E>) => Behaviour<undefined> | StartedWith<S> | Promise<Behaviour<undefined> | StartedWith<S>>
  /** Run one after the other when the tree is started; if one throws, the tree is stopped and the start has failed. */
  readonly startPhases?: readonly StartPhase<E>[]
  /** Runs before the tree is shut down, and answers the state for `stop`. */
  readonly prepStop?: (state: S) => S | Promise<S>
  /** Runs when the tree has ended, however that came about: the opposite of `start`, for what has to be cleaned up. */
  readonly stop?: (state: S) => void | Promise<void>
}

/** Made by `application`; `E` types its environment. */
export interface Application<E extends object = object, S = unknown> extends ApplicationDefinition<E, S> {
  readonly applications: readonly AnyApplication[]
}

// biome-ignore-start lint/suspicious/noExplicitAny: the one place where these types are left open.
/** Any application, whatever its environment and state; and any with that environment. */
export type AnyApplication = Application<any, any>
export type ApplicationWith<E extends object> = Application<E, any>
// biome-ignore-end lint/suspicious/noExplicitAny: see above.

/** An application after all that it depends on, each once. */
export function inOrder(application: AnyApplication, seen = new Set<AnyApplication>()): Set<AnyApplication> {
  for (const dependency of application.applications) if (!seen.has(dependency)) inOrder(dependency, seen)
  return seen.add(application)
}

/** Names an application for good. Throws `ERR_OTP_OTP_BAD_APPLICATION` for a name that cannot be a label. */
export function application<E extends object = {}, S = undefined>(definition: ApplicationDefinition<E, S>): Application<E, S> {
  if (!/^[a-zA-Z][a-zA-Z0-9_.-]{0,62}$/.test(definition.name)) {
    throw new CodedError(
      'ERR_OTP_OTP_BAD_APPLICATION',
      `expected an application's name of letters, digits and _.-, got ${JSON.stringify(definition.name)}`,
    )
  }
  return { ...definition, applications: definition.applications ?? [] }
}
