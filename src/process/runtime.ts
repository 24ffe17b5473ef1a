// The processes of one node: starting them, finding them, and carrying signals between them.
import { type Clock, CodedError, type Emitter } from '#base'
import { Aliases } from './aliases.ts'
import { type BehaviourCounts, noCounts } from './behaviour-counts.ts'
import type { Body, Origin } from './body.ts'
import { Envelope, type MessageKind } from './envelope.ts'
import type { ProcessEvents } from './events.ts'
import type { ExitReason } from './exit-reason.ts'
import { type Linked, LinkSignals } from './links.ts'
import { LocalNames } from './local-names.ts'
import { type CallMeasured, type MessageMeasured, measureRemote } from './message-times.ts'
import { Name, NodeRef, type Ref, type Target, Via, type ViaName } from './name.ts'
import { checkTimeout, noCalls, PendingCall, PendingCalls } from './pending-calls.ts'
import { type NodeId, Pid } from './pid.ts'
import { Process } from './process.ts'
import { type ProcessBlock, ProcessTable } from './process-table.ts'
import { noRouter, type Router, type Watcher } from './router.ts'
import { RunQueue } from './run-queue.ts'
import { TENURE_OVER } from './tenure.ts'
import { reasonOf, StartIgnored } from './thrown.ts'
import type { Tracing } from './tracing.ts'

/** How a start ended. `already_started`: the local name is taken by `pid`. */
export type StartResult =
  | { readonly ok: true; readonly pid: Pid }
  | { readonly ok: false; readonly reason: 'already_started'; readonly pid: Pid }
  /** Its `init` wanted no process: no failure. */
  | { readonly ok: false; readonly reason: 'ignore'; readonly pid?: undefined }
  | { readonly ok: false; readonly reason: ExitReason; readonly pid?: undefined }

export interface SpawnOptions extends Origin {
  /** Registers the process under a name of this node, or of a registry of this node, before `init` runs. */
  readonly name?: string | ViaName | undefined
  /** How long `init` may take: past it the process is killed, and its start has failed with `timeout`. Default: as long as it takes. */
  readonly startTimeoutMs?: number | undefined
}

export interface RuntimeOptions {
  readonly id: NodeId
  readonly clock: Clock
  readonly events: Emitter<ProcessEvents>
  readonly tracing?: Tracing | undefined
}

/** OTP's default deadline of a call. */
export const DEFAULT_CALL_TIMEOUT_MS = 5000

export class Runtime {
  readonly id: NodeId
  readonly clock: Clock
  readonly events: Emitter<ProcessEvents>
  readonly tracing: Tracing | undefined
  router: Router = noRouter
  /** Finds the owner of a name of the cluster; alone, a node knows none. */
  via: (key: string) => Pid | undefined = () => undefined
  /** Set while names are on the move: whether it keeps a message back, to `dispatch` it when those before it have arrived. */
  detour: ((ref: Ref, envelope: Envelope) => boolean) | undefined
  /** Whether a message that was passed on comes too late: by who sent it, and to which process. */
  isLate: ((sender: NodeId, first: Pid) => boolean) | undefined
  onCallMeasured: CallMeasured | undefined
  onMessageMeasured: MessageMeasured | undefined
  /** Processes with an asynchronous handler under way. */
  readonly waiting = new Set<Process>()
  readonly supervisors = new Set<Process>()
  /** Names of this node. */
  readonly names = new LocalNames()
  readonly aliases: Aliases
  readonly #processes = new ProcessTable()
  readonly #counts = new Map<string, BehaviourCounts>()
  readonly #runQueue: RunQueue
  readonly #calls: PendingCalls
  /** What `sys` asks is no call of a behaviour's. */
  readonly #systemCalls = noCalls()
  #lastSerial = 0
  #lastRef = 0
  readonly #linkSignals = new LinkSignals()

  constructor(options: RuntimeOptions) {
    this.id = options.id
    this.aliases = new Aliases(options.id)
    this.clock = options.clock
    this.events = options.events
    this.tracing = options.tracing
    this.#runQueue = new RunQueue(options.clock, options.tracing)
    this.#calls = new PendingCalls(options.clock)
  }

  // ---- starting and finding

  /** Starts a process and runs its `init`; the answer comes at once unless `init` is asynchronous. */
  spawn(body: Body, argument: unknown, options: SpawnOptions): StartResult | Promise<StartResult> {
    const { name } = options
    if (body.traceable === false) this.tracing?.leaveOut(body.name)
    const holder = typeof name === 'object' ? name.whereis() : name === undefined ? undefined : this.names.get(name)?.pid
    const process = new Process(this, ++this.#lastSerial, body, options, this.counts(body.name), this.#startTime())
    if (holder !== undefined) return this.#failed(process, 'already_started', holder)
    if (options.tenure?.mayHandle() === false) return this.#failed(process, TENURE_OVER)
    this.#processes.add(process)
    if (typeof name === 'object') name.register(process.pid)
    else if (name !== undefined) this.names.register(name, process)
    if (options.parent !== undefined) process.linkToStarter(options.parent)
    if (process.endedWith !== undefined) return this.#failed(process, process.endedWith)
    try {
      const pending = body.init(process, argument)
      return pending === undefined ? this.#started(process) : this.#whenReady(process, pending, options.startTimeoutMs)
    } catch (error) {
      return this.#refused(process, error)
    }
  }

  /** The start is over when `init` is through, or as soon as the process has been ended, though its `init` may go on. */
  #whenReady(process: Process, init: Promise<void>, timeoutMs: number | undefined): Promise<StartResult> {
    return new Promise((resolve) => {
      const settle = (finish: () => StartResult) => {
        if (!process.isAlive) return
        timer?.cancel()
        process.unwatch(ref)
        resolve(finish())
      }
      const onTimeout = () =>
        settle(() => {
          process.die('killed')
          return this.#failed(process, 'timeout')
        })
      const timer = timeoutMs === undefined ? undefined : this.clock.after(timeoutMs, onTimeout)
      const down = (_ref: number, _target: Target, reason: ExitReason) => {
        timer?.cancel()
        resolve(this.#failed(process, reason))
      }
      const ref = this.monitor(process.pid, { down })
      init.then(
        () => settle(() => this.#started(process)),
        (error: unknown) => settle(() => this.#refused(process, error)),
      )
    })
  }

  /** Exact for who measures starts. For nobody the clock is not read, which would cost a tenth of a start, and the milliseconds are whole: no object. */
  #startTime(): number {
    return this.events.wants('process.spawned') || this.events.wants('process.spawn_failed') ? this.clock.now() : Math.floor(this.time)
  }

  #refused(process: Process, thrown: unknown): StartResult {
    if (!(thrown instanceof StartIgnored)) return this.#failed(process, reasonOf(thrown))
    process.die('normal')
    const { supervisor, child, cause } = process.origin
    this.events.emit('process.start_ignored', { behaviour: process.body.name, supervisor, child, cause, at: this.clock.wall() })
    return { ok: false, reason: 'ignore' }
  }

  #started(process: Process): StartResult {
    if (process.endedWith !== undefined) return this.#failed(process, process.endedWith)
    const { origin, body, pid } = process
    process.counts.live++
    if (body.supervises) this.supervisors.add(process)
    process.begin()
    if (!this.events.wants('process.spawned')) return { ok: true, pid }
    const durationMs = this.clock.now() - process.startedMono
    this.events.emit('process.spawned', {
      pid,
      behaviour: body.name,
      supervisor: origin.supervisor,
      child: origin.child,
      cause: origin.cause,
      startedAt: this.clock.wall() - Math.round(durationMs),
      durationMs,
      trace: this.tracing?.current(),
    })
    return { ok: true, pid }
  }

  #failed(process: Process, reason: ExitReason, holder?: Pid): StartResult {
    const { origin, body } = process
    process.die(reason)
    const durationMs = this.clock.now() - process.startedMono
    this.events.emit('process.spawn_failed', {
      behaviour: body.name,
      supervisor: origin.supervisor,
      child: origin.child,
      cause: origin.cause,
      class: holder !== undefined ? 'already_started' : reason === 'timeout' ? 'timeout' : 'error',
      reason,
      startedAt: this.clock.wall() - Math.round(durationMs),
      durationMs,
    })
    return holder === undefined ? { ok: false, reason } : { ok: false, reason: 'already_started', pid: holder }
  }

  lookup(to: Target): Process | undefined {
    if (to.node !== this.id) return undefined
    if (to instanceof NodeRef) return this.names.get(to.name)
    return to.process ?? this.#processes.get(to.serial)
  }

  whereis(name: string): Pid | undefined {
    return this.names.get(name)?.pid
  }

  /** Every live process. */
  processes(): IterableIterator<Process> {
    return this.#processes.values()
  }

  /** Every live process, for long walks: some tens at a time, in the order in which they were started. */
  processBlocks(): IterableIterator<ProcessBlock> {
    return this.#processes.blocks()
  }

  get processCount(): number {
    return this.#processes.size
  }

  counts(behaviour: string): BehaviourCounts {
    let counts = this.#counts.get(behaviour)
    if (counts === undefined) {
      counts = noCounts()
      this.#counts.set(behaviour, counts)
    }
    return counts
  }

  allCounts(): ReadonlyMap<string, BehaviourCounts> {
    return this.#counts
  }

  /**
   * Processes whose mailbox may hold something: only these are walked when somebody looks. Who takes a while over it may see one of those that wait
   * twice, and miss another, if they go on meanwhile.
   */
  *backlogged(): Generator<Process> {
    yield* this.#runQueue.ready()
    yield* this.waiting.values().take(this.waiting.size)
  }

  // ---- messages

  /** Where a reference leads right now, if anywhere. */
  resolve(ref: Ref): Target | undefined {
    if (ref instanceof Pid) return this.aliases.follow(ref)
    if (ref instanceof NodeRef) return ref
    if (ref instanceof Via) return ref.whereis()
    return typeof ref === 'string' ? this.whereis(ref) : this.via(ref.key)
  }

  /** Sends and forgets; what reaches nobody is a dead letter. */
  send(ref: Ref, kind: Exclude<MessageKind, 'call'>, name: string, payload: unknown): void {
    const to = this.resolve(ref)
    const process = to === undefined ? undefined : this.lookup(to)
    const isTraced = this.tracing?.isTraced() === true
    const span = isTraced ? this.tracing?.send(kind, labelOf(ref, process), name) : undefined
    const envelope = new Envelope(kind, name, payload, undefined, span?.carrier)
    if (this.detour?.(ref, envelope) === true) {
      span?.end('ok')
      return
    }
    if (process !== undefined) process.deliver(envelope, isTraced)
    else if (to === undefined || to.node === this.id) this.deadLetter(ref, envelope, 'noproc')
    else this.router.deliver(to, envelope, 0)
    span?.end('ok')
  }

  /** Calls and waits for the answer, at most `timeoutMs`. Rejects with `ExitError`. */
  call(ref: Ref, name: string, payload: unknown, timeoutMs = DEFAULT_CALL_TIMEOUT_MS): Promise<unknown> {
    checkTimeout(timeoutMs, 'call', name)
    const to = this.resolve(ref)
    const process = to === undefined ? undefined : this.lookup(to)
    const isTraced = this.tracing?.isTraced() === true
    const span = isTraced ? this.tracing?.send('call', labelOf(ref, process), name) : undefined
    const locality = to === undefined || to.node === this.id ? 'local' : 'remote'
    const counts = process === undefined ? this.counts(labelOf(ref, undefined)) : process.counts
    const measured = locality === 'local' ? undefined : measureRemote(this, span?.carrier)
    const call = new PendingCall('call', name, payload, counts, span, measured, span?.carrier)
    this.#calls.add(call, timeoutMs)
    if (this.detour?.(ref, call) === true) return call.promise
    if (process !== undefined) process.deliver(call, isTraced)
    else if (to === undefined || locality === 'local') this.deadLetter(ref, call, 'noproc')
    else this.router.deliver(to, call, timeoutMs)
    return call.promise
  }

  /**
   * Asks a process of this node for something between two of its messages, in its mailbox's order; one that is suspended does it
   * at once. Rejects with `ExitError`; a process of another node cannot be asked: `ERR_OTP_PROCESS_NOT_LOCAL`.
   */
  system<T>(ref: Ref, what: string, act: (process: Process) => T, timeoutMs = DEFAULT_CALL_TIMEOUT_MS): Promise<T> {
    const to = this.resolve(ref)
    if (to !== undefined && to.node !== this.id) {
      throw new CodedError(
        'ERR_OTP_PROCESS_NOT_LOCAL',
        `expected a process of this node for '${what}', got ${String(to)} of ${to.node}: ask there`,
      )
    }
    checkTimeout(timeoutMs, 'call', what)
    const call = new PendingCall('system', what, act, this.#systemCalls)
    this.#calls.add(call, timeoutMs)
    const process = to === undefined ? undefined : this.lookup(to)
    if (process === undefined) call.fail('noproc')
    else process.deliver(call)
    return call.promise
  }

  /** Brings a message, of this node or another, to where a reference leads by now; a call that leads nowhere fails with `noproc`. */
  dispatch(ref: Ref, envelope: Envelope): void {
    const to = this.resolve(ref)
    const process = to === undefined ? undefined : this.lookup(to)
    if (process !== undefined) process.deliver(envelope)
    else if (to === undefined || to.node === this.id) this.deadLetter(ref, envelope, 'noproc')
    else this.router.deliver(to, envelope, 0)
  }

  deadLetter(to: Ref, envelope: Envelope, reason: ProcessEvents['process.dead_letter']['reason']): void {
    envelope.replyTo?.fail(reason === 'unhandled' ? 'noproc' : reason)
    this.events.emit('process.dead_letter', { to: to.toString(), message: `${envelope.kind} ${envelope.name}`, reason })
  }

  // ---- signals

  /** Sends an exit signal, as OTP's `exit/2`. */
  exit(from: Pid, pid: Pid, reason: ExitReason): void {
    const to = this.aliases.follow(pid)
    if (to.node !== this.id) this.router.exit(from, to, reason)
    else this.lookup(to)?.signal(from, reason)
  }

  /** A reference that no other monitor of this node has. */
  newRef(): number {
    return ++this.#lastRef
  }

  monitor(to: Target, watcher: Watcher, ref = this.newRef()): number {
    const target = this.aliases.follow(to)
    const process = this.lookup(target)
    if (target.node !== this.id) this.router.monitor(ref, target, watcher)
    else if (process === undefined) watcher.down(ref, to, 'noproc')
    else process.watch(ref, watcher)
    return ref
  }

  demonitor(ref: number, to: Target): void {
    const target = this.aliases.follow(to)
    if (target.node !== this.id) this.router.demonitor(ref, target)
    else this.lookup(target)?.unwatch(ref)
  }

  signalLater(to: Linked, from: Pid, reason: ExitReason): void {
    this.#linkSignals.send(to, from, reason)
  }

  // ---- for processes

  schedule(process: Process, isTraced?: boolean): void {
    this.#runQueue.add(process, isTraced)
  }

  get time(): number {
    return this.#runQueue.time
  }

  isTurnOver(): boolean {
    return this.#runQueue.isTurnOver()
  }

  /** Calls `onLate` before anything runs if that is later than `at` (monotonic ms): the node has stood still. Once, until it is set again. */
  expectToRunBefore(at: number, onLate: () => void): void {
    this.#runQueue.lateAt = at
    this.#runQueue.onLate = onLate
  }

  /** From now on these processes take no message, whatever is sent to them, until `release`. */
  hold(isHeld: (process: Process) => boolean): void {
    this.#runQueue.hold(isHeld)
  }

  release(): void {
    this.#runQueue.release()
  }

  /** Whether processes have more to handle than one turn of the event loop allows: who brings more had better wait. */
  get isBehind(): boolean {
    return this.#runQueue.isBehind
  }

  get timeMs(): number {
    return this.#runQueue.timeMs
  }

  forget(process: Process): void {
    if (!this.#processes.delete(process)) return
    this.waiting.delete(process)
    if (process.body.supervises) this.supervisors.delete(process)
    this.names.forget(process)
  }
}

function labelOf(ref: Ref, process: Process | undefined): string {
  if (process !== undefined) return process.body.name
  return ref instanceof Name || ref instanceof NodeRef || ref instanceof Via ? ref.behaviourName : 'unknown'
}
