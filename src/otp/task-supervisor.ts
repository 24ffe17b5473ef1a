// Tasks under a dynamic supervisor, as Elixir's Task.Supervisor: they end with it, and it ends in order only when they have.
import { ExitError, type Pid, type Ref } from '#process'
import type { Restart, Shutdown } from './child-spec.ts'
import { callerOf, checkLocal, type Owner } from './owner.ts'
import type { ChildInfo, StartChild, StartChildResult, TerminateChildResult } from './supervisor-protocol.ts'
import { Task, type TaskOptions } from './task.ts'
import { type TaskFunction, type TaskStart, taskBehaviour } from './task-body.ts'
import { TaskOutcome } from './task-outcome.ts'
import { type AsyncStreamOptions, type ItemFunction, type Items, type Streamed, streamOf } from './task-stream.ts'

export interface SupervisedTaskOptions extends TaskOptions {
  /** How long it may take to end when its supervisor does, if it traps exits. Default 5000 ms. */
  readonly shutdown?: Shutdown
}

export interface StartTaskOptions {
  readonly label?: string
  /** Default `temporary`. */
  readonly restart?: Restart
  readonly shutdown?: Shutdown
}

export interface SupervisedStreamOptions extends AsyncStreamOptions {
  readonly shutdown?: Shutdown
}

/** What an owner can do with a supervisor of tasks. Where the supervisor has `maxChildren` already, a start rejects with `max_children`. */
export interface SupervisedTasks {
  /** As `Task.async`: linked with its owner, too. */
  async<T>(run: TaskFunction<T>, options?: SupervisedTaskOptions): Promise<Task<T>>
  /** A task whose crash its owner sees in the result alone. */
  asyncNoLink<T>(run: TaskFunction<T>, options?: SupervisedTaskOptions): Promise<Task<T>>
  /** Starts a task, for its side effects only, that is linked with its supervisor alone. */
  startChild(run: TaskFunction<unknown>, options?: StartTaskOptions): Promise<StartChildResult>
  /** As `asyncStream`; the tasks are linked with the owner, too. */
  asyncStream<I, T>(items: Items<I>, run: ItemFunction<I, T>, options?: SupervisedStreamOptions): AsyncGenerator<Streamed<I, T>, void>
  asyncStreamNoLink<I, T>(items: Items<I>, run: ItemFunction<I, T>, options?: SupervisedStreamOptions): AsyncGenerator<Streamed<I, T>, void>
  /** The pids of the tasks that run. */
  children(): Promise<Pid[]>
  /** Ends a task; `not_found` if it is none of this supervisor's. */
  terminateChild(pid: Pid): Promise<TerminateChildResult>
}

/**
 * The tasks that `owner` starts under the dynamic supervisor `supervisor`, which has to live on this node: functions do not cross
 * the wire (`ERR_OTP_OTP_FUNCTION_NOT_LOCAL`).
 */
export function tasksUnder(owner: Owner, supervisor: Ref): SupervisedTasks {
  const caller = callerOf(owner)
  const { runtime } = caller
  const call = (name: string, payload?: unknown) => runtime.call(supervisor, name, payload, Number.POSITIVE_INFINITY)

  async function start(task: TaskStart, restart: Restart, shutdown: Shutdown = 5000): Promise<StartChildResult> {
    checkLocal(runtime, supervisor, 'a task')
    const id = `task-${runtime.newRef()}`
    return call('startChild', {
      spec: { id, start: [taskBehaviour, task], restart, shutdown },
      cause: 'call',
    } satisfies StartChild) as Promise<StartChildResult>
  }

  async function begin<T>(run: TaskFunction<T>, options: SupervisedTaskOptions, isLinked: boolean): Promise<Task<T>> {
    const outcome = new TaskOutcome<T>()
    const task = new Task(caller, isLinked, outcome, options)
    const link = isLinked ? caller.process : undefined
    const started = await start({ run, outcome, link, label: options.label }, 'temporary', options.shutdown)
    if (!started.ok) throw new ExitError(started.reason, `the task was not started under ${supervisor.toString()}`)
    return task
  }

  function stream<I, T>(items: Items<I>, run: ItemFunction<I, T>, options: SupervisedStreamOptions, isLinked: boolean) {
    const { shutdown = 5000 } = options
    return streamOf(caller, (each, isTaskLinked) => begin(each, { shutdown }, isTaskLinked), items, run, options, isLinked)
  }

  return {
    async: (run, options = {}) => begin(run, options, true),
    asyncNoLink: (run, options = {}) => begin(run, options, false),
    startChild: (run, options = {}) => start({ run, label: options.label }, options.restart ?? 'temporary', options.shutdown),
    asyncStream: (items, run, options = {}) => stream(items, run, options, true),
    asyncStreamNoLink: (items, run, options = {}) => stream(items, run, options, false),
    children: async () => ((await call('whichChildren')) as ChildInfo[]).map(({ pid }) => pid).filter((pid) => typeof pid === 'object'),
    terminateChild: (pid) => call('terminateChild', pid) as Promise<TerminateChildResult>,
  }
}
