// Task: a process that runs one function, and its owner's hold on the answer, as Elixir's Task.
import { CodedError } from '#base'
import { checkTimeout, ExitError, type ExitReason, type Pid } from '#process'
import type { ChildSpec, Restart, Shutdown } from './child-spec.ts'
import { type Caller, callerOf, type Owner } from './owner.ts'
import { type TaskFunction, type TaskStart, taskBehaviour } from './task-body.ts'
import { TaskOutcome, type TaskResult } from './task-outcome.ts'

export interface TaskOptions {
  /** Free text for the observer. */
  readonly label?: string
  /**
   * The result comes to the owner's mailbox as the info of this name, with `{ ref, ok, … }`, and cannot be awaited:
   * for a process that goes on with its messages meanwhile. Elixir's `{ref, answer}` and `DOWN` in one.
   */
  readonly notify?: string
}

/** The payload of the info that `notify` asks for. */
export type TaskMessage<T> = TaskResult<T> & { readonly ref: number }

export interface YieldManyOptions {
  /** Default 5000. */
  readonly timeoutMs?: number
  /** With so many results it waits no longer. Default: all. */
  readonly limit?: number
  /** What becomes of those that were not done in time. Default `nothing`: they run on and may be asked again. */
  readonly onTimeout?: 'nothing' | 'ignore' | 'kill_task'
}

/** One task of `yieldMany`, and its result if it has one. */
export interface Yielded<T> {
  readonly task: Task<T>
  readonly result: TaskResult<T> | undefined
}

type Answers<Ts extends readonly Task<unknown>[]> = { -readonly [I in keyof Ts]: Ts[I] extends Task<infer T> ? T : never }

const DEFAULT_TIMEOUT_MS = 5000

/**
 * The result is taken once, by the owner: by `await`, by a `yield` that found it, by `shutdown` or by `ignore`. After that
 * the others reject with `ERR_OTP_OTP_TASK_TAKEN`. Times are in ms; `Infinity` waits for ever.
 */
export class Task<T> {
  /** Tells the tasks of one node apart; `notify` says it. 0 for one that was completed from the start. */
  readonly ref: number
  readonly #owner: Caller | undefined
  readonly #isLinked: boolean
  readonly #outcome: TaskOutcome<T>
  /** By whom the result was taken, and as what it will come instead, as the error says it. */
  #taken: string | undefined
  #announced: string | undefined

  /** For this room; others start tasks by `Task.async` or under a supervisor. The process is started with the outcome. */
  constructor(owner: Caller | undefined, isLinked: boolean, outcome: TaskOutcome<T>, options: TaskOptions = {}) {
    this.ref = owner?.runtime.newRef() ?? 0
    this.#owner = owner
    this.#isLinked = isLinked
    this.#outcome = outcome
    if (options.notify !== undefined) this.#notify(options.notify)
  }

  /**
   * Starts a task that must be awaited. It is linked with its owner: if either crashes, so does the other, unless it traps
   * exits. Code outside any process cannot be linked: it sees the crash when it awaits.
   */
  static async<T>(owner: Owner, run: TaskFunction<T>, options: TaskOptions = {}): Task<T> {
    const caller = callerOf(owner)
    const outcome = new TaskOutcome<T>()
    const task = new Task(caller, true, outcome, options)
    spawn(caller, { run, outcome, label: options.label }, true)
    return task
  }

  /** Starts a task, for its side effects only, that is linked with nobody. */
  static start(owner: Owner, run: TaskFunction<unknown>, options: { readonly label?: string } = {}): Pid {
    return spawn(callerOf(owner), { run, label: options.label }, false)
  }

  /** As `start`, linked with its owner: it ends with its owner, and its crash is its owner's. */
  static startLink(owner: Owner, run: TaskFunction<unknown>, options: { readonly label?: string } = {}): Pid {
    return spawn(callerOf(owner), { run, label: options.label }, true)
  }

  /** A task that has its answer already, where one is expected and there is nothing to wait for. */
  static completed<T>(value: T): Task<T> {
    const outcome = new TaskOutcome<T>()
    outcome.settle({ ok: true, value })
    return new Task(undefined, false, outcome)
  }

  /** The specification of a task among a supervisor's children; `temporary` unless said otherwise. */
  static childSpec(
    id: string,
    run: TaskFunction<unknown>,
    options: { readonly label?: string; readonly restart?: Restart; readonly shutdown?: Shutdown } = {},
  ): ChildSpec<typeof taskBehaviour> {
    const { label, restart = 'temporary', shutdown = 5000 } = options
    return { id, start: [taskBehaviour, { run, label }], restart, shutdown }
  }

  /**
   * The answers of all, in their order, once the last has come. Rejects as soon as one has failed, and with `timeout` if they are
   * not all there in time.
   */
  static async awaitMany<const Ts extends readonly Task<unknown>[]>(tasks: Ts, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Answers<Ts>> {
    try {
      return (await Promise.all(tasks.map((task) => task.await(timeoutMs)))) as Answers<Ts>
    } catch (error) {
      for (const task of tasks) task.#endForOwner('shutdown')
      throw error
    }
  }

  /** Waits until all, or `limit` of them, have a result or the time is over; answers each with what it has, in their order. */
  static async yieldMany<T>(tasks: readonly Task<T>[], options: YieldManyOptions = {}): Promise<Yielded<T>[]> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, limit = tasks.length, onTimeout = 'nothing' } = options
    checkTimeout(timeoutMs, 'tasks')
    for (const task of tasks) task.#check()
    const isInTime = await settled(
      tasks.map((task) => task.#outcome),
      Math.min(limit, tasks.length),
      tasks.map((task) => task.#owner).find((owner) => owner !== undefined),
      timeoutMs,
    )
    let found = 0
    const take = async (task: Task<T>): Promise<Yielded<T>> => {
      if (task.#outcome.result !== undefined && found < limit) {
        found++
        return { task, result: task.#take('yieldMany') }
      }
      if (isInTime || onTimeout === 'nothing') return { task, result: undefined }
      return { task, result: onTimeout === 'ignore' ? task.ignore() : await task.shutdown('brutal_kill') }
    }
    return Promise.all(tasks.map(take))
  }

  get pid(): Pid | undefined {
    return this.#outcome.process?.pid
  }

  /** The process that owns it; `undefined`: code outside any process. */
  get owner(): Pid | undefined {
    return this.#owner?.process?.pid
  }

  /**
   * The answer. Rejects with `ExitError`: the reason why the task ended without one, or `timeout`. A process that does not catch
   * that crashes, and a linked task with it; where the owner is no process, a linked task is ended at the time-out.
   */
  async await(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<T> {
    checkTimeout(timeoutMs, 'task')
    this.#check()
    this.#taken = 'it was awaited'
    const result = await this.#outcome.wait(this.#owner?.runtime.clock, timeoutMs)
    if (result?.ok === true) return result.value
    if (result === undefined) this.#endForOwner('timeout')
    throw new ExitError(result?.reason ?? 'timeout', `await of task ${this.pid} failed`)
  }

  /** The result, or `undefined` if there is none in time: then the task runs on, and may be asked again. */
  async yield(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<TaskResult<T> | undefined> {
    checkTimeout(timeoutMs, 'task')
    this.#check()
    const result = await this.#outcome.wait(this.#owner?.runtime.clock, timeoutMs)
    return result === undefined || this.#taken !== undefined ? result : this.#take('yield')
  }

  /**
   * Unlinks the task, ends it, and resolves when it has ended: with its result if it had one or gave one while it was shut
   * down, with `undefined` if it ended as asked, with its reason if it ended otherwise. One that traps exits is killed after `limit`.
   */
  async shutdown(limit: number | 'brutal_kill' = DEFAULT_TIMEOUT_MS): Promise<TaskResult<T> | undefined> {
    if (this.#taken !== undefined) return { ok: false, reason: 'noproc' }
    this.#taken = 'it was shut down'
    this.#unlink()
    if (this.#outcome.result === undefined) this.#signal(limit === 'brutal_kill' ? 'kill' : 'shutdown')
    const inTime = await this.#outcome.wait(this.#owner?.runtime.clock, limit === 'brutal_kill' ? Number.POSITIVE_INFINITY : limit)
    if (inTime === undefined) this.#signal('kill')
    const result = this.#outcome.result as TaskResult<T>
    if (!result.ok && (result.reason === 'shutdown' || (limit === 'brutal_kill' && result.reason === 'killed'))) return undefined
    return result
  }

  /** Lets the task run on by itself, unlinked; answers its result if it has one already. */
  ignore(): TaskResult<T> | undefined {
    this.#check(this.#taken ?? '')
    this.#taken = 'it was ignored'
    this.#unlink()
    return this.#outcome.result
  }

  #check(how = this.#taken ?? this.#announced ?? ''): void {
    if (how !== '') throw new CodedError('ERR_OTP_OTP_TASK_TAKEN', `the result of task ${this.pid} can be had once: ${how}`)
  }

  #take(by: string): TaskResult<T> {
    this.#taken = `${by} answered it`
    return this.#outcome.result as TaskResult<T>
  }

  #notify(name: string): void {
    const owner = this.#owner?.process
    if (owner === undefined) {
      throw new CodedError('ERR_OTP_OTP_BAD_TASK', `expected the owner of a task that notifies to be a process: '${name}' needs a mailbox`)
    }
    this.#outcome.whenSettled(() => {
      const result = this.#outcome.result as TaskResult<T>
      if (owner.isAlive && this.#taken === undefined) owner.info(name, { ...result, ref: this.ref } satisfies TaskMessage<T>)
    })
    this.#announced = `it comes as the info '${name}'`
  }

  #unlink(): void {
    const owner = this.#owner?.process
    if (owner !== undefined) this.#outcome.process?.unlink(owner)
  }

  #signal(reason: ExitReason): void {
    const process = this.#outcome.process
    process?.signal(this.owner ?? process.pid, reason)
  }

  /** What a link would do, had the owner been a process and failed. */
  #endForOwner(reason: ExitReason): void {
    if (this.#isLinked && this.owner === undefined && this.#outcome.result === undefined) this.#signal(reason)
  }
}

/** Whether `count` outcomes have settled within `timeoutMs`. */
function settled(outcomes: readonly TaskOutcome<unknown>[], count: number, owner: Caller | undefined, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let missing = count
    const forget: (() => void)[] = []
    const finish = (isInTime: boolean): void => {
      timer?.cancel()
      for (const each of forget) each()
      resolve(isInTime)
    }
    const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : owner?.runtime.clock.after(timeoutMs, () => finish(false))
    const settledOne = (): void => {
      if (--missing === 0) finish(true)
    }
    if (missing === 0) finish(true)
    for (const outcome of outcomes) forget.push(outcome.whenSettled(settledOne))
  })
}

function spawn(caller: Caller, start: TaskStart, isLinked: boolean): Pid {
  const { runtime, process } = caller
  const started = runtime.spawn(taskBehaviour.body, start, { cause: 'call', parent: isLinked ? process : undefined })
  // Its `init` is synchronous and refuses nothing; only its owner's end can come before it.
  if (started instanceof Promise || !started.ok) throw new ExitError('noproc', 'the task was not started: its owner has ended')
  return started.pid
}
