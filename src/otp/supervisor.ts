// supervisor: a fixed list of children, started in order, restarted one for one, stopped in reverse order.
import { CodedError } from '#base'
import { Crash, type ExitMessage, type Pid, type Process, StartRefused, type StartResult } from '#process'
import type { Behaviour } from './behaviour.ts'
import { type ChildSpec, checkChildSpec } from './child-spec.ts'
import { GenServerBody, reply } from './gen-server.ts'
import { type Child, RETRY, Supervision } from './supervision.ts'

export interface RestartLimits {
  /** OTP's `intensity`; default 3. */
  readonly maxRestarts?: number | undefined
  /** OTP's `period`; default 5000 ms. */
  readonly periodMs?: number | undefined
}

export interface SupervisorOptions extends RestartLimits {
  /** Its id in the tree, the last part of its path. */
  readonly name: string
  readonly children: readonly ChildSpec[]
}

/** What `whichChildren` answers for each child. */
export interface ChildInfo {
  readonly id: string
  /** `restarting`: it has ended, and another try is under way; `undefined`: a `transient` child that ended in order. */
  readonly pid: Pid | 'restarting' | undefined
  readonly type: 'worker' | 'supervisor'
  readonly behaviour: string
}

/** What `countChildren` answers. */
export interface ChildCounts {
  readonly specified: number
  readonly active: number
  readonly restarting: number
}

interface SupervisorState {
  readonly supervision: Supervision
  readonly children: readonly Child[]
}

/** The path of a supervisor: its own name under that of the supervisor that started it. */
export function supervisorPath(self: Process, name: string): string {
  const { supervisor } = self.origin
  return supervisor === undefined ? name : `${supervisor}/${name}`
}

/** Throws `ERR_OTP_OTP_BAD_RESTART_LIMITS`; answers OTP's defaults for what is left out. */
export function restartLimits(limits: RestartLimits): { maxRestarts: number; periodMs: number } {
  const { maxRestarts = 3, periodMs = 5000 } = limits
  if (!Number.isInteger(maxRestarts) || maxRestarts < 0 || !(periodMs > 0)) {
    throw new CodedError(
      'ERR_OTP_OTP_BAD_RESTART_LIMITS',
      `expected maxRestarts to be a whole number from 0 and periodMs to be above 0, got ${maxRestarts} and ${periodMs}`,
    )
  }
  return { maxRestarts, periodMs }
}

export function childInfo(child: Child): ChildInfo {
  const [behaviour] = child.spec.start
  return {
    id: child.spec.id,
    pid: child.pid ?? (child.isRestarting ? 'restarting' : undefined),
    type: behaviour.type,
    behaviour: behaviour.name,
  }
}

/** Makes the behaviour of a `one_for_one` supervisor; its children's specifications are checked here, once. */
export function supervisor(options: SupervisorOptions): Behaviour<undefined> {
  const limits = restartLimits(options)
  const ids = new Set<string>()
  for (const spec of options.children) {
    checkChildSpec(spec)
    if (ids.has(spec.id)) throw new CodedError('ERR_OTP_OTP_BAD_CHILD_SPEC', `two children of ${options.name} have the id '${spec.id}'`)
    ids.add(spec.id)
  }
  const body = new GenServerBody(
    {
      name: 'supervisor',
      trapExit: true,
      init: (_argument, self) => startAll(self as unknown as Process, options, limits),
      calls: {
        whichChildren: (state) => reply((state as SupervisorState).children.map(childInfo), state),
        countChildren: (state) => reply(countChildren(state as SupervisorState), state),
      },
      infos: {
        EXIT: (state, exit: ExitMessage) => after((state as SupervisorState).supervision.onExit(exit), state),
        [RETRY]: (state, retry) =>
          after(
            (state as SupervisorState).supervision.onRetry(retry, () => true),
            state,
          ),
      },
      terminate: (state, reason) => {
        const { supervision, children } = state as SupervisorState
        return inTurn(
          children.toReversed(),
          (child) => supervision.terminate(child),
          () => supervision.stopped(reason),
        )
      },
    },
    true,
  )
  return { name: 'supervisor', version: '0', type: 'supervisor', body }
}

function countChildren({ supervision, children }: SupervisorState): ChildCounts {
  return { specified: children.length, active: supervision.active, restarting: children.filter((child) => child.isRestarting).length }
}

/** Starts children in order; at the first that fails those before it are stopped, and the start of the supervisor has failed. */
function startAll(self: Process, options: SupervisorOptions, limits: { maxRestarts: number; periodMs: number }): unknown {
  const supervision = new Supervision(self, { path: supervisorPath(self, options.name), strategy: 'one_for_one', ...limits })
  const children = options.children.map((spec): Child => ({ spec, pid: undefined, isRestarting: false }))
  supervision.specified = () => children.length
  supervision.onGone = (child) => {
    // OTP keeps the specification of a transient child that ended in order, and forgets a temporary one.
    if (child.spec.restart === 'temporary') children.splice(children.indexOf(child), 1)
  }
  const startOne = (child: Child): void | Promise<void> => {
    const result = supervision.start(child, 'boot')
    return result instanceof Promise ? result.then((settled) => checkStarted(child, settled)) : checkStarted(child, result)
  }
  const undo = (error: unknown): unknown =>
    inTurn(
      children.toReversed(),
      (child) => supervision.terminate(child),
      () => Promise.reject(error),
    )
  return inTurn(children, startOne, (): unknown => ({ supervision, children }) satisfies SupervisorState, undo)
}

function checkStarted(child: Child, result: StartResult): void {
  if (result.ok) return
  if (result.reason instanceof Crash) throw result.reason.error
  throw new StartRefused({ shutdown: { failed_to_start_child: child.spec.id, reason: result.reason } })
}

/** Goes through items one after the other, without a promise as long as none of them needs one. */
export function inTurn<T, R>(
  items: readonly T[],
  act: (item: T) => void | Promise<void>,
  done: () => R,
  failed: (error: unknown) => Promise<R> | R = (error) => {
    throw error
  },
): R | Promise<R> {
  for (let i = 0; i < items.length; i++) {
    try {
      const pending = act(items[i] as T)
      if (pending instanceof Promise) return pending.then(() => inTurn(items.slice(i + 1), act, done, failed), failed)
    } catch (error) {
      return failed(error)
    }
  }
  return done()
}

/** The unchanged state, once what was begun is through. */
export function after<S>(pending: void | Promise<void>, state: S): S | Promise<S> {
  return pending instanceof Promise ? pending.then(() => state) : state
}
