// A process that runs what a test gives it, as a callback of a behaviour would: the owner of the test's tasks.
import { genServer, reply, type Self } from '#otp'
import type { Process } from '#process'
import { start } from '#test/otp/support/start.ts'
import type { Lab } from '#test/process/support/lab.ts'

type Step = (self: Self) => unknown

const Owner = genServer({
  name: 'owner',
  init: ({ trapExit }: { trapExit: boolean }, self: Self): unknown[] => {
    self.trapExit = trapExit
    return []
  },
  calls: {
    run: async (heard, step: Step, self: Self) => reply(await step(self), heard),
    heard: (heard) => reply([...heard], heard),
  },
  infos: {
    told: (heard, message: unknown) => [...heard, message],
    EXIT: (heard, { reason }: { reason: unknown }) => [...heard, { EXIT: reason }],
  },
})

export class OwnerProcess {
  readonly process: Process
  readonly #lab: Lab

  constructor(lab: Lab, trapExit = false) {
    this.#lab = lab
    this.process = start(lab, Owner, { trapExit })
  }

  /** Runs a step inside the process. What it answers, or why the process ended instead. */
  run<T>(step: (self: Self) => T | Promise<T>): Promise<T> {
    return this.#lab.runtime.call(this.process.pid, 'run', step, Number.POSITIVE_INFINITY) as Promise<T>
  }

  /** The infos that came. */
  heard(): Promise<unknown[]> {
    return this.#lab.runtime.call(this.process.pid, 'heard', undefined, Number.POSITIVE_INFINITY) as Promise<unknown[]>
  }
}

/** How many tasks run. */
export function running(lab: Lab): number {
  return lab.runtime.counts('task').live
}

/** A task's function that waits until it is told to stop, and then for ever: nothing can interrupt it. */
export function endless(): Promise<never> {
  return new Promise(() => undefined)
}
