// Calls that wait for their answer, and the one timer that watches all their deadlines.
import { Chain, type Clock, CodedError, type Member } from '#base'
import { Envelope, type EnvelopeKind, type ReplyTo } from './envelope.ts'
import { Crash, ExitError, type ExitReason } from './exit-reason.ts'
import type { OpenSpan, TraceCarrier } from './tracing.ts'

/** How a call ended, as its caller counts it. */
export type CallOutcome = 'ok' | 'error' | 'timeout' | 'noproc' | 'nodedown'

/** Plain integers, read when somebody scrapes: counting a call must not cost what a metric costs. */
export type CallCounts = Record<CallOutcome, number>

/** The counts, and of each outcome the trace of the last call that was traced. */
export interface CallTally {
  readonly calls: CallCounts
  readonly tracedCalls: Partial<Record<CallOutcome, TraceCarrier>>
}

export function noCalls(): CallTally {
  return { calls: { ok: 0, error: 0, timeout: 0, noproc: 0, nodedown: 0 }, tracedCalls: {} }
}

const TICK_MS = 10
/** OTP's longest time-out: 32 bits of milliseconds. */
const LONGEST_TIMEOUT_MS = 2 ** 32 - 1

let resolveNew: (value: never) => void
let rejectNew: (error: Error) => void
/** One executor for all promises of calls: a closure of its own for each would be a third of a call's cost. */
const capture = (resolve: (value: never) => void, reject: (error: Error) => void) => {
  resolveNew = resolve
  rejectNew = reject
}

/**
 * One call under way; the promise settles once, whatever comes first: answer, end of the callee, or deadline. It is its own
 * envelope, and the address of its own answer: one object less for the commonest of messages.
 */
export class PendingCall extends Envelope implements ReplyTo, Member<PendingCall> {
  readonly promise: Promise<never>
  /** Its neighbours among the calls with the same time-out; `queue` is undefined once it has settled. */
  earlier: PendingCall | undefined = undefined
  later: PendingCall | undefined = undefined
  queue: CallQueue | undefined = undefined
  dueTick = 0
  readonly #resolve: (value: never) => void
  readonly #reject: (error: Error) => void
  readonly #tally: CallTally
  readonly #onSettled: ((outcome: CallOutcome) => void) | undefined
  readonly #span: OpenSpan | undefined

  constructor(
    kind: EnvelopeKind,
    name: string,
    payload: unknown,
    tally: CallTally,
    span?: OpenSpan,
    onSettled?: (outcome: CallOutcome) => void,
    carrier?: TraceCarrier,
  ) {
    super(kind, name, payload, undefined, carrier)
    this.replyTo = this
    this.promise = new Promise<never>(capture)
    this.#resolve = resolveNew
    this.#reject = rejectNew
    this.#tally = tally
    this.#span = span
    this.#onSettled = onSettled
  }

  get isSettled(): boolean {
    return this.queue === undefined
  }

  reply(value: unknown): void {
    if (!this.#settle('ok')) return
    this.#resolve(value as never)
  }

  fail(reason: ExitReason): void {
    const outcome = outcomeOf(reason)
    if (!this.#settle(outcome, reason)) return
    this.#reject(new ExitError(reason, `call '${this.name}' failed`))
  }

  #settle(outcome: CallOutcome, reason?: ExitReason): boolean {
    if (this.queue === undefined) return false
    this.queue.remove(this)
    this.#tally.calls[outcome]++
    if (this.#span !== undefined) this.#endSpan(this.#span, outcome, reason)
    if (this.#onSettled !== undefined) this.#onSettled(outcome)
    if (this.times !== undefined) this.times.settled(outcome, this.carrier)
    return true
  }

  #endSpan(span: OpenSpan, outcome: CallOutcome, reason: ExitReason | undefined): void {
    if (span.carrier !== undefined) this.#tally.tracedCalls[outcome] = span.carrier
    span.end(reason instanceof Crash ? reason.error.name : outcome)
  }
}

function outcomeOf(reason: ExitReason): CallOutcome {
  if (reason === 'timeout' || reason === 'noproc') return reason
  return reason === 'noconnection' ? 'nodedown' : 'error'
}

/** Calls with one and the same time-out: who came first is due first. */
class CallQueue extends Chain<PendingCall> {
  add(call: PendingCall, dueTick: number): void {
    call.queue = this
    call.dueTick = dueTick
    this.join(call)
  }

  remove(call: PendingCall): void {
    call.queue = undefined
    this.leave(call)
  }
}

/** Throws `ERR_OTP_PROCESS_BAD_DELAY` for a time-out that would be none; `Infinity` is OTP's `infinity`. */
export function checkTimeout(timeoutMs: number, what: string, name?: string): void {
  if (typeof timeoutMs === 'number' && timeoutMs >= 0 && (timeoutMs <= LONGEST_TIMEOUT_MS || timeoutMs === Number.POSITIVE_INFINITY)) return
  const expected = `0 to ${LONGEST_TIMEOUT_MS} ms, or Infinity`
  throw new CodedError(
    'ERR_OTP_PROCESS_BAD_DELAY',
    `expected a time-out of ${expected} for the ${what}${name === undefined ? '' : ` '${name}'`}, got ${timeoutMs}`,
  )
}

/**
 * Deadlines in ticks of 10 ms, never early and at most a few ticks late. Ticks pass while calls wait and the event loop
 * turns; a loop that was blocked counts as two, so that an answer that already lies there is taken before its caller is told `timeout`.
 */
export class PendingCalls {
  readonly #clock: Clock
  readonly #queues = new Map<number, CallQueue>()
  /** Calls that wait as long as it takes: nothing has to tick for them. */
  readonly #endless = new CallQueue()
  #tick = 0
  #ticking = false
  #lastTickAt = 0
  #carriedMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(call: PendingCall, timeoutMs: number): void {
    if (timeoutMs === Number.POSITIVE_INFINITY) {
      this.#endless.add(call, timeoutMs)
      return
    }
    // Three more: two that a block before the call may still count as, and one that was begun.
    const ticks = Math.ceil(timeoutMs / TICK_MS) + 3
    let queue = this.#queues.get(ticks)
    if (queue === undefined) {
      queue = new CallQueue()
      this.#queues.set(ticks, queue)
    }
    queue.add(call, this.#tick + ticks)
    if (!this.#ticking) this.#startTicking()
  }

  #startTicking(): void {
    this.#ticking = true
    this.#lastTickAt = this.#clock.now()
    this.#clock.after(TICK_MS, this.#onTick)
  }

  readonly #onTick = (): void => {
    const now = this.#clock.now()
    this.#carriedMs += Math.min(now - this.#lastTickAt, 2 * TICK_MS)
    this.#lastTickAt = now
    const passed = Math.floor(this.#carriedMs / TICK_MS)
    this.#carriedMs -= passed * TICK_MS
    this.#tick += passed
    let waiting = false
    for (const [ticks, queue] of this.#queues) {
      while (queue.first !== undefined && queue.first.dueTick <= this.#tick) queue.first.fail('timeout')
      if (queue.first === undefined) this.#queues.delete(ticks)
      else waiting = true
    }
    if (waiting) this.#clock.after(TICK_MS, this.#onTick)
    else this.#ticking = false
  }
}
