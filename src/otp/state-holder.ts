// A state holder: a process that keeps one value, read and changed by functions that run inside it, as Elixir's Agent.
import { describeExit, ExitError, type ExitReason, Pid, type Ref, type Runtime } from '#process'
import { type GenServer, genServer, reply, stop } from './gen-server.ts'
import { callerOf, checkLocal, type Owner } from './owner.ts'
import type { CallOptions } from './protocol.ts'

export interface StateHolderDefinition<S, A> {
  /** Unique on a node, and a label in metrics. */
  readonly name: string
  readonly version?: string
  /** Makes the first value; its start is not over before it has. */
  readonly init: (argument: A) => S | Promise<S>
}

/** The behaviour of a state holder. `of` is one owner's hold on a process of it. */
export interface StateHolder<S, A> extends GenServer<A, Protocol> {
  of(owner: Owner, holder: Ref): HeldState<S>
}

type Protocol = { calls: object; casts: object; infos: object }

/**
 * The value of one holder. Functions run inside its process, one at a time, and should be quick or asynchronous; one that
 * throws ends it. They do not cross the wire: a holder on another node is `ERR_OTP_OTP_FUNCTION_NOT_LOCAL`. Time-outs as of a call.
 */
export interface HeldState<S> {
  /** The answer of `read`, which is given the value. */
  get<R>(read: (state: S) => R | Promise<R>, options?: CallOptions): Promise<R>
  /** The value is what `next` answers from now on. */
  update(next: (state: S) => S | Promise<S>, options?: CallOptions): Promise<void>
  /** Reads and changes in one step: `step` answers what is read, then the new value. */
  getAndUpdate<R>(step: (state: S) => readonly [R, S] | Promise<readonly [R, S]>, options?: CallOptions): Promise<R>
  /** As `update`, and nobody waits for it. */
  cast(next: (state: S) => S | Promise<S>): void
  /** Ends the holder with `reason`, `normal` by default, and resolves when it has ended so; by default it waits for ever. */
  stop(reason?: ExitReason, options?: CallOptions): Promise<void>
}

type Get<S> = (state: S) => unknown
type Update<S> = (state: S) => S | Promise<S>
type GetAndUpdate<S> = (state: S) => readonly [unknown, S] | Promise<readonly [unknown, S]>

/** Makes the behaviour of a state holder. */
export function stateHolder<S, A = undefined>(definition: StateHolderDefinition<S, A>): StateHolder<S, A> {
  const behaviour = genServer({
    name: definition.name,
    ...(definition.version === undefined ? {} : { version: definition.version }),
    init: (argument: A) => definition.init(argument),
    calls: {
      get: (state: S, read: Get<S>) => {
        const answer = read(state)
        return answer instanceof Promise ? answer.then((settled: unknown) => reply(settled, state)) : reply(answer, state)
      },
      update: (state: S, next: Update<S>) => {
        const changed = next(state)
        return changed instanceof Promise ? changed.then((settled: S) => reply(undefined, settled)) : reply(undefined, changed)
      },
      getAndUpdate: (state: S, step: GetAndUpdate<S>) => {
        const stepped = step(state)
        return stepped instanceof Promise ? stepped.then(([answer, settled]) => reply(answer, settled)) : reply(stepped[0], stepped[1])
      },
    },
    casts: {
      cast: (state: S, next: Update<S>) => next(state),
      stop: (state: S, reason: ExitReason) => stop(reason, state),
    },
  })
  return { ...behaviour, of: heldState }
}

function heldState<S>(owner: Owner, holder: Ref): HeldState<S> {
  const { runtime, process } = callerOf(owner)
  const call = async (name: string, step: unknown, options: CallOptions | undefined): Promise<unknown> => {
    checkLocal(runtime, holder, name)
    return process === undefined ? runtime.call(holder, name, step, options?.timeoutMs) : process.call(holder, name, step, options)
  }
  return {
    get: <R>(read: (state: S) => R | Promise<R>, options?: CallOptions) => call('get', read, options) as Promise<R>,
    update: (next, options) => call('update', next, options) as Promise<void>,
    getAndUpdate: <R>(step: (state: S) => readonly [R, S] | Promise<readonly [R, S]>, options?: CallOptions) =>
      call('getAndUpdate', step, options) as Promise<R>,
    cast: (next) => {
      checkLocal(runtime, holder, 'cast')
      if (process === undefined) runtime.send(holder, 'cast', 'cast', next)
      else process.cast(holder, 'cast', next)
    },
    stop: (reason = 'normal', { timeoutMs = Number.POSITIVE_INFINITY } = {}) => {
      checkLocal(runtime, holder, 'stop')
      const pid = runtime.resolve(holder)
      return pid instanceof Pid
        ? stopped(runtime, pid, reason, timeoutMs)
        : Promise.reject(new ExitError('noproc', `${holder.toString()} was not stopped`))
    },
  }
}

/** Resolves when the process has ended with `reason`; rejects with any other, or `timeout`. */
function stopped(runtime: Runtime, pid: Pid, reason: ExitReason, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void => {
      runtime.demonitor(ref, pid)
      reject(new ExitError('timeout', `${pid} was not stopped`))
    }
    const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : runtime.clock.after(timeoutMs, late)
    const down = (_ref: number, _pid: Pid, ended: ExitReason): void => {
      timer?.cancel()
      if (describeExit(ended) === describeExit(reason)) resolve()
      else reject(new ExitError(ended, `${pid} was not stopped`))
    }
    const ref = runtime.monitor(pid, { down })
    runtime.send(pid, 'cast', 'stop', reason)
  })
}
