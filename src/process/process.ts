// A process: a pid, a mailbox, links and monitors, and one handler at a time.
import { CodedError, type Timer } from '#base'
import { type DownMessage, Envelope, type ExitMessage, type ReplyTo } from './envelope.ts'
import type { SpawnCause } from './events.ts'
import { Crash, ExitError, type ExitReason, exitClass } from './exit-reason.ts'
import type { Ref } from './name.ts'
import { type NodeId, Pid } from './pid.ts'
import type { Watcher } from './router.ts'
import type { BehaviourCounts, Runtime } from './runtime.ts'
import type { TraceCarrier } from './tracing.ts'
import { UnansweredCalls } from './unanswered-calls.ts'

/** What a process runs: one object shared by all processes of a behaviour; what differs is `process.state`. */
export interface Body {
  /** The behaviour's name: a label, so from a bounded set. */
  readonly name: string
  /** Its processes are supervisors: they are listed as such. */
  readonly supervises?: boolean
  /** Sets `self.state`; what it throws is the reason why the start failed. */
  init(self: Process, argument: unknown): void | Promise<void>
  receive(self: Process, envelope: Envelope): void | Promise<void>
  /** Runs before an orderly end and after a crash, as in OTP; not when the process is killed. */
  terminate?(self: Process, reason: ExitReason): void | Promise<void>
}

/** What its starter says of a new process. */
export interface Origin {
  readonly cause: SpawnCause
  /** Path of the supervisor and the child's id under it. */
  readonly supervisor?: string | undefined
  readonly child?: string | undefined
  /** The starter: linked from the beginning. An exit signal from it ends a process that traps exits, too. */
  readonly parent?: Process | undefined
}

type Status = 'starting' | 'idle' | 'ready' | 'running' | 'waiting' | 'ending' | 'dead'

/** `waiting`: an asynchronous handler is under way, and the next message has to wait for it. */
export class Process implements Watcher {
  readonly pid: Pid
  readonly runtime: Runtime
  readonly body: Body
  readonly origin: Origin
  /** Wall clock, ms. */
  readonly startedAt: number
  state: unknown = undefined
  status: Status = 'starting'
  /** Why it ended; `undefined` while it lives. */
  endedWith: ExitReason | undefined = undefined
  trapExit = false
  /** Free text for the observer, as Elixir's process label. */
  label: string | undefined
  registeredName: string | undefined
  /** The message being handled, and the trace it is handled in. */
  current: Envelope | undefined
  trace: TraceCarrier | undefined
  handled = 0
  /** Messages waiting. */
  depth = 0
  readonly #counts: BehaviourCounts
  #first: Envelope | undefined
  #last: Envelope | undefined
  #links: Set<Process> | undefined
  /** Who watches this one, by reference; and whom this one watches. */
  #watchers: Map<number, Watcher> | undefined
  #watching: Map<number, Pid> | undefined
  #unanswered: UnansweredCalls | undefined
  #timers: Set<Timer> | undefined

  constructor(runtime: Runtime, serial: number, body: Body, origin: Origin, counts: BehaviourCounts) {
    this.pid = new Pid(runtime.id, serial, this)
    this.runtime = runtime
    this.body = body
    this.origin = origin
    this.startedAt = runtime.clock.wall()
    this.#counts = counts
  }

  get node(): NodeId {
    return this.pid.node
  }

  get isAlive(): boolean {
    return this.status !== 'dead'
  }

  get linkCount(): number {
    return this.#links?.size ?? 0
  }

  /** When the oldest waiting message came in (monotonic ms), or `undefined`. */
  get oldestAt(): number | undefined {
    return this.#first?.at
  }

  // ---- the mailbox

  deliver(envelope: Envelope): void {
    if (this.status === 'dead') {
      this.runtime.deadLetter(this.pid, envelope, 'noproc')
      return
    }
    // First: a queue that wakes up looks at the clock.
    if (this.status === 'idle') this.runtime.schedule(this)
    envelope.at = this.runtime.time
    if (this.#last === undefined) this.#first = envelope
    else this.#last.next = envelope
    this.#last = envelope
    this.depth++
  }

  info(name: string, payload: unknown): void {
    this.deliver(new Envelope('info', name, payload))
  }

  #take(): Envelope | undefined {
    const envelope = this.#first
    if (envelope === undefined) return undefined
    this.#first = envelope.next
    if (this.#first === undefined) this.#last = undefined
    // An old envelope that still pointed at younger ones would keep them from the collector.
    envelope.next = undefined
    this.depth--
    return envelope
  }

  /** Called once, when `init` is through: messages that came meanwhile are handled now. */
  begin(): void {
    this.status = 'idle'
    if (this.#first !== undefined) this.runtime.schedule(this)
  }

  /** Handles up to `budget` messages and answers how many it handled. For the run queue alone. */
  run(budget: number): number {
    if (this.status !== 'ready') return 0
    let handled = 0
    while (handled < budget) {
      const envelope = this.#take()
      if (envelope === undefined) break
      handled++
      this.status = 'running'
      const pending = this.#handle(envelope)
      if (pending !== undefined) {
        this.#waitFor(pending)
        return handled
      }
      if (this.status !== 'running') return handled
    }
    if (this.#first === undefined) this.status = 'idle'
    else this.runtime.schedule(this)
    return handled
  }

  #handle(envelope: Envelope): Promise<void> | undefined {
    this.current = envelope
    this.handled++
    this.#counts.handled++
    const { tracing } = this.runtime
    try {
      const { carrier } = envelope
      const pending =
        carrier === undefined || tracing === undefined
          ? this.body.receive(this, envelope)
          : tracing.receive(carrier, envelope.kind, this.body.name, envelope.name, this.runtime.clock.now() - envelope.at, () => {
              this.trace = tracing.current()
              return this.body.receive(this, envelope)
            })
      if (pending !== undefined) return pending
      // Who is ending still owes an answer to the call it ended with.
      if (this.status === 'running') this.#handled()
    } catch (error) {
      this.stop(new Crash(error))
    }
    return undefined
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
        if (this.status === 'waiting') this.stop(new Crash(error))
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

  /** Answers a remembered caller. */
  reply(replyTo: ReplyTo, value: unknown): void {
    this.#unanswered?.delete(replyTo)
    replyTo.reply(value)
  }

  // ---- links, monitors, signals

  link(other: Process): void {
    if (other === this) return
    if (!other.isAlive) {
      this.signal(other.pid, 'noproc')
      return
    }
    this.#linkOneWay(other)
    other.#linkOneWay(this)
  }

  unlink(other: Process): void {
    this.#links?.delete(other)
    other.#links?.delete(this)
  }

  #linkOneWay(other: Process): void {
    this.#links ??= new Set()
    this.#links.add(other)
  }

  /** Starts a monitor; the info `DOWN` comes once, at once with `noproc` if there is no such process. */
  monitor(pid: Pid): number {
    const ref = this.runtime.newRef()
    if (!this.isAlive) return ref
    this.#watching ??= new Map()
    this.#watching.set(ref, pid)
    // Last: a target that is dead already, or out of reach, answers at once.
    return this.runtime.monitor(pid, this, ref)
  }

  demonitor(ref: number): void {
    const pid = this.#watching?.get(ref)
    if (pid === undefined) return
    this.#watching?.delete(ref)
    this.runtime.demonitor(ref, pid)
  }

  down(ref: number, pid: Pid, reason: ExitReason): void {
    if (this.#watching?.delete(ref)) this.info('DOWN', { ref, pid, reason } satisfies DownMessage)
  }

  watch(ref: number, watcher: Watcher): void {
    this.#watchers ??= new Map()
    this.#watchers.set(ref, watcher)
  }

  unwatch(ref: number): void {
    this.#watchers?.delete(ref)
  }

  /** An exit signal arrives. `kill` cannot be trapped; `normal` from another is ignored by who does not trap. */
  signal(from: Pid, reason: ExitReason): void {
    if (reason === 'kill') this.die('killed')
    else this.onLinkedExit(from, reason)
  }

  /** A linked process has ended. Here `kill` is a reason like any other, as in OTP: only as a signal it cannot be trapped. */
  onLinkedExit(from: Pid, reason: ExitReason): void {
    if (this.status === 'dead') return
    if (this.trapExit) this.info('EXIT', { from, reason } satisfies ExitMessage)
    else if (reason !== 'normal' || from === this.pid) this.die(reason)
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
          (error: unknown) => this.die(new Crash(error)),
        )
    } catch (error) {
      this.die(new Crash(error))
    }
  }

  /** Ends now. Every caller, link and monitor hears of it; what was queued is lost, as in OTP. */
  die(reason: ExitReason): void {
    if (this.status === 'dead') return
    const wasStarted = this.status !== 'starting'
    this.status = 'dead'
    this.endedWith = reason
    this.pid.process = undefined
    this.runtime.forget(this)
    if (wasStarted) {
      this.#counts.live--
      this.#stateExit(reason)
    } else if (this.origin.parent !== undefined) {
      // A start that failed is told by its result.
      this.unlink(this.origin.parent)
    }
    const watching = this.#watching
    this.#watching = undefined
    for (const [ref, pid] of watching ?? []) this.runtime.demonitor(ref, pid)
    for (const timer of this.#timers ?? []) timer.cancel()
    this.#failCallers(reason)
    const links = this.#links
    this.#links = undefined
    for (const other of links ?? []) {
      other.#links?.delete(this)
      this.runtime.signalLater(other, this.pid, reason)
    }
    const watchers = this.#watchers
    this.#watchers = undefined
    for (const [ref, watcher] of watchers ?? []) watcher.down(ref, this.pid, reason)
  }

  #failCallers(reason: ExitReason): void {
    this.current?.replyTo?.fail(reason)
    this.#unanswered?.fail(reason)
    for (let envelope = this.#take(); envelope !== undefined; envelope = this.#take()) envelope.replyTo?.fail(reason)
  }

  #stateExit(reason: ExitReason): void {
    const endedAt = this.runtime.clock.wall()
    this.runtime.events.emit('process.exited', {
      pid: this.pid,
      behaviour: this.body.name,
      supervisor: this.origin.supervisor,
      child: this.origin.child,
      reason,
      class: exitClass(reason),
      endedAt,
      lifetimeMs: Math.max(0, endedAt - this.startedAt),
      handled: this.handled,
      handling: this.current === undefined ? undefined : `${this.current.kind} ${this.current.name}`,
      trace: this.trace,
    })
  }

  // ---- what a behaviour's callbacks do with their process; an asynchronous one that outlives it does no more

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

  /** Sends itself the info `name` after `ms`; the answer cancels it. It ends with its process. */
  sendAfter(ms: number, name: string, payload?: unknown): () => void {
    if (!(ms >= 0)) {
      throw new CodedError('ERR_OTP_PROCESS_BAD_DELAY', `expected a delay of 0 ms or more for the info '${name}', got ${ms}`)
    }
    if (!this.isAlive) return () => undefined
    const timer = this.runtime.clock.after(ms, () => {
      this.#timers?.delete(timer)
      this.info(name, payload)
    })
    this.#timers ??= new Set()
    this.#timers.add(timer)
    return () => {
      timer.cancel()
      this.#timers?.delete(timer)
    }
  }
}
