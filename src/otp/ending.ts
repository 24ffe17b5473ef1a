// Ending processes as their supervisor does: each is asked, waited for, and killed when its time is up; all of them at once.
import type { Timer } from '#base'
import type { ExitReason, Process, Watcher } from '#process'
import type { Shutdown } from './child-spec.ts'

/** One supervisor's ending of some of its children. Processes with the same time share one timer. */
export class Ending implements Watcher {
  readonly #supervisor: Process
  #left = 0
  #over: PromiseWithResolvers<void> | undefined
  #timers: Map<number, { readonly processes: Process[]; readonly timer: Timer }> | undefined

  constructor(supervisor: Process) {
    this.#supervisor = supervisor
  }

  /**
   * Tells a process to end: `brutal_kill` kills it; otherwise it gets `reason`, and is killed if it has not ended after the milliseconds given.
   * Unlinked first: its end is not an exit of a child any more.
   */
  end(process: Process, shutdown: Shutdown, reason: ExitReason): void {
    process.unlink(this.#supervisor)
    process.signal(this.#supervisor.pid, shutdown === 'brutal_kill' ? 'kill' : reason)
    if (!process.isAlive) return
    this.#left++
    this.#supervisor.runtime.monitor(process.pid, this)
    if (typeof shutdown === 'number') this.#killAfter(shutdown, process)
  }

  /** Resolves when all have ended; `undefined` if they have already. */
  get over(): Promise<void> | undefined {
    if (this.#left === 0) return undefined
    this.#over ??= Promise.withResolvers()
    return this.#over.promise
  }

  #killAfter(ms: number, process: Process): void {
    this.#timers ??= new Map()
    const group = this.#timers.get(ms)
    if (group !== undefined) {
      group.processes.push(process)
      return
    }
    const processes = [process]
    const kill = () => {
      for (const late of processes) late.signal(this.#supervisor.pid, 'kill')
    }
    this.#timers.set(ms, { processes, timer: this.#supervisor.runtime.clock.after(ms, kill) })
  }

  down(): void {
    if (--this.#left > 0) return
    for (const { timer } of this.#timers?.values() ?? []) timer.cancel()
    this.#over?.resolve()
  }
}
