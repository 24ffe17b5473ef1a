// DynamicSupervisor: children started one by one while it runs, restarted one for one, stopped all at once.
import { CodedError } from '#base'
import { Crash, type ExitMessage, type ExitReason, type Pid, type Process, type SpawnCause, type StartResult } from '#process'
import type { Behaviour } from './behaviour.ts'
import { type ChildSpec, checkChildSpec } from './child-spec.ts'
import { GenServerBody, reply } from './gen-server.ts'
import { type Child, RETRY, Supervision } from './supervision.ts'
import { after, type ChildCounts, childInfo, type RestartLimits, restartLimits, supervisorPath } from './supervisor.ts'

export interface DynamicSupervisorOptions extends RestartLimits {
  /** Its id in the tree, the last part of its path. */
  readonly name: string
  /** Default: no limit. */
  readonly maxChildren?: number
  /** Told when a child runs again under a new pid, and when one is gone for good. */
  readonly onRestarted?: (id: string, pid: Pid) => void
  readonly onGone?: (id: string, reason: ExitReason) => void
}

/** `max_children`: the limit is reached; otherwise as a process's start. */
export type StartChildResult = StartResult | { readonly ok: false; readonly reason: 'max_children'; readonly pid?: undefined }

export interface StartChild {
  readonly spec: ChildSpec
  readonly cause: SpawnCause
}

export interface TerminateChild {
  readonly id: string
  /** Default `shutdown`. */
  readonly reason?: ExitReason
}

interface DynamicState {
  readonly supervision: Supervision
  readonly children: Map<string, Child>
}

/**
 * Makes the behaviour of a dynamic supervisor. Its calls: `startChild` ({ spec, cause }), `terminateChild` ({ id, reason };
 * answers whether there was one), `whichChildren`, `countChildren`. Ids are unique under it: a second start answers `already_started`.
 */
export function dynamicSupervisor(options: DynamicSupervisorOptions): Behaviour<undefined> {
  const limits = restartLimits(options)
  const { maxChildren = Number.POSITIVE_INFINITY } = options
  if (!(maxChildren > 0)) throw new CodedError('ERR_OTP_OTP_BAD_RESTART_LIMITS', `expected maxChildren to be above 0, got ${maxChildren}`)
  const body = new GenServerBody(
    {
      name: 'dynamic_supervisor',
      trapExit: true,
      init: (_argument, self) => initial(self as unknown as Process, options, limits),
      calls: {
        startChild: (state, { spec, cause }: StartChild) => {
          const result = startChild(state as DynamicState, spec, cause, maxChildren)
          return result instanceof Promise ? result.then((settled) => reply(settled, state)) : reply(result, state)
        },
        terminateChild: (state, { id, reason }: TerminateChild) => {
          const { supervision, children } = state as DynamicState
          const child = children.get(id)
          if (child === undefined) return reply(false, state)
          children.delete(id)
          const pending = supervision.terminate(child, reason)
          return pending instanceof Promise ? pending.then(() => reply(true, state)) : reply(true, state)
        },
        whichChildren: (state) => reply([...(state as DynamicState).children.values()].map(childInfo), state),
        countChildren: (state) => reply(countChildren(state as DynamicState), state),
      },
      infos: {
        EXIT: (state, exit: ExitMessage) => after((state as DynamicState).supervision.onExit(exit), state),
        [RETRY]: (state, retry) => {
          const { supervision, children } = state as DynamicState
          return after(
            supervision.onRetry(retry, (child) => children.get(child.spec.id) === child),
            state,
          )
        },
      },
      terminate: (state, reason) => {
        const { supervision, children } = state as DynamicState
        const pending = [...children.values()].map((child) => supervision.terminate(child)).filter((ended) => ended instanceof Promise)
        children.clear()
        if (pending.length > 0) return Promise.all(pending).then(() => supervision.stopped(reason))
        supervision.stopped(reason)
        return undefined
      },
    },
    true,
  )
  return { name: 'dynamic_supervisor', version: '0', type: 'supervisor', body }
}

function initial(self: Process, options: DynamicSupervisorOptions, limits: { maxRestarts: number; periodMs: number }): DynamicState {
  const supervision = new Supervision(self, { path: supervisorPath(self, options.name), strategy: 'simple_one_for_one', ...limits })
  const children = new Map<string, Child>()
  supervision.specified = () => children.size
  supervision.onGone = (child, reason) => {
    children.delete(child.spec.id)
    options.onGone?.(child.spec.id, reason)
  }
  supervision.onRestarted = (child, pid) => options.onRestarted?.(child.spec.id, pid)
  return { supervision, children }
}

function startChild(
  { supervision, children }: DynamicState,
  spec: ChildSpec,
  cause: SpawnCause,
  maxChildren: number,
): StartChildResult | Promise<StartChildResult> {
  try {
    checkChildSpec(spec)
  } catch (error) {
    return { ok: false, reason: new Crash(error) }
  }
  const present = children.get(spec.id)
  if (present?.pid !== undefined) return { ok: false, reason: 'already_started', pid: present.pid }
  if (present === undefined && children.size >= maxChildren) return { ok: false, reason: 'max_children' }
  const child: Child = { spec, pid: undefined, isRestarting: false }
  children.set(spec.id, child)
  const settle = (result: StartResult): StartResult => {
    if (!result.ok) children.delete(spec.id)
    return result
  }
  const result = supervision.start(child, cause)
  return result instanceof Promise ? result.then(settle) : settle(result)
}

function countChildren({ supervision, children }: DynamicState): ChildCounts {
  return { specified: children.size, active: supervision.active, restarting: children.size - supervision.active }
}
