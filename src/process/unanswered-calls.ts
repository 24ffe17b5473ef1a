// Callers that were taken and told nothing yet (`noreply`): the end of their callee has to reach them.
import type { ReplyTo } from './envelope.ts'
import type { ExitReason } from './exit-reason.ts'

/** Fewer than these are not worth looking through. */
const FEW = 64

/** Callers that wait no more are forgotten from time to time: whoever never answers would otherwise keep them all. */
export class UnansweredCalls {
  readonly #callers = new Set<ReplyTo>()
  #sweepAt = FEW

  add(caller: ReplyTo): void {
    if (caller.isSettled) return
    this.#callers.add(caller)
    if (this.#callers.size < this.#sweepAt) return
    for (const other of this.#callers) if (other.isSettled) this.#callers.delete(other)
    this.#sweepAt = Math.max(FEW, 2 * this.#callers.size)
  }

  delete(caller: ReplyTo): void {
    this.#callers.delete(caller)
  }

  fail(reason: ExitReason): void {
    for (const caller of this.#callers) caller.fail(reason)
  }
}
