// How long messages wait and are handled, and how long local calls take: where there are many some are timed, and stand for the others.
import type { Envelope } from './envelope.ts'
import type { CallOutcome } from './pending-calls.ts'
import type { Process } from './process.ts'
import type { Runtime } from './runtime.ts'
import type { TraceCarrier } from './tracing.ts'

/** A message that was timed, for who measures durations. */
export interface MeasuredMessage {
  readonly behaviour: string
  /** How many messages it stands for. */
  readonly count: number
  /** Messages in the mailbox when it came in, itself included. */
  readonly depth: number
  readonly waitMs: number
  readonly handleMs: number
  /** The trace in which it was handled, if it was traced. */
  readonly trace: TraceCarrier | undefined
}

export type MessageMeasured = (message: MeasuredMessage) => void

/** A call that was timed, as its caller sees it; it stands for `count`. Remote ones are all timed. Counts by outcome come from `BehaviourCounts`. */
export type CallMeasured = (
  locality: 'local' | 'remote',
  durationMs: number,
  outcome: CallOutcome,
  count: number,
  trace: TraceCarrier | undefined,
) => void

/** Which messages of a behaviour are timed: those that complete a number, which grows with how many there are. */
export interface Timing {
  /** Messages since the last one that was timed, and how many there should be. */
  untimed: number
  timedEvery: number
  /** When that was, as the run queue's `timeMs`. */
  timedMs: number
}

/** Timed oftener than this, every second one is enough; less often, twice as many are. To time one costs as much as two calls. */
const OFTEN_MS = 1
const SELDOM_MS = 8
const MOST = 4096
/** After so long the next one is timed whatever the number says: there were more messages before. */
const LONGEST_MS = 250
/** Where no message has been timed yet. */
export const LONG_AGO_MS = -1000

/** For each message: whether it is this one that is timed. */
export function isTimed(timing: Timing, atMs: number): boolean {
  return ++timing.untimed >= timing.timedEvery || ((atMs - timing.timedMs) | 0) > LONGEST_MS
}

/** Called for the one that is; nothing is measured where nobody asks for it. */
export function timeMessage({ runtime, counts, depth }: Process, envelope: Envelope): void {
  const sinceMs = (envelope.atMs - counts.timedMs) | 0
  const count = counts.untimed
  if (runtime.onMessageMeasured === undefined) counts.timedEvery = MOST
  else if (sinceMs < OFTEN_MS) counts.timedEvery = Math.min(MOST, counts.timedEvery * 2)
  else if (sinceMs > SELDOM_MS) counts.timedEvery = Math.max(1, counts.timedEvery >> 1)
  counts.untimed = 0
  counts.timedMs = envelope.atMs
  if (runtime.onMessageMeasured !== undefined && envelope.kind !== 'system') envelope.times = new MessageTimes(runtime, count, depth)
}

/** The times of one message, which stands for `count`. */
export class MessageTimes {
  readonly #runtime: Runtime
  readonly #count: number
  readonly #depth: number
  readonly #sentAt: number
  #takenAt = 0

  constructor(runtime: Runtime, count: number, depth: number) {
    this.#runtime = runtime
    this.#count = count
    this.#depth = depth
    this.#sentAt = runtime.clock.now()
  }

  taken(): void {
    this.#takenAt = this.#runtime.clock.now()
  }

  /** It has been handled, or its process ends with it. */
  handled({ body, trace }: Process): void {
    this.#runtime.onMessageMeasured?.({
      behaviour: body.name,
      count: this.#count,
      depth: this.#depth,
      waitMs: this.#takenAt - this.#sentAt,
      handleMs: this.#runtime.clock.now() - this.#takenAt,
      trace,
    })
  }

  /** It was a call of this node, and its caller has its answer. */
  settled(outcome: CallOutcome, trace: TraceCarrier | undefined): void {
    this.#runtime.onCallMeasured?.('local', this.#runtime.clock.now() - this.#sentAt, outcome, this.#count, trace)
  }
}

/** For a call to another node, each of which is timed; `undefined` where nobody measures. */
export function measureRemote(
  { onCallMeasured, clock }: Runtime,
  trace: TraceCarrier | undefined,
): ((outcome: CallOutcome) => void) | undefined {
  if (onCallMeasured === undefined) return undefined
  const startedAt = clock.now()
  return (outcome) => onCallMeasured('remote', clock.now() - startedAt, outcome, 1, trace)
}
