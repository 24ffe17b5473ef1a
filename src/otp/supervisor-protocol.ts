// What a supervisor is asked and what it answers: the calls of every supervisor, static or dynamic, and their types.
import type { ExitReason, Pid, SpawnCause, StartResult } from '#process'
import type { ChildSpec, FullChildSpec } from './child-spec.ts'
import type { Reply } from './gen-server.ts'
import type { Resumed } from './handoff.ts'

/** A child to start with the cause that its facts name; a specification alone means `call`. */
export interface StartChild {
  readonly spec: ChildSpec
  readonly cause: SpawnCause
  /** With what it goes on, instead of beginning; a restart begins. */
  readonly resumed?: Resumed | undefined
}

/** A child to end with another reason than `shutdown`; or several, which end at the same time. Those that are not there do not matter. */
export interface TerminateChild {
  readonly id: string | readonly string[]
  readonly reason?: ExitReason
}

/**
 * How `startChild` ended. `already_started`: a child of this id runs as `pid`, or its local name is taken by it; `already_present`: the
 * specification is there, and the child does not run; `max_children`: the limit is reached; `ignore`: its `init` said so, and a static
 * supervisor keeps the specification; otherwise why the start failed.
 */
export type StartChildResult =
  | StartResult
  | { readonly ok: false; readonly reason: 'already_present' | 'max_children'; readonly pid?: undefined }

/** The cast that lets a child go which lives on elsewhere, by its pid: the supervisor forgets it before it hears of its end. */
export const LET_GO = 'letGo'

interface Done {
  readonly ok: true
}

interface Refused<R> {
  readonly ok: false
  readonly reason: R
  readonly pid?: undefined
}

/** `simple_one_for_one`: a dynamic supervisor has no children that do not run. */
export type TerminateChildResult = Done | Refused<'not_found'>
export type RestartChildResult = StartResult | Refused<'running' | 'restarting' | 'not_found' | 'simple_one_for_one'>
export type DeleteChildResult = Done | Refused<'running' | 'restarting' | 'not_found' | 'simple_one_for_one'>
export type GetChildSpecResult = (Done & { readonly spec: FullChildSpec }) | Refused<'not_found'>

/** What `whichChildren` answers for each child. */
export interface ChildInfo {
  readonly id: string
  /** `restarting`: it has ended and is about to be started again; `undefined`: it does not run, though its specification is there. */
  readonly pid: Pid | 'restarting' | undefined
  readonly type: 'worker' | 'supervisor'
  readonly behaviour: string
}

/** What `countChildren` answers. OTP's `specs`, `active`, `supervisors` and `workers`, and how many are about to be started again. */
export interface ChildCounts {
  /** Children, whether they run or not. */
  readonly specs: number
  readonly specified: number
  readonly active: number
  readonly supervisors: number
  readonly workers: number
  readonly restarting: number
}

type Call<P, R> = (state: unknown, payload: P) => Reply<R, unknown>

/** The protocol of every supervisor's behaviour, from which `call` is typed. */
export interface SupervisorProtocol {
  readonly calls: {
    /** Adds a child specification and starts the child. */
    readonly startChild: Call<ChildSpec | StartChild, StartChildResult>
    /** Ends a child; a static supervisor keeps its specification unless it is temporary. A dynamic one finds it by its pid, too. */
    readonly terminateChild: Call<string | Pid | TerminateChild, TerminateChildResult>
    /** Starts a child again that does not run. */
    readonly restartChild: Call<string, RestartChildResult>
    /** Deletes the specification of a child that does not run. */
    readonly deleteChild: Call<string, DeleteChildResult>
    readonly getChildSpec: Call<string | Pid, GetChildSpecResult>
    readonly whichChildren: (state: unknown) => Reply<readonly ChildInfo[], unknown>
    readonly countChildren: (state: unknown) => Reply<ChildCounts, unknown>
  }
  readonly casts: {}
  readonly infos: {}
}
