// The processes of one node: starting them, finding them, and carrying signals between them.
import type { Clock, Emitter } from '#base'
import { Envelope, type MessageKind, type ReplyTo } from './envelope.ts'
import type { ProcessEvents } from './events.ts'
import { Crash, type ExitReason } from './exit-reason.ts'
import { Name, NodeRef, type Ref, type Target } from './name.ts'
import { type CallCounts, type CallOutcome, PendingCall, PendingCalls } from './pending-calls.ts'
import { type NodeId, Pid } from './pid.ts'
import { type Body, type Origin, Process } from './process.ts'
import { noRouter, type Router, type Watcher } from './router.ts'
import { RunQueue } from './run-queue.ts'
import type { TraceCarrier, Tracing } from './tracing.ts'

/** Plain integers a behaviour, read at scrape: live processes, messages handled, calls by outcome (the caller's side). */
export interface BehaviourCounts {
  live: number
  handled: number
  readonly calls: CallCounts
}

/** How a start ended. `already_started`: the local name is taken by `pid`. */
export type StartResult =
  | { readonly ok: true; readonly pid: Pid }
  | { readonly ok: false; readonly reason: 'already_started'; readonly pid: Pid }
  | { readonly ok: false; readonly reason: ExitReason; readonly pid?: undefined }

export interface SpawnOptions extends Origin {
  /** Registers the process under a name of this node before `init` runs. */
  readonly name?: string | undefined
}

/** A call's facts, for who measures durations; counts come from `BehaviourCounts`. */
export type CallMeasured = (locality: 'local' | 'remote', durationMs: number, outcome: CallOutcome) => void

export interface RuntimeOptions {
  readonly id: NodeId
  readonly clock: Clock
  readonly events: Emitter<ProcessEvents>
  readonly tracing?: Tracing | undefined
}

interface LinkSignal {
  readonly to: Process
  readonly from: Pid
  readonly reason: ExitReason
}

/** OTP's default deadline of a call. */
export const DEFAULT_CALL_TIMEOUT_MS = 5000
/** One local call in this many is timed: reading the clock twice would cost a third of a local call. */
const LOCAL_CALL_SAMPLE = 64

export class Runtime {
  readonly id: NodeId
  readonly clock: Clock
  readonly events: Emitter<ProcessEvents>
  readonly tracing: Tracing | undefined
  router: Router = noRouter
  /** Finds the owner of a name of the cluster; alone, a node knows none. */
  via: (key: string) => Pid | undefined = () => undefined
  onCallMeasured: CallMeasured | undefined
  /** Processes with an asynchronous handler under way. */
  readonly waiting = new Set<Process>()
  readonly supervisors = new Set<Process>()
  readonly #processes = new Map<number, Process>()
  readonly #names = new Map<string, Process>()
  readonly #counts = new Map<string, BehaviourCounts>()
  readonly #runQueue: RunQueue
  readonly #calls: PendingCalls
  #lastSerial = 0
  #lastRef = 0
  #unmeasured = 0
  #signals: LinkSignal[] = []
  #signalling = false

  constructor(options: RuntimeOptions) {
    this.id = options.id
    this.clock = options.clock
    this.events = options.events
    this.tracing = options.tracing
    this.#runQueue = new RunQueue(options.clock, options.tracing)
    this.#calls = new PendingCalls(options.clock)
  }

  // ---- starting and finding

  /** Starts a process and runs its `init`; the answer comes at once unless `init` is asynchronous. */
  spawn(body: Body, argument: unknown, options: SpawnOptions): StartResult | Promise<StartResult> {
    const startedMono = this.clock.now()
    const { name } = options
    const holder = name === undefined ? undefined : this.#names.get(name)
    const process = new Process(this, ++this.#lastSerial, body, options, this.counts(body.name))
    if (holder !== undefined) return this.#failed(process, 'already_started', startedMono, holder.pid)
    this.#processes.set(process.pid.serial, process)
    if (name !== undefined) this.register(name, process)
    if (options.parent !== undefined) process.link(options.parent)
    if (process.endedWith !== undefined) return this.#failed(process, process.endedWith, startedMono)
    try {
      const pending = body.init(process, argument)
      return pending === undefined ? this.#started(process, startedMono) : this.#whenReady(process, pending, startedMono)
    } catch (error) {
      return this.#failed(process, reasonOf(error), startedMono)
    }
  }

  /** The start is over when `init` is through, or as soon as the process has been ended, though its `init` may go on. */
  #whenReady(process: Process, init: Promise<void>, startedMono: number): Promise<StartResult> {
    return new Promise((resolve) => {
      const ref = this.monitor(process.pid, { down: (_ref, _pid, reason) => resolve(this.#failed(process, reason, startedMono)) })
      const settle = (finish: () => StartResult) => {
        if (!process.isAlive) return
        process.unwatch(ref)
        resolve(finish())
      }
      init.then(
        () => settle(() => this.#started(process, startedMono)),
        (error: unknown) => settle(() => this.#failed(process, reasonOf(error), startedMono)),
      )
    })
  }

  #started(process: Process, startedMono: number): StartResult {
    if (process.endedWith !== undefined) return this.#failed(process, process.endedWith, startedMono)
    const { origin, body, pid } = process
    this.counts(body.name).live++
    if (body.supervises) this.supervisors.add(process)
    process.begin()
    this.events.emit('process.spawned', {
      pid,
      behaviour: body.name,
      supervisor: origin.supervisor,
      child: origin.child,
      cause: origin.cause,
      startedAt: process.startedAt,
      durationMs: this.clock.now() - startedMono,
      trace: this.tracing?.current(),
    })
    return { ok: true, pid }
  }

  #failed(process: Process, reason: ExitReason, startedMono: number, holder?: Pid): StartResult {
    const { origin, body } = process
    process.die(reason)
    this.events.emit('process.spawn_failed', {
      behaviour: body.name,
      supervisor: origin.supervisor,
      child: origin.child,
      cause: origin.cause,
      class: holder !== undefined ? 'already_started' : reason === 'timeout' ? 'timeout' : 'error',
      reason,
      startedAt: process.startedAt,
      durationMs: this.clock.now() - startedMono,
    })
    return holder === undefined ? { ok: false, reason } : { ok: false, reason: 'already_started', pid: holder }
  }

  lookup(to: Target): Process | undefined {
    if (to.node !== this.id) return undefined
    if (to instanceof NodeRef) return this.#names.get(to.name)
    return to.process ?? this.#processes.get(to.serial)
  }

  register(name: string, process: Process): void {
    process.registeredName = name
    this.#names.set(name, process)
  }

  whereis(name: string): Pid | undefined {
    return this.#names.get(name)?.pid
  }

  /** Every live process. */
  processes(): IterableIterator<Process> {
    return this.#processes.values()
  }

  get processCount(): number {
    return this.#processes.size
  }

  counts(behaviour: string): BehaviourCounts {
    let counts = this.#counts.get(behaviour)
    if (counts === undefined) {
      counts = { live: 0, handled: 0, calls: { ok: 0, error: 0, timeout: 0, noproc: 0, nodedown: 0 } }
      this.#counts.set(behaviour, counts)
    }
    return counts
  }

  allCounts(): ReadonlyMap<string, BehaviourCounts> {
    return this.#counts
  }

  /** Processes whose mailbox may hold something: only these are walked when somebody looks. */
  *backlogged(): Generator<Process> {
    yield* this.#runQueue.ready
    yield* this.waiting
  }

  // ---- messages

  /** Where a reference leads right now, if anywhere. */
  resolve(ref: Ref): Target | undefined {
    if (ref instanceof Pid || ref instanceof NodeRef) return ref
    return typeof ref === 'string' ? this.whereis(ref) : this.via(ref.key)
  }

  /** Sends and forgets; what reaches nobody is a dead letter. */
  send(ref: Ref, kind: Exclude<MessageKind, 'call'>, name: string, payload: unknown): void {
    const to = this.resolve(ref)
    const process = to === undefined ? undefined : this.lookup(to)
    const span = this.tracing?.send(kind, labelOf(ref, process), name)
    const envelope = new Envelope(kind, name, payload, undefined, span?.carrier)
    if (process !== undefined) process.deliver(envelope)
    else if (to === undefined || to.node === this.id) this.deadLetter(ref, envelope, 'noproc')
    else this.router.deliver(to, envelope, 0)
    span?.end('ok')
  }

  /** Calls and waits for the answer, at most `timeoutMs`. Rejects with `ExitError`. */
  call(ref: Ref, name: string, payload: unknown, timeoutMs = DEFAULT_CALL_TIMEOUT_MS): Promise<unknown> {
    const to = this.resolve(ref)
    const process = to === undefined ? undefined : this.lookup(to)
    const label = labelOf(ref, process)
    const span = this.tracing?.send('call', label, name)
    const locality = to === undefined || to.node === this.id ? 'local' : 'remote'
    const call = new PendingCall(name, this.counts(label).calls, span, this.#measure(locality))
    this.#calls.add(call, timeoutMs)
    const envelope = new Envelope('call', name, payload, call, span?.carrier)
    if (process !== undefined) process.deliver(envelope)
    else if (to === undefined || locality === 'local') this.deadLetter(ref, envelope, 'noproc')
    else this.router.deliver(to, envelope, timeoutMs)
    return call.promise
  }

  #measure(locality: 'local' | 'remote'): ((outcome: CallOutcome) => void) | undefined {
    const { onCallMeasured } = this
    if (onCallMeasured === undefined) return undefined
    if (locality === 'local' && ++this.#unmeasured < LOCAL_CALL_SAMPLE) return undefined
    if (locality === 'local') this.#unmeasured = 0
    const startedAt = this.clock.now()
    return (outcome) => onCallMeasured(locality, this.clock.now() - startedAt, outcome)
  }

  /** A message from another node arrives; a call whose callee is not here fails with `noproc`. */
  arrive(to: Target, kind: MessageKind, name: string, payload: unknown, replyTo?: ReplyTo, carrier?: TraceCarrier): void {
    const envelope = new Envelope(kind, name, payload, replyTo, carrier)
    const process = this.lookup(to)
    if (process === undefined) this.deadLetter(to, envelope, 'noproc')
    else process.deliver(envelope)
  }

  deadLetter(to: Ref, envelope: Envelope, reason: 'noproc' | 'noconnection' | 'unhandled'): void {
    envelope.replyTo?.fail(reason === 'noconnection' ? reason : 'noproc')
    this.events.emit('process.dead_letter', { to: to.toString(), message: `${envelope.kind} ${envelope.name}`, reason })
  }

  // ---- signals

  /** Sends an exit signal, as OTP's `exit/2`. */
  exit(from: Pid, to: Pid, reason: ExitReason): void {
    if (to.node !== this.id) this.router.exit(to, reason)
    else this.lookup(to)?.signal(from, reason)
  }

  /** A reference that no other monitor of this node has. */
  newRef(): number {
    return ++this.#lastRef
  }

  monitor(pid: Pid, watcher: Watcher, ref = this.newRef()): number {
    if (pid.node !== this.id) this.router.monitor(ref, pid, watcher)
    else {
      const process = this.lookup(pid)
      if (process === undefined) watcher.down(ref, pid, 'noproc')
      else process.watch(ref, watcher)
    }
    return ref
  }

  demonitor(ref: number, pid: Pid): void {
    if (pid.node !== this.id) this.router.demonitor(ref, pid)
    else this.lookup(pid)?.unwatch(ref)
  }

  /** Exit signals along links go through a list, not the stack: a chain of any length may fall. */
  signalLater(to: Process, from: Pid, reason: ExitReason): void {
    this.#signals.push({ to, from, reason })
    if (this.#signalling) return
    this.#signalling = true
    // It grows while it is gone through; to take from its front would move all the rest each time.
    for (let i = 0; i < this.#signals.length; i++) {
      const { to, from, reason } = this.#signals[i] as LinkSignal
      to.onLinkedExit(from, reason)
    }
    this.#signals = []
    this.#signalling = false
  }

  // ---- for processes

  schedule(process: Process): void {
    this.#runQueue.add(process)
  }

  get time(): number {
    return this.#runQueue.time
  }

  forget(process: Process): void {
    if (!this.#processes.delete(process.pid.serial)) return
    this.waiting.delete(process)
    if (process.body.supervises) this.supervisors.delete(process)
    if (process.registeredName !== undefined) this.#names.delete(process.registeredName)
  }
}

function labelOf(ref: Ref, process: Process | undefined): string {
  if (process !== undefined) return process.body.name
  return ref instanceof Name || ref instanceof NodeRef ? ref.behaviourName : 'unknown'
}

function reasonOf(thrown: unknown): ExitReason {
  return thrown instanceof StartRefused ? thrown.reason : new Crash(thrown)
}

/** Thrown by a behaviour's `init` to refuse the start for a reason of its own. */
export class StartRefused extends Error {
  readonly reason: ExitReason

  constructor(reason: ExitReason) {
    super('the start was refused')
    this.reason = reason
  }
}
