// What is counted of each behaviour on one node, as plain integers: whoever counts must not pay what a metric costs.
import type { Envelope } from './envelope.ts'
import type { Overflow } from './mailbox.ts'
import type { CallCounts } from './pending-calls.ts'
import type { Process } from './process.ts'

/** Read at scrape: live processes, messages handled, calls by outcome (the caller's side). */
export interface BehaviourCounts {
  live: number
  handled: number
  readonly calls: CallCounts
  /** Messages that found the mailbox full, by what became of them. */
  readonly dropped: Record<Overflow, number>
  /** Told of each message that is taken up, while somebody traces the behaviour. Here, where the count is touched anyway: it costs others nothing. */
  watch: ((process: Process, envelope: Envelope) => void) | undefined
}

export function noCounts(): BehaviourCounts {
  return {
    live: 0,
    handled: 0,
    calls: { ok: 0, error: 0, timeout: 0, noproc: 0, nodedown: 0 },
    dropped: { drop_newest: 0, drop_oldest: 0, reject: 0 },
    watch: undefined,
  }
}
