// What becomes of a task: its answer or its end, whichever comes first, and who waits for it.
import type { Clock } from '#base'
import type { ExitReason, Process } from '#process'

/** How a task ended: its function's answer, or why there is none. */
export type TaskResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: ExitReason }

/** Shared by a task's process, which settles it, and its owner, who waits for it. It settles once. */
export class TaskOutcome<T> {
  /** The process that runs the task; none for a task that was completed from the start. */
  process: Process | undefined
  result: TaskResult<T> | undefined
  readonly #waiting = new Set<() => void>()

  settle(result: TaskResult<T>): void {
    if (this.result !== undefined) return
    this.result = result
    for (const tell of this.#waiting) tell()
    this.#waiting.clear()
  }

  /** Calls `tell` once when it has settled, at once if it has; the answer takes it back. */
  whenSettled(tell: () => void): () => void {
    if (this.result !== undefined) tell()
    else this.#waiting.add(tell)
    return () => {
      this.#waiting.delete(tell)
    }
  }

  /** The result, or `undefined` if there is none within `timeoutMs`. */
  wait(clock: Clock | undefined, timeoutMs: number): Promise<TaskResult<T> | undefined> {
    if (this.result !== undefined) return Promise.resolve(this.result)
    return new Promise((resolve) => {
      const forget = this.whenSettled(() => {
        timer?.cancel()
        resolve(this.result)
      })
      const late = (): void => {
        forget()
        resolve(undefined)
      }
      const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : clock?.after(timeoutMs, late)
    })
  }
}
