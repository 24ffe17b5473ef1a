// One process on its way to another node, from the side that it leaves: carries out what the source's half decides.
import { type Clock, type Emitter, whyOf } from '#base'
import type { Cluster } from '#cluster'
import type { Handoff } from '#otp'
import {
  type ExitReason,
  holdProcess,
  type NodeId,
  type OpenSpan,
  Pid,
  type Process,
  type Runtime,
  releaseProcess,
  savedTimers,
  takeWaiting,
} from '#process'
import type { Budget } from '../budget.ts'
import type { LocalChildren } from '../children/local-children.ts'
import { pidOf, type Reconciler } from '../children/reconciler.ts'
import type { Directory } from '../directory/directory.ts'
import { birthOf, type DirectoryRecord, isOfSameBirth } from '../directory/record.ts'
import { encodeRecord } from '../directory/record-codec.ts'
import type { DistributedEvents, HandoffPhase, HandoffReason } from '../events.ts'
import { packCargo } from './cargo.ts'
import { OutgoingState } from './pieces.ts'
import type { HandoffRules } from './rules.ts'
import { type HandoffOutcome, type SourceAction, type SourceEvent, type SourcePhase, type Standing, sourceStep } from './source.ts'
import type { HandoffUnderWay } from './under-way.ts'

/** What a process that goes on elsewhere ends with here. */
const HANDED_OVER: ExitReason = { shutdown: 'handoff' }

/** What both halves need of their node. */
export interface HandoffParts {
  readonly runtime: Runtime
  readonly cluster: Cluster
  readonly clock: Clock
  readonly events: Emitter<DistributedEvents>
  readonly directory: Directory
  readonly reconciler: Reconciler
  readonly children: LocalChildren
  /** The largest state that leaves this node, or comes to it. */
  readonly maxStateBytes: number
  readonly rules: HandoffRules
}

export class Outgoing {
  readonly id: string
  readonly key: string
  readonly to: NodeId
  readonly #parts: HandoffParts
  readonly #record: DirectoryRecord
  readonly #process: Process
  readonly #handoff: Handoff
  readonly #reason: HandoffReason
  readonly #room: Budget
  readonly #span: OpenSpan | undefined
  readonly #over = Promise.withResolvers<HandoffOutcome>()
  readonly #startedAt: number
  readonly #startedMono: number
  readonly #phases: Partial<Record<HandoffPhase, number>> = {}
  #phase: SourcePhase | undefined
  #phaseMono: number
  #heldMono: number | undefined
  #state: OutgoingState | undefined
  #because: string | undefined
  /** Where the process is now, by the record with which the target has answered. */
  #arrivedAs: Pid | undefined
  #forwarded = 0
  readonly #passed: ((to: Pid | undefined) => void)[] = []
  /** Lets the process go on if it is not held yet. */
  #takeBack: () => void = () => undefined
  #hasRoom = false
  /** What its end has to wait for. */
  #reclaimed: Promise<void> | undefined

  constructor(
    parts: HandoffParts,
    move: { id: string; record: DirectoryRecord; process: Process; handoff: Handoff; to: NodeId; reason: HandoffReason; room: Budget },
  ) {
    this.#parts = parts
    this.id = move.id
    this.key = move.record.key
    this.to = move.to
    this.#record = move.record
    this.#process = move.process
    this.#handoff = move.handoff
    this.#reason = move.reason
    this.#room = move.room
    this.#startedAt = parts.clock.wall()
    this.#startedMono = parts.clock.now()
    this.#phaseMono = this.#startedMono
    this.#phase = { at: 'preparing', since: this.#startedMono }
    this.#span = parts.runtime.tracing?.begin('handoff', this.id)
  }

  /** Where it stands; `undefined` once it has ended, though its process may wait for its old name still. */
  get underWay(): HandoffUnderWay | undefined {
    if (this.#phase === undefined) return undefined
    const now = this.#parts.clock.now()
    return {
      handoffId: this.id,
      name: this.key,
      behaviour: this.#record.behaviour,
      direction: 'out',
      peer: this.to,
      reason: this.#reason,
      phase: PHASE_OF[this.#phase.at],
      startedAt: this.#startedAt,
      forMs: now - this.#startedMono,
      phaseMs: now - this.#phaseMono,
      bytes: this.#state?.size,
      arrivedBytes: this.#state?.got ?? 0,
    }
  }

  /** Begins; resolves when it is over, however it ended. */
  run(): Promise<HandoffOutcome> {
    const { runtime, events } = this.#parts
    const { behaviour } = this.#record
    events.emit('handoff.started', {
      handoffId: this.id,
      name: this.key,
      behaviour,
      to: this.to,
      reason: this.#reason,
      at: this.#startedAt,
    })
    runtime.monitor(this.#process.pid, { down: () => this.step('changed') })
    this.#takeBack = holdProcess(this.#process, () => this.#onHeld())
    return this.#over.promise
  }

  /** Something has happened that may matter. */
  step(event: SourceEvent): void {
    if (this.#phase === undefined) return
    const before = this.#phase.at
    const standing = this.#standing()
    const now = this.#parts.clock.now()
    const { phase, actions, outcome } = sourceStep(this.#phase, event, {
      now,
      standing,
      isTargetAlive: this.#parts.cluster.alive.has(this.to),
    })
    this.#phase = phase
    if (phase?.at !== before) this.#endPhase(PHASE_OF[before])
    for (const action of actions) this.#act(action)
    if (outcome !== undefined) this.#end(outcome, standing)
  }

  /** The target has so many bytes. */
  got(bytes: number): void {
    if (this.#state?.arrived(bytes) !== true) return
    this.step('progress')
    this.#sendPieces()
  }

  refused(because: string): void {
    this.#because = because
    this.step('refused')
  }

  /** The target runs, by this record, which has been merged. */
  active(record: DirectoryRecord): void {
    this.#arrivedAs = pidOf(record)
    this.step('active')
  }

  /** Calls `passed` when all that waits has gone on, with where to, or as soon as it is clear that the process stays. */
  hold(serial: number, passed: (to: Pid | undefined) => void): boolean {
    if (this.#phase === undefined || this.#process.pid.serial !== serial) return false
    this.#passed.push(passed)
    return true
  }

  // ---- what the machine asks for

  #standing(): Standing {
    const { directory, cluster, children } = this.#parts
    const winner = directory.get(this.key)
    if (winner === undefined || winner.ended || !isOfSameBirth(winner, this.#record)) return 'over'
    if (winner.handoff === this.id) return 'claimed'
    if (winner.owner !== cluster.id) return 'passed_on'
    if (!children.mayRun(this.key)) return 'over'
    return this.#process.isAlive && winner.serial === this.#process.pid.serial ? 'mine' : 'over'
  }

  #act(action: SourceAction): void {
    switch (action) {
      case 'offer':
        this.#offer()
        return
      case 'commit':
        this.#send('commit', this.key)
        return
      case 'abort':
        this.#send('abort')
        return
      case 'resume':
        if (this.#heldMono === undefined) this.#takeBack()
        else releaseProcess(this.#process)
        return
      case 'reclaim':
        this.#reclaimed = this.#reclaim()
        return
      case 'forward':
        this.#forward()
        return
      case 'stop':
        // The reconciler stops it: it knows with what reason.
        return
      default:
        action satisfies never
    }
  }

  #onHeld(): void {
    this.#heldMono = this.#parts.clock.now()
    const isSettled = this.#process.body.settle?.(this.#process) ?? true
    if (isSettled instanceof Promise) void isSettled.then((is) => this.#onSettled(is))
    else this.#onSettled(isSettled)
  }

  /** Nobody waits any more for something that it has still to make sure: its state is what others know of. */
  #onSettled(isSettled: boolean): void {
    if (this.#phase === undefined) return
    if (!isSettled) {
      this.#because = 'its state could not be written'
      this.step('not_saved')
      return
    }
    const bytes = this.#saved()
    if (bytes === undefined) {
      this.step('not_saved')
      return
    }
    this.#state = new OutgoingState(bytes)
    void this.#room.take(bytes.byteLength).then(() => {
      if (this.#phase === undefined) this.#room.give(bytes.byteLength)
      else this.#hasRoom = true
      this.step('saved')
    })
  }

  /** Its state and its timers as bytes; `undefined` if they cannot be. */
  #saved(): Uint8Array | undefined {
    try {
      const process = this.#process
      const data = this.#handoff.save(process.state)
      const bytes = packCargo({ data, timers: savedTimers(process), idleMs: process.idleTimeout?.ms })
      if (bytes.byteLength <= this.#parts.maxStateBytes) return bytes
      this.#because = `its state of ${bytes.byteLength} bytes is over the limit of ${this.#parts.maxStateBytes}`
    } catch (error) {
      this.#because = `its state could not be saved: ${whyOf(error)}`
    }
    return undefined
  }

  #offer(): void {
    const { writer } = this.#record
    const record = [writer, encodeRecord(this.#record)]
    this.#send('prep', record, this.#handoff.version, this.#state?.size ?? 0, this.#span?.carrier ?? null)
    this.#sendPieces()
  }

  #sendPieces(): void {
    for (const piece of this.#state?.next() ?? []) this.#send('piece', piece)
  }

  #send(kind: string, ...content: unknown[]): void {
    this.#parts.cluster.send(this.to, [kind, this.id, ...content])
  }

  /** With an epoch above the claim that the target may still make: that one loses then, and is shut out of its written state. */
  async #reclaim(): Promise<void> {
    const { reconciler, children, rules } = this.#parts
    const { pid } = this.#process
    const isArbitrated = rules.asksArbiter && children.tenancy(this.key) !== undefined
    // The claim that beats the target's is then made where that one is made, too, and before anything goes on.
    if (isArbitrated && (!(await children.retake(this.#record)) || this.#standing() !== 'mine')) return
    const claim = { ...this.#record, ...birthOf(this.#record), handoff: undefined }
    const epoch = children.tenancy(this.key)?.token ?? this.#record.epoch + 2
    reconciler.claim(this.key, pid, { ...claim, epoch })
    const before = children.epoch(this.key)
    if (before !== undefined && !(await children.keep(this.#record, epoch, this.to))) return
    // It may have been taken over or ended meanwhile: then it is stopped.
    if (this.#standing() !== 'mine') return
    const opened = children.epoch(this.key) ?? epoch
    if (opened !== epoch) reconciler.claim(this.key, pid, { ...claim, epoch: opened })
    releaseProcess(this.#process)
  }

  /** What has waited goes first, then all that still comes for the old pid. The record is merged already: who sends by name goes straight there. */
  #forward(): void {
    const { runtime, cluster, children, directory } = this.#parts
    const winner = directory.get(this.key) as DirectoryRecord
    const to = this.#arrivedAs ?? pidOf(winner)
    for (const envelope of takeWaiting(this.#process)) {
      this.#forwarded++
      runtime.router.deliver(to, envelope, 0)
    }
    for (const passed of this.#passed.splice(0)) passed(to)
    const { gen } = this.#record
    runtime.aliases.set(this.#process.pid.serial, () => {
      if (cluster.alive.has(to.node)) return to
      const now = directory.get(this.key)
      return now === undefined || now.ended || now.gen !== gen || now.serial === 0 ? undefined : new Pid(now.owner, now.serial)
    })
    children.letGo(this.key, this.#process.pid)
    this.#process.die(HANDED_OVER)
  }

  // ---- its end

  #endPhase(phase: HandoffPhase): void {
    const now = this.#parts.clock.now()
    this.#phases[phase] = now - this.#phaseMono
    this.#phaseMono = now
  }

  #end(outcome: HandoffOutcome, standing: Standing): void {
    const { clock, events } = this.#parts
    const now = clock.now()
    if (outcome === 'completed') this.#endPhase('forward')
    if (this.#hasRoom) this.#room.give(this.#state?.size ?? 0)
    events.emit('handoff.ended', {
      handoffId: this.id,
      name: this.key,
      behaviour: this.#record.behaviour,
      to: this.to,
      reason: this.#reason,
      outcome,
      because: outcome === 'completed' ? undefined : (this.#because ?? this.#whyNot(standing)),
      bytes: this.#state?.size ?? 0,
      forwarded: this.#forwarded,
      startedAt: this.#startedAt,
      durationMs: now - this.#startedMono,
      phases: this.#phases,
      unavailabilityMs: this.#heldMono === undefined ? 0 : now - this.#heldMono,
      trace: this.#span?.carrier,
    })
    this.#state = undefined
    for (const passed of this.#passed.splice(0)) passed(undefined)
    this.#span?.end(outcome === 'completed' ? 'ok' : outcome)
    if (this.#reclaimed === undefined) this.#over.resolve(outcome)
    else void this.#reclaimed.then(() => this.#over.resolve(outcome))
  }

  #whyNot(standing: Standing): string {
    if (!this.#process.isAlive) return 'the process has ended'
    if (standing === 'over') return 'its name has ended'
    if (standing === 'passed_on') return 'its name is another’s'
    if (!this.#parts.cluster.alive.has(this.to)) return 'the other node is gone'
    if (this.#heldMono === undefined) return 'the message that it was handling did not end in time'
    return this.#phases.transfer === undefined ? 'its state was not ready in time' : 'the other node did not answer in time'
  }
}

const PHASE_OF = { preparing: 'prepare', offered: 'transfer', committed: 'activate' } as const satisfies Record<
  SourcePhase['at'],
  HandoffPhase
>
