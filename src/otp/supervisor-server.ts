// The server that every supervisor is: its calls, and what it does when a child ends or it is stopped itself.
import { type Body, Crash, type ExitMessage, type ExitReason, type Pid, type Process, type StartResult } from '#process'
import type { AutoShutdown } from './auto-shutdown.ts'
import type { Child, RestartStory } from './child.ts'
import { type ChildSpec, checkChildSpec, fullChildSpec } from './child-spec.ts'
import { type CallHandler, GenServerBody, type Reply, reply } from './gen-server.ts'
import { andThen } from './in-turn.ts'
import type { Ignore } from './outcome.ts'
import { RETRY, type Supervision } from './supervision.ts'
import {
  type ChildCounts,
  type DeleteChildResult,
  LET_GO,
  type RestartChildResult,
  type StartChild,
  type StartChildResult,
  type SupervisorProtocol,
  type TerminateChild,
} from './supervisor-protocol.ts'

export interface SupervisorState {
  readonly supervision: Supervision
}

interface ServerOptions<A> {
  /** The name of the body, which is a label in metrics. */
  readonly name: string
  readonly autoShutdown: AutoShutdown
  readonly maxChildren: number
  readonly init: (argument: A, self: Process) => SupervisorState | Ignore | Promise<SupervisorState>
}

const DONE = { ok: true } as const
const NOT_FOUND = { ok: false, reason: 'not_found' } as const
const DYNAMIC = { ok: false, reason: 'simple_one_for_one' } as const

/** Makes the body; answers are those of `SupervisorProtocol`. */
export function supervisorBody<A>({ name, autoShutdown, maxChildren, init }: ServerOptions<A>): Body {
  const calls: Calls = {
    startChild: (state, payload) => {
      const { supervision } = state
      const { spec = payload as ChildSpec, cause = 'call', resumed } = (payload ?? {}) as Partial<StartChild>
      return answer(state, startChild(supervision, { spec, cause, resumed }, autoShutdown, maxChildren))
    },
    terminateChild: (state, which) => {
      const { supervision } = state
      const { ids, reason } = toTerminate(which)
      const children = ids.map((id) => supervision.find(id)).filter((child) => child !== undefined)
      if (children.length === 0) return reply(NOT_FOUND, state)
      return answer(
        state,
        andThen(supervision.terminate(children, reason), () => DONE),
      )
    },
    restartChild: (state, id) => answer(state, restartChild(state.supervision, id)),
    deleteChild: (state, id) => reply(deleteChild(state.supervision, id), state),
    getChildSpec: (state, which) => {
      const child = state.supervision.find(which)
      return reply(child === undefined ? NOT_FOUND : { ok: true, spec: fullChildSpec(child.spec) }, state)
    },
    whichChildren: (state) =>
      reply(
        Array.from(state.supervision.children, (child) => child.info()),
        state,
      ),
    countChildren: (state) => reply(countChildren(state.supervision), state),
  }
  return new GenServerBody(
    {
      name,
      trapExit: true,
      init: (argument, self) => init(argument as A, self as unknown as Process),
      calls: calls as unknown as Record<string, CallHandler<unknown, never>>,
      casts: {
        [LET_GO]: (state, pid: Pid) => {
          ;(state as SupervisorState).supervision.letGo(pid)
          return state
        },
      },
      infos: {
        EXIT: (state, exit: ExitMessage) => after(state as SupervisorState, (state as SupervisorState).supervision.onExit(exit)),
        [RETRY]: (state, story: RestartStory) => after(state as SupervisorState, (state as SupervisorState).supervision.onRetry(story)),
      },
      terminate: (state, reason: ExitReason) => (state as SupervisorState).supervision.stop(reason),
    },
    true,
  )
}

type Protocol = SupervisorProtocol['calls']
/** The same calls on the state they have, answered later where that is needed. */
type Calls = {
  [N in keyof Protocol]: (
    state: SupervisorState,
    payload: Parameters<Protocol[N]> extends [unknown, infer P] ? P : undefined,
  ) => Reply<ReturnType<Protocol[N]>['value'], SupervisorState> | Promise<Reply<ReturnType<Protocol[N]>['value'], SupervisorState>>
}

function answer<R>(state: SupervisorState, pending: R | Promise<R>): Reply<R, SupervisorState> | Promise<Reply<R, SupervisorState>> {
  if (!(pending instanceof Promise)) return reply(pending, state)
  return state.supervision.during(pending.then((result) => reply(result, state)))
}

function after(state: SupervisorState, pending: void | Promise<void>): SupervisorState | Promise<SupervisorState> {
  if (!(pending instanceof Promise)) return state
  return state.supervision.during(pending.then(() => state))
}

function startChild(
  supervision: Supervision,
  { spec, cause, resumed }: StartChild,
  autoShutdown: AutoShutdown,
  maxChildren: number,
): StartChildResult | Promise<StartChildResult> {
  try {
    checkChildSpec(spec, autoShutdown)
  } catch (error) {
    return { ok: false, reason: new Crash(error) }
  }
  const present = supervision.children.get(spec.id)
  if (present !== undefined) {
    return present.pid === undefined ? { ok: false, reason: 'already_present' } : { ok: false, reason: 'already_started', pid: present.pid }
  }
  if (supervision.children.size >= maxChildren) return { ok: false, reason: 'max_children' }
  return supervision.add(spec, cause, resumed)
}

function toTerminate(which: string | Pid | TerminateChild): { ids: readonly (string | Pid)[]; reason?: ExitReason | undefined } {
  if (typeof which !== 'object' || which === null || !('id' in which)) return { ids: [which] }
  const { id, reason } = which
  return { ids: typeof id === 'string' ? [id] : id, reason }
}

function restartChild(supervision: Supervision, id: string): RestartChildResult | Promise<StartResult> {
  if (supervision.isDynamic) return DYNAMIC
  const child = supervision.children.get(id)
  return whyNot(child) ?? supervision.restartByHand(child as Child)
}

function deleteChild(supervision: Supervision, id: string): DeleteChildResult {
  if (supervision.isDynamic) return DYNAMIC
  const child = supervision.children.get(id)
  const refused = whyNot(child)
  if (refused !== undefined) return refused
  supervision.delete(child as Child)
  return DONE
}

/** Why a child cannot be started again by hand, or deleted; `undefined` if it is there and does not run. */
function whyNot(child: Child | undefined): { ok: false; reason: 'not_found' | 'restarting' | 'running' } | undefined {
  if (child === undefined) return NOT_FOUND
  if (!child.isActive) return undefined
  return { ok: false, reason: child.pid === undefined ? 'restarting' : 'running' }
}

function countChildren(supervision: Supervision): ChildCounts {
  let [supervisors, restarting, dead] = [0, 0, 0]
  for (const child of supervision.children) {
    if (child.isSupervisor) supervisors++
    if (child.story !== undefined) restarting++
    // Its exit is on the way.
    if (child.pid !== undefined && child.pid.process === undefined) dead++
  }
  const specs = supervision.children.size
  return { specs, specified: specs, active: supervision.active - dead, supervisors, workers: specs - supervisors, restarting }
}
