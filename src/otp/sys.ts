// sys: what can be asked of any running behaviour from outside, in the order of its mailbox and while it is suspended.
import { type ExitReason, type Pid, type Process, type Ref, type Runtime, SystemState } from '#process'

/** OTP's `system_get_state`, `system_replace_state` and `format_status`: for bodies whose state is more than `process.state`. */
export interface SystemCallbacks {
  systemGetState(self: Process): unknown
  systemReplaceState(self: Process, state: unknown): void
  formatStatus(self: Process): unknown
}

/** OTP's `sys:get_status`. */
export interface ServerStatus {
  readonly pid: Pid
  readonly behaviour: string
  readonly name: string | undefined
  readonly parent: Pid | undefined
  readonly status: 'running' | 'suspended'
  /** Messages that wait. */
  readonly waiting: number
  /** As the behaviour's `formatStatus` shows it, if it has one. */
  readonly state: unknown
}

/** What was counted since `statistics(ref, true)`. */
export interface ServerStatistics {
  /** Wall clock, ms since 1970. */
  readonly startedAt: number
  readonly currentAt: number
  /** Messages handled: what a process's work is counted in here. */
  readonly reductions: number
  readonly messagesIn: number
  /** Answers given to calls. */
  readonly messagesOut: number
}

export interface SystemOptions {
  /** Deadline in ms; default 5000. Past it the answer is dropped, and the promise rejects with `timeout`. */
  readonly timeoutMs?: number | undefined
}

/** Each rejects with `ExitError`: `noproc`, `timeout`, or the reason of a process that ended first. Processes of this node only. */
export interface Sys {
  /** The state; of a gen_statem `{ state, data }`. For debugging: nobody but its process should change it. */
  getState(ref: Ref, options?: SystemOptions): Promise<unknown>
  /** The new state that `replace` made of the old one. If it throws, the old one stays and the error comes back as the reason. */
  replaceState(ref: Ref, replace: (state: unknown) => unknown, options?: SystemOptions): Promise<unknown>
  getStatus(ref: Ref, options?: SystemOptions): Promise<ServerStatus>
  /** From now on it handles system messages only, and the exit of its parent; others wait. */
  suspend(ref: Ref, options?: SystemOptions): Promise<void>
  resume(ref: Ref, options?: SystemOptions): Promise<void>
  /** `true` begins to count, `false` ends it. */
  statistics(ref: Ref, flag: boolean, options?: SystemOptions): Promise<void>
  /** `undefined` while nothing is counted. */
  getStatistics(ref: Ref, options?: SystemOptions): Promise<ServerStatistics | undefined>
  /** Orders it to end with `reason`, after `terminate`; that it has ended is another matter. */
  terminate(ref: Ref, reason: ExitReason, options?: SystemOptions): Promise<void>
}

/** The system functions of one node. */
export function sys(runtime: Runtime): Sys {
  const ask = <T>(ref: Ref, what: string, act: (process: Process) => T, options: SystemOptions = {}) =>
    runtime.system(ref, `sys ${what}`, act, options.timeoutMs)
  return {
    getState: (ref, options) => ask(ref, 'getState', getState, options),
    replaceState: (ref, replace, options) => ask(ref, 'replaceState', (process) => replaceState(process, replace), options),
    getStatus: (ref, options) => ask(ref, 'getStatus', getStatus, options),
    suspend: (ref, options) => ask(ref, 'suspend', (process) => setSuspended(process, true), options),
    resume: (ref, options) => ask(ref, 'resume', (process) => setSuspended(process, false), options),
    statistics: (ref, flag, options) => ask(ref, 'statistics', (process) => count(process, flag), options),
    getStatistics: (ref, options) => ask(ref, 'statistics', getStatistics, options),
    terminate: (ref, reason, options) => ask(ref, 'terminate', (process) => process.stop(reason), options),
  }
}

const callbacks = (process: Process): Partial<SystemCallbacks> => process.body as Partial<SystemCallbacks>

function getState(process: Process): unknown {
  const body = callbacks(process)
  return body.systemGetState === undefined ? process.state : body.systemGetState(process)
}

/**
 * The state of a process that is between two messages now; `undefined` of one that is not. It is looked at, not asked for: a message would begin its
 * idle time-out anew, and wait behind all others.
 */
export function stateAtRest(process: Process): { readonly state: unknown } | undefined {
  const isAtRest = process.status === 'idle' || process.status === 'ready' || process.status === 'suspended'
  return isAtRest ? { state: getState(process) } : undefined
}

function replaceState(process: Process, replace: (state: unknown) => unknown): unknown {
  const next = replace(getState(process))
  const body = callbacks(process)
  if (body.systemReplaceState === undefined) process.state = next
  else body.systemReplaceState(process, next)
  return next
}

function getStatus(process: Process): ServerStatus {
  const body = callbacks(process)
  return {
    pid: process.pid,
    behaviour: process.body.name,
    name: process.registeredName,
    parent: process.origin.parent?.pid,
    status: process.sys?.isSuspended === true ? 'suspended' : 'running',
    waiting: process.depth,
    state: body.formatStatus === undefined ? getState(process) : body.formatStatus(process),
  }
}

function setSuspended(process: Process, isSuspended: boolean): void {
  process.sys ??= new SystemState()
  process.sys.isSuspended = isSuspended
}

function count(process: Process, flag: boolean): void {
  process.sys ??= new SystemState()
  process.sys.out = 0
  process.sys.countedFrom = flag ? { at: process.runtime.clock.wall(), handled: process.handled } : undefined
}

function getStatistics(process: Process): ServerStatistics | undefined {
  const from = process.sys?.countedFrom
  if (process.sys === undefined || from === undefined) return undefined
  const handled = process.handled - from.handled
  return {
    startedAt: from.at,
    currentAt: process.runtime.clock.wall(),
    reductions: handled,
    messagesIn: handled,
    messagesOut: process.sys.out,
  }
}
