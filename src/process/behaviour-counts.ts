// What is counted of each behaviour on one node, as plain integers: whoever counts must not pay what a metric costs.
import type { Envelope } from './envelope.ts'
import type { Overflow } from './mailbox.ts'
import { LONG_AGO_MS, type Timing } from './message-times.ts'
import { type CallTally, noCalls } from './pending-calls.ts'
import type { Process } from './process.ts'

/** Read at scrape: live processes, messages handled, calls by outcome (the caller's side). */
export interface BehaviourCounts extends CallTally, Timing {
  live: number
  handled: number
  /** Messages that found the mailbox full, by what became of them. */
  readonly dropped: Record<Overflow, number>
  /** Told of each message that is taken up, while somebody traces the behaviour. Here, where the count is touched anyway: it costs others nothing. */
  watch: ((process: Process, envelope: Envelope) => void) | undefined
}

export function noCounts(): BehaviourCounts {
  return {
    live: 0,
    handled: 0,
    untimed: 0,
    timedEvery: 1,
    timedMs: LONG_AGO_MS,
    ...noCalls(),
    dropped: { drop_newest: 0, drop_oldest: 0, reject: 0 },
    watch: undefined,
  }
}
