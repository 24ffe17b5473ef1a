// What every supervisor does with its children: starts them, sees them end, starts them again, and gives up in time.
import type { ExitMessage, ExitReason, Pid, Process, SpawnCause, StartResult } from '#process'
import { isOrderly } from '#process'
import type { ChildSpec } from './child-spec.ts'
import { isRestarted, shutdownOf } from './child-spec.ts'
import { otpEvents, type RestartCause } from './events.ts'
import { RestartIntensity } from './restart-intensity.ts'

/** One child: what was asked for, and what runs. */
export interface Child {
  readonly spec: ChildSpec
  pid: Pid | undefined
  /** It has ended and waits for another try; otherwise, without a pid, it is not to run. */
  isRestarting: boolean
}

export interface SupervisionOptions {
  /** Static ids from the root down, joined by `/`: a label, so a dynamic supervisor's children do not appear in it. */
  readonly path: string
  readonly strategy: 'one_for_one' | 'simple_one_for_one'
  readonly maxRestarts: number
  readonly periodMs: number
}

/** A restart that failed is tried again by the info of this name, after messages that wait already. */
export const RETRY = 'retry_restart'

interface Retry {
  readonly child: Child
  readonly oldPid: Pid
  readonly reason: ExitReason
  /** When its end was seen, by both clocks. */
  readonly startedAt: number
  readonly startedMono: number
}

/** The state of a supervisor's process. It is one object for the process's life: supervisors have identity. */
export class Supervision {
  readonly path: string
  readonly strategy: SupervisionOptions['strategy']
  readonly intensity: RestartIntensity
  readonly #self: Process
  readonly #byPid = new Map<number, Child>()
  /** Called when a child is gone for good. */
  onGone: (child: Child, reason: ExitReason) => void = () => undefined
  /** Called when a child runs again under a new pid. */
  onRestarted: (child: Child, pid: Pid) => void = () => undefined

  constructor(self: Process, options: SupervisionOptions) {
    this.#self = self
    this.path = options.path
    this.strategy = options.strategy
    this.intensity = new RestartIntensity(options.maxRestarts, options.periodMs)
    self.label = options.path
    otpEvents(self.runtime).emit('supervisor.started', {
      supervisor: options.path,
      pid: self.pid,
      strategy: options.strategy,
      maxRestarts: options.maxRestarts,
      periodMs: options.periodMs,
    })
  }

  /** How many children there should be; the supervisor that keeps their list says so. */
  specified: () => number = () => 0

  get active(): number {
    return this.#byPid.size
  }

  /** Starts a child; a child that failed to start is not kept. */
  start(child: Child, cause: SpawnCause): StartResult | Promise<StartResult> {
    const { spec } = child
    const result = this.#self.runtime.spawn(spec.start[0].body, spec.start[1], {
      cause,
      supervisor: this.path,
      child: spec.id,
      parent: this.#self,
      name: spec.name,
    })
    return result instanceof Promise ? result.then((settled) => this.#keep(child, settled)) : this.#keep(child, result)
  }

  #keep(child: Child, result: StartResult): StartResult {
    if (!result.ok) return result
    child.pid = result.pid
    child.isRestarting = false
    // Even if it has ended since: then its exit signal is waiting.
    this.#byPid.set(result.pid.serial, child)
    return result
  }

  /** A linked process has ended: its child is started again, or is gone for good. */
  onExit(exit: ExitMessage): void | Promise<void> {
    const child = this.#byPid.get(exit.from.serial)
    if (child === undefined) return undefined
    this.#byPid.delete(exit.from.serial)
    child.pid = undefined
    if (!isRestarted(child.spec.restart, exit.reason)) {
      this.onGone(child, exit.reason)
      return undefined
    }
    child.isRestarting = true
    const { clock } = this.#self.runtime
    const retry: Retry = { child, oldPid: exit.from, reason: exit.reason, startedAt: clock.wall(), startedMono: clock.now() }
    return this.#restart(retry, isOrderly(exit.reason) ? 'exit' : 'crash')
  }

  /** An earlier try to start the child again has failed; the child may have been taken off meanwhile. */
  onRetry(retry: unknown, isKept: (child: Child) => boolean): void | Promise<void> {
    if (!isKept((retry as Retry).child)) return undefined
    return this.#restart(retry as Retry, 'retry')
  }

  #restart(retry: Retry, cause: RestartCause): void | Promise<void> {
    const { runtime } = this.#self
    const { exceeded, used } = this.intensity.add(runtime.clock.now())
    if (exceeded) {
      this.#giveUp(retry)
      return undefined
    }
    const result = this.start(retry.child, 'restart')
    const settle = (settled: StartResult): void => {
      // A supervisor that was killed meanwhile has taken the child with it.
      if (!this.#self.isAlive) return
      if (settled.ok) this.#restarted(retry, cause, settled.pid, used)
      else this.#restartFailed(retry, settled.reason)
    }
    if (result instanceof Promise) return result.then(settle)
    settle(result)
    return undefined
  }

  #restarted(retry: Retry, cause: RestartCause, newPid: Pid, budgetUsed: number): void {
    const { child, oldPid, reason, startedAt, startedMono } = retry
    otpEvents(this.#self.runtime).emit('supervisor.child_restarted', {
      supervisor: this.path,
      child: child.spec.id,
      behaviour: child.spec.start[0].name,
      cause,
      reason,
      oldPid,
      newPid,
      budgetUsed,
      startedAt,
      durationMs: this.#self.runtime.clock.now() - startedMono,
    })
    this.onRestarted(child, newPid)
  }

  #restartFailed(retry: Retry, reason: ExitReason): void {
    const { spec } = retry.child
    otpEvents(this.#self.runtime).emit('supervisor.restart_failed', {
      supervisor: this.path,
      child: spec.id,
      behaviour: spec.start[0].name,
      reason,
      at: this.#self.runtime.clock.wall(),
    })
    this.#self.info(RETRY, retry)
  }

  #giveUp(retry: Retry): void {
    const { runtime, pid } = this.#self
    otpEvents(runtime).emit('supervisor.intensity_exceeded', {
      supervisor: this.path,
      pid,
      child: retry.child.spec.id,
      reason: retry.reason,
      maxRestarts: this.intensity.maxRestarts,
      periodMs: this.intensity.periodMs,
      at: runtime.clock.wall(),
      trace: runtime.tracing?.current(),
    })
    this.#self.stop('shutdown')
  }

  /** Ends a child as its specification says and resolves when it has ended; at once where it can. */
  terminate(child: Child, reason: ExitReason = 'shutdown'): void | Promise<void> {
    const { pid } = child
    child.isRestarting = false
    if (pid === undefined) return undefined
    child.pid = undefined
    this.#byPid.delete(pid.serial)
    const process = this.#self.runtime.lookup(pid)
    if (process === undefined) return undefined
    process.unlink(this.#self)
    const shutdown = shutdownOf(child.spec)
    process.signal(this.#self.pid, shutdown === 'brutal_kill' ? 'kill' : reason)
    return process.isAlive ? this.#ended(process, shutdown) : undefined
  }

  #ended(process: Process, shutdown: number | 'infinity' | 'brutal_kill'): Promise<void> {
    const { clock } = this.#self.runtime
    return new Promise((resolve) => {
      const timer = typeof shutdown === 'number' ? clock.after(shutdown, () => process.signal(this.#self.pid, 'kill')) : undefined
      this.#self.runtime.monitor(process.pid, {
        down: () => {
          timer?.cancel()
          resolve()
        },
      })
    })
  }

  stopped(reason: ExitReason): void {
    otpEvents(this.#self.runtime).emit('supervisor.stopped', { supervisor: this.path, pid: this.#self.pid, reason })
  }
}
