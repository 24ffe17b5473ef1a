// A process: a pid, a mailbox, and one handler at a time.
import type { BehaviourCounts } from './behaviour-counts.ts'
import type { Body, Origin } from './body.ts'
import { Envelope, type MessageKind, type ReplyTo } from './envelope.ts'
import { exitFact } from './exit-fact.ts'
import { ExitError, type ExitReason } from './exit-reason.ts'
import { elapsedMs, FlightRecord, type RecordedMessage } from './flight-record.ts'
import { IdleTimeout } from './idle-timeout.ts'
import { Mailbox, type Overflow } from './mailbox.ts'
import { isTimed, timeMessage } from './message-times.ts'
import type { Ref } from './name.ts'
import { Pid } from './pid.ts'
import { checkDelay, ProcessTimer, type TimedInfo } from './process-timer.ts'
import { LOOK_EVERY } from './run-queue.ts'
import type { Runtime } from './runtime.ts'
import { handleSystem, passesSuspension, runSuspended, type SystemState } from './system-messages.ts'
import { refuseUntenured, type Tenure } from './tenure.ts'
import { reasonOf } from './thrown.ts'
import { Ties } from './ties.ts'
import type { TraceCarrier, Tracing } from './tracing.ts'
import { UnansweredCalls } from './unanswered-calls.ts'

type Status = 'starting' | 'idle' | 'ready' | 'running' | 'waiting' | 'suspended' | 'ending' | 'dead'

/** `waiting`: an asynchronous handler is under way, and the next message has to wait for it. `suspended`: by `sys`. */
export class Process extends Ties {
  readonly pid: Pid
  readonly runtime: Runtime
  readonly body: Body
  readonly origin: Origin
  readonly #tenure: Tenure | undefined
  /** When its start began, on the monotonic clock; to the resolution of one drain unless somebody hears of starts. */
  readonly startedMono: number
  state: unknown = undefined
  status: Status = 'starting'
  /** Why it ended; `undefined` while it lives. */
  endedWith: ExitReason | undefined = undefined
  /** Free text for the observer, as Elixir's process label. */
  label: string | undefined
  registeredName: string | undefined
  /** The message being handled, and the trace it is handled in. */
  current: Envelope | undefined
  trace: TraceCarrier | undefined
  handled = 0
  sys: SystemState | undefined
  idleTimeout: IdleTimeout | undefined
  /** What its behaviour counts. */
  readonly counts: BehaviourCounts
  /** Who runs after it, while it is ready. */
  nextReady: Process | undefined
  // What most processes never need is made when it is needed: an idle process is small.
  #mailbox: Mailbox | undefined
  #flight: FlightRecord | undefined
  #unanswered: UnansweredCalls | undefined
  #timers: Set<ProcessTimer> | undefined

  constructor(runtime: Runtime, serial: number, body: Body, origin: Origin, counts: BehaviourCounts, startedMono: number) {
    super()
    this.pid = new Pid(runtime.id, serial, this)
    this.runtime = runtime
    this.body = body
    this.origin = origin
    this.#tenure = origin.tenure
    this.counts = counts
    this.startedMono = startedMono
  }

  get isAlive(): boolean {
    return this.status !== 'dead'
  }

  get fencingToken(): number | undefined {
    return this.#tenure?.token
  }

  /** It is in `terminate`, or through with it. */
  get isEnding(): boolean {
    return this.status === 'ending' || this.status === 'dead'
  }

  /** Messages waiting. */
  get depth(): number {
    return this.#mailbox?.depth ?? 0
  }

  /** How long the oldest waiting message has waited; 0 while there is none. */
  get oldestMs(): number {
    const oldest = this.#mailbox?.first
    return oldest === undefined ? 0 : elapsedMs(this.runtime.clock.now() | 0, oldest.atMs)
  }

  /** How long the message under way has been handled, to the resolution of one drain; 0 while there is none. */
  get handlingMs(): number {
    return this.current === undefined || this.#flight === undefined ? 0 : elapsedMs(this.runtime.clock.now() | 0, this.#flight.lastMs)
  }

  /** The last messages it took up, oldest first. */
  flight(): RecordedMessage[] | undefined {
    return this.#flight?.read(this.runtime.clock.now() | 0)
  }

  /** The next `most` messages that wait. */
  waiting(most: number): readonly Envelope[] {
    return this.#mailbox?.waiting(most) ?? []
  }

  // ---- the mailbox

  /** `isTraced`: whether a trace runs now, for who has looked; undefined where nobody has. */
  deliver(envelope: Envelope, isTraced?: boolean): void {
    if (this.status === 'dead') {
      this.runtime.deadLetter(this.pid, envelope, 'noproc')
      return
    }
    // First: a queue that wakes up looks at the clock.
    if (this.status === 'idle' || (this.status === 'suspended' && passesSuspension(this, envelope))) this.runtime.schedule(this, isTraced)
    envelope.atMs = this.runtime.timeMs
    this.#mailbox ??= new Mailbox()
    const refused = this.#mailbox.offer(envelope, this.body.mailbox)
    if (refused !== undefined) this.#refuse(refused, this.body.mailbox?.overflow ?? 'reject')
    if (isTimed(this.counts, envelope.atMs)) timeMessage(this, envelope)
  }

  #refuse(envelope: Envelope, overflow: Overflow): void {
    this.counts.dropped[overflow]++
    if (envelope.replyTo !== undefined) envelope.replyTo.fail('overloaded')
    else if (overflow === 'reject') this.runtime.deadLetter(this.pid, envelope, 'overloaded')
  }

  /** Puts a message before all that wait. For a behaviour's callbacks: a process that is idle would not see it. */
  deliverFirst(envelope: Envelope): void {
    envelope.atMs = this.runtime.timeMs
    this.#mailbox ??= new Mailbox()
    this.#mailbox.pushFirst(envelope)
  }

  takeFirst(is: (envelope: Envelope) => boolean): Envelope | undefined {
    return this.#mailbox?.takeFirst(is)
  }

  /** Sends itself the info `timeout` unless a message comes within `ms`. */
  startIdleTimeout(ms: number): void {
    this.idleTimeout = new IdleTimeout(this, ms)
  }

  endIdleTimeout(): void {
    this.idleTimeout?.cancel()
    this.idleTimeout = undefined
  }

  info(name: string, payload: unknown): void {
    this.deliver(new Envelope('info', name, payload))
  }

  /** Called once, when `init` is through: messages that came meanwhile are handled now. */
  begin(): void {
    this.status = 'idle'
    if (this.#mailbox?.first !== undefined) this.runtime.schedule(this)
  }

  /** Handles up to `budget` messages and answers how many it handled. For the run queue alone. */
  run(budget: number): number {
    if (this.status !== 'ready') return 0
    if (this.sys?.isSuspended === true) return runSuspended(this)
    let handled = 0
    while (handled < budget) {
      const envelope = this.#mailbox?.take()
      if (envelope === undefined) break
      handled++
      this.status = 'running'
      if (envelope.kind === 'system') {
        const isSuspended = handleSystem(this, envelope)
        if (this.status !== 'running') return handled
        if (!isSuspended) continue
        // Another run takes what passes of what waits already.
        this.runtime.schedule(this)
        return handled
      }
      if (this.#tenure?.mayHandle() === false && refuseUntenured(this, envelope)) continue
      const pending = this.#handle(envelope)
      if (pending !== undefined) {
        this.#waitFor(pending)
        return handled
      }
      if (this.status !== 'running') return handled
      if (handled % LOOK_EVERY === 0 && this.runtime.isTurnOver()) break
    }
    if (this.#mailbox?.first === undefined) this.status = 'idle'
    else this.runtime.schedule(this)
    return handled
  }

  #handle(envelope: Envelope): Promise<void> | undefined {
    this.current = envelope
    this.#flight ??= new FlightRecord()
    this.#flight.note(envelope, this.runtime.timeMs)
    this.handled++
    this.counts.handled++
    envelope.times?.taken()
    this.counts.watch?.(this, envelope)
    try {
      const { carrier } = envelope
      const { tracing } = this.runtime
      const isTraced = carrier !== undefined && tracing !== undefined
      const pending = isTraced ? this.#receiveTraced(tracing, carrier, envelope) : this.body.receive(this, envelope)
      if (pending !== undefined) return pending
      // Who is ending still owes an answer to the call it ended with.
      if (this.status === 'running') this.#handled()
    } catch (error) {
      this.stop(reasonOf(error))
    }
    return undefined
  }

  #receiveTraced(tracing: Tracing, carrier: TraceCarrier, envelope: Envelope): void | Promise<void> {
    const { kind, name, atMs } = envelope
    const receive = () => {
      this.trace = tracing.current()
      return this.body.receive(this, envelope)
    }
    // What a behaviour told itself goes on in the trace of the message that led to it.
    if (kind === 'internal') return tracing.resume(carrier, receive)
    const waitMs = elapsedMs(this.runtime.clock.now() | 0, atMs)
    return tracing.receive(carrier, kind as MessageKind, this.body.name, name, waitMs, receive)
  }

  #waitFor(pending: Promise<void>): void {
    // What it did before its first `await` may have ended it; how the rest settles is then heard and ignored.
    if (this.status === 'running') {
      this.status = 'waiting'
      this.runtime.waiting.add(this)
    }
    pending.then(
      () => this.#resume(),
      (error: unknown) => {
        if (this.status === 'waiting') this.stop(reasonOf(error))
      },
    )
  }

  #resume(): void {
    if (this.status !== 'waiting') return
    this.runtime.waiting.delete(this)
    this.#handled()
    this.begin()
  }

  #handled(): void {
    this.current?.times?.handled(this)
    this.current = undefined
    this.trace = undefined
  }

  // ---- calls that are answered later

  get from(): ReplyTo | undefined {
    return this.current?.replyTo
  }

  /** Remembers a caller whose answer comes later, so that the end of this process reaches it. */
  owe(replyTo: ReplyTo): void {
    this.#unanswered ??= new UnansweredCalls()
    this.#unanswered.add(replyTo)
  }

  /** Forgets a caller that somebody else answers. */
  disown(replyTo: ReplyTo): void {
    this.#unanswered?.delete(replyTo)
  }

  /** Answers a remembered caller. */
  reply(replyTo: ReplyTo, value: unknown): void {
    this.#unanswered?.delete(replyTo)
    if (this.sys !== undefined) this.sys.countOut()
    replyTo.reply(value)
  }

  // ---- the end

  /** Ends with `reason` after `terminate` has run. */
  stop(reason: ExitReason): void {
    if (this.status === 'ending' || this.status === 'dead') return
    const { terminate } = this.body
    // Whose `init` is not through has nothing to clean up.
    if (terminate === undefined || this.status === 'starting') {
      this.die(reason)
      return
    }
    this.status = 'ending'
    try {
      const pending = terminate.call(this.body, this, reason)
      if (pending === undefined) this.die(reason)
      else
        pending.then(
          () => this.die(reason),
          (error: unknown) => this.die(reasonOf(error)),
        )
    } catch (error) {
      this.die(reasonOf(error))
    }
  }

  /** Ends now. Every caller, link and monitor hears of it; what was queued is lost, as in OTP. */
  die(reason: ExitReason): void {
    if (this.status === 'dead') return
    const wasStarted = this.status !== 'starting'
    this.status = 'dead'
    this.endedWith = reason
    this.current?.times?.handled(this)
    this.pid.process = undefined
    this.runtime.forget(this)
    if (wasStarted) {
      this.counts.live--
      if (this.runtime.events.wants('process.exited')) this.#stateExit(reason)
    } else if (this.origin.parent !== undefined) {
      // A start that failed is told by its result.
      this.unlink(this.origin.parent)
    }
    for (const timer of this.#timers ?? []) timer.cancel()
    this.endIdleTimeout()
    this.#failCallers(reason)
    this.breakTies(reason)
  }

  #stateExit(reason: ExitReason): void {
    this.runtime.events.emit(
      'process.exited',
      exitFact(this, reason, () => this.flight()),
    )
  }

  #failCallers(reason: ExitReason): void {
    this.current?.replyTo?.fail(reason)
    this.#unanswered?.fail(reason)
    for (let envelope = this.#mailbox?.take(); envelope !== undefined; envelope = this.#mailbox?.take()) envelope.replyTo?.fail(reason)
  }

  // ---- what a behaviour's callbacks do with their process; an asynchronous one that outlives it does no more

  /** Takes a name of this node for itself: `ERR_OTP_PROCESS_BAD_NAME` if somebody has it, or this process has another or has ended. */
  register(name: string): void {
    this.runtime.names.register(name, this)
  }

  /** Gives its name of this node back; throws as `register` if it has none. */
  unregister(): void {
    this.runtime.names.unregister(this.registeredName ?? '')
  }

  send(to: Ref, name: string, payload?: unknown): void {
    if (this.isAlive) this.runtime.send(to, 'info', name, payload)
  }

  cast(to: Ref, name: string, payload?: unknown): void {
    if (this.isAlive) this.runtime.send(to, 'cast', name, payload)
  }

  /** Rejects with the reason of its own end if this process is no more. */
  call(to: Ref, name: string, payload?: unknown, options?: { timeoutMs?: number }): Promise<unknown> {
    if (this.endedWith !== undefined)
      return Promise.reject(new ExitError(this.endedWith, `call '${name}' was not made: its caller has ended`))
    return this.runtime.call(to, name, payload, options?.timeoutMs)
  }

  /** Sends itself the info `name` after `ms`. The timer ends with its process. */
  sendAfter(ms: number, name: string, payload?: unknown): ProcessTimer {
    return this.#timer(ms, undefined, name, () => this.info(name, payload), { name, payload })
  }

  /** As `sendAfter`, for what is no info: a behaviour's own time-outs. */
  deliverAfter(ms: number, envelope: Envelope): ProcessTimer {
    return this.#timer(ms, undefined, envelope.name, () => this.deliver(envelope))
  }

  /** Sends itself the info `name` every `ms`, for the first time after `firstMs`. */
  sendInterval(ms: number, name: string, payload?: unknown, firstMs = ms): ProcessTimer {
    return this.#timer(firstMs, ms, name, () => this.info(name, payload), { name, payload })
  }

  /** Those that have not fired for the last time. */
  get timers(): ReadonlySet<ProcessTimer> {
    return this.#timers ?? new Set()
  }

  #timer(ms: number, everyMs: number | undefined, name: string, send: () => void, info?: Omit<TimedInfo, 'everyMs'>): ProcessTimer {
    checkDelay(everyMs ?? ms, everyMs !== undefined, name)
    this.#timers ??= new Set()
    const timer = new ProcessTimer(this.runtime.clock, this.#timers, ms, everyMs, send, info)
    if (!this.isAlive) timer.cancel()
    return timer
  }
}
