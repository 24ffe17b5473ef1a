// The process behind a task: runs one function, ends with it, and tells it when it should stop.
import { type Body, Crash, Exit, ExitError, type ExitMessage, type Process } from '#process'
import type { Behaviour } from './behaviour.ts'
import type { Self } from './gen-server.ts'
import type { TaskOutcome } from './task-outcome.ts'

/**
 * What a task runs. Nothing can interrupt a function that is under way: once its process has ended, `signal` is aborted (its
 * `reason` is an `ExitError`), what it goes on to do is its own affair, and its answer is dropped. `self` is the task's process.
 */
export type TaskFunction<T> = (signal: AbortSignal, self: Self) => T | Promise<T>

/** What a task's process is started with. */
export interface TaskStart {
  readonly run: TaskFunction<unknown>
  /** Linked with from the beginning, besides whoever starts it. */
  readonly link?: Process | undefined
  /** Where its result goes; without one nobody waits for it. */
  readonly outcome?: TaskOutcome<unknown> | undefined
  /** Free text for the observer. */
  readonly label?: string | undefined
}

interface TaskState {
  readonly start: TaskStart
  readonly stop: AbortController
}

/** The message on which the function starts: after whoever started the process knows its pid. */
const RUN = 'run'

const body: Body = {
  name: 'task',

  init(self, argument) {
    const start = argument as TaskStart
    const stop = new AbortController()
    self.state = { start, stop } satisfies TaskState
    self.label = start.label
    if (start.outcome !== undefined) start.outcome.process = self
    const down = (_ref: number, _pid: unknown, reason: ExitMessage['reason']): void => {
      start.outcome?.settle({ ok: false, reason })
      stop.abort(new ExitError(reason, 'the task was ended'))
    }
    self.runtime.monitor(self.pid, { down })
    if (start.link !== undefined) self.link(start.link)
    self.info(RUN, undefined)
  },

  receive(self, envelope) {
    const { start, stop } = self.state as TaskState
    if (envelope.kind === 'info' && envelope.name === 'EXIT') {
      // A task that traps exits decides itself what becomes of it; its function has to hear of them.
      const { reason } = envelope.payload as ExitMessage
      if (reason !== 'normal') stop.abort(new ExitError(reason, 'the task was asked to end'))
    } else if (envelope.kind === 'info' && envelope.name === RUN) {
      run(self, start, stop.signal)
    } else {
      self.runtime.deadLetter(self.pid, envelope, 'unhandled')
    }
  },
}

/** The process does not wait for the function as for a handler: exit signals that it traps have to come through meanwhile. */
function run(self: Process, start: TaskStart, signal: AbortSignal): void {
  const finish = (value: unknown): void => {
    if (!self.isAlive) return
    start.outcome?.settle({ ok: true, value })
    self.stop('normal')
  }
  const result = start.run(signal, self as Self)
  if (!(result instanceof Promise)) finish(result)
  else result.then(finish, (error: unknown) => self.stop(error instanceof Exit ? error.reason : new Crash(error)))
}

/** Runs a task as a supervisor's child; its `init` takes what to run. */
export const taskBehaviour: Behaviour<TaskStart> = { name: 'task', version: '0', type: 'worker', body }
