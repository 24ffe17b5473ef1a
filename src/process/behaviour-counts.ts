// What is counted of each behaviour on one node, as plain integers: whoever counts must not pay what a metric costs.
import type { Overflow } from './mailbox.ts'
import type { CallCounts } from './pending-calls.ts'

/** Read at scrape: live processes, messages handled, calls by outcome (the caller's side). */
export interface BehaviourCounts {
  live: number
  handled: number
  readonly calls: CallCounts
  /** Messages that found the mailbox full, by what became of them. */
  readonly dropped: Record<Overflow, number>
}

export function noCounts(): BehaviourCounts {
  return {
    live: 0,
    handled: 0,
    calls: { ok: 0, error: 0, timeout: 0, noproc: 0, nodedown: 0 },
    dropped: { drop_newest: 0, drop_oldest: 0, reject: 0 },
  }
}
