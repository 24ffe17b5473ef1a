// What the processes of each behaviour do right now, and have done.
import type { BehaviourCounts, CallCounts, CallTally, Overflow, Process, Runtime } from '#process'

export interface BehaviourSnapshot {
  readonly behaviour: string
  readonly live: number
  readonly handled: number
  /** Calls made by this node to processes of the behaviour, by outcome; and the trace of the last one that was traced. */
  readonly calls: Readonly<CallCounts>
  readonly tracedCalls: Readonly<CallTally['tracedCalls']>
  /** Messages that found a bounded mailbox full, by what became of them. */
  readonly dropped: Readonly<Record<Overflow, number>>
  readonly mailboxMessages: number
  readonly oldestMessageAgeMs: number
  readonly longestHandlerMs: number
}

interface Waiting {
  messages: number
  oldestMs: number
  handlerMs: number
}

const NOTHING: Waiting = { messages: 0, oldestMs: 0, handlerMs: 0 }

/** What waits, summed up process by process. */
export class Backlog {
  readonly #waiting = new Map<BehaviourCounts, Waiting>()

  add(process: Process): void {
    let sum = this.#waiting.get(process.counts)
    if (sum === undefined) {
      sum = { ...NOTHING }
      this.#waiting.set(process.counts, sum)
    }
    sum.messages += process.depth
    sum.oldestMs = Math.max(sum.oldestMs, process.oldestMs)
    if (process.status === 'waiting') sum.handlerMs = Math.max(sum.handlerMs, process.handlingMs)
  }

  of(counts: BehaviourCounts): Readonly<Waiting> {
    return this.#waiting.get(counts) ?? NOTHING
  }
}

export function behaviourSnapshots(runtime: Runtime, backlog: Backlog): BehaviourSnapshot[] {
  return [...runtime.allCounts()].map(([behaviour, counts]) => {
    const { live, handled, calls, tracedCalls, dropped } = counts
    const { messages, oldestMs, handlerMs } = backlog.of(counts)
    return {
      behaviour,
      live,
      handled,
      calls,
      tracedCalls,
      dropped,
      mailboxMessages: messages,
      oldestMessageAgeMs: oldestMs,
      longestHandlerMs: handlerMs,
    }
  })
}
