// Starts behaviours on a lab's runtime, and workers whose lives a test can read.
import { type AnyBehaviour, type GenServer, genServer, reply, type Self, stop } from '#otp'
import type { ExitReason, Pid, Process, StartResult } from '#process'
import type { Lab } from '#test/process/support/lab.ts'

/** Starts it as a process without a supervisor. */
export function start(lab: Lab, behaviour: AnyBehaviour, argument?: unknown): Process {
  return lab.spawn(behaviour.body, {}, argument)
}

/** Starts it, though its `init` may be asynchronous or fail. */
export async function tryStart(lab: Lab, behaviour: AnyBehaviour, argument?: unknown): Promise<StartResult> {
  const started = lab.runtime.spawn(behaviour.body, argument, { cause: 'boot' })
  await lab.settle()
  return started
}

/** A call by name: what the test says wrongly is the test's own fault. */
export function call<R>(lab: Lab, to: Process | Pid, name: string, payload?: unknown): Promise<R> {
  return lab.runtime.call('pid' in to ? to.pid : to, name, payload, Number.POSITIVE_INFINITY) as Promise<R>
}

/** How a worker is to live. */
export interface Life {
  readonly id: string
  readonly trapExit?: boolean
  readonly init?: (() => void | Promise<void>) | undefined
  readonly terminate?: (() => void | Promise<void>) | undefined
}

/** A worker that notes `+id` at its start and `-id reason` in terminate, and ends as it is told. */
export function workers(notes: string[]): GenServer<Life, object> {
  return genServer({
    name: 'worker',
    init: (life: Life, self: Self) => {
      self.trapExit = life.trapExit ?? false
      const started = (): Life => {
        notes.push(`+${life.id}`)
        return life
      }
      const pending = life.init?.()
      return pending === undefined ? started() : pending.then(started)
    },
    calls: {
      look: (life) => reply(life.id, life),
    },
    casts: {
      crash: (life): Life => {
        throw new Error(`${life.id} is broken`)
      },
      end: (life, reason: ExitReason) => stop(reason, life),
    },
    terminate: (life, reason) => {
      notes.push(`-${life.id} ${typeof reason === 'string' ? reason : 'crash'}`)
      return life.terminate?.()
    },
  })
}
