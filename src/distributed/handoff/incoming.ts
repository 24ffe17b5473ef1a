// One process on its way to this node: carries out what the target's half decides. There is no process before the source has said so.

import { whyOf } from '#base'
import { Resumed } from '#otp'
import { describeExit, type NodeId, restoreTimers, type TraceCarrier } from '#process'
import { birthOf, type ChildData, compareRecords, type DirectoryRecord } from '../directory/record.ts'
import { encodeRecord } from '../directory/record-codec.ts'
import type { HandoffPhase } from '../events.ts'
import { type Cargo, unpackCargo } from './cargo.ts'
import type { HandoffParts } from './outgoing.ts'
import { IncomingState } from './pieces.ts'
import { type TargetAction, type TargetEvent, type TargetPhase, targetStep } from './target.ts'
import type { HandoffUnderWay } from './under-way.ts'

const NAME_CONFLICT = { shutdown: 'name_conflict' } as const
const PHASE_OF = { loading: 'transfer', warm: 'activate', done: 'activate' } as const satisfies Record<TargetPhase, HandoffPhase>

/** What an offer says. */
export interface Offer {
  readonly id: string
  readonly from: NodeId
  /** The record of the process where it is. */
  readonly record: DirectoryRecord
  readonly version: number
  readonly size: number
  readonly carrier: TraceCarrier | undefined
}

export class Incoming {
  readonly offer: Offer
  readonly #parts: HandoffParts
  readonly #mayOwn: () => boolean
  readonly #onOver: () => void
  readonly #startedAt: number
  readonly #startedMono: number
  readonly #bytes: IncomingState
  #phase: TargetPhase | undefined = 'loading'
  #phaseMono: number
  #cargo: Cargo | undefined
  #because = 'it cannot own names now'

  constructor(parts: HandoffParts, offer: Offer, mayOwn: () => boolean, onOver: () => void) {
    this.#parts = parts
    this.offer = offer
    this.#mayOwn = mayOwn
    this.#onOver = onOver
    this.#startedAt = parts.clock.wall()
    this.#startedMono = parts.clock.now()
    this.#phaseMono = this.#startedMono
    this.#bytes = new IncomingState(offer.size)
  }

  /** Where it stands; `undefined` once it is over. */
  get underWay(): HandoffUnderWay | undefined {
    if (this.#phase === undefined) return undefined
    const { id, from, record, size } = this.offer
    const now = this.#parts.clock.now()
    return {
      handoffId: id,
      name: record.key,
      behaviour: record.behaviour,
      direction: 'in',
      peer: from,
      reason: undefined,
      phase: PHASE_OF[this.#phase],
      startedAt: this.#startedAt,
      forMs: now - this.#startedMono,
      phaseMs: now - this.#phaseMono,
      bytes: size,
      arrivedBytes: this.#bytes.got,
    }
  }

  /** Whether it can be had here at all; asked once, before the state comes. */
  begin(): void {
    const { children, maxStateBytes } = this.#parts
    const { record, size } = this.offer
    if (record.child === undefined || children.handoff(record.behaviour) === undefined) {
      this.#because = `it has no behaviour '${record.behaviour}' whose processes move`
    } else if (size > maxStateBytes) {
      this.#because = `a state of ${size} bytes is over its limit of ${maxStateBytes}`
    } else {
      this.step('tick')
      return
    }
    this.step('not_loaded')
  }

  /** Another piece of the state; `false` if it does not fit. */
  take(piece: Uint8Array): boolean {
    if (this.#phase !== 'loading') return true
    if (!this.#bytes.take(piece)) return false
    this.#send('got', this.#bytes.got)
    if (!this.#bytes.isWhole) return true
    const isLoaded = this.#load()
    this.step(isLoaded ? 'loaded' : 'not_loaded')
    if (isLoaded && !this.#parts.rules.waitsForCommit) this.step('commit')
    return true
  }

  step(event: TargetEvent): void {
    if (this.#phase === undefined) return
    const { phase, actions } = targetStep(this.#phase, event, {
      isSourceAlive: this.#parts.cluster.alive.has(this.offer.from),
      mayOwn: this.#mayOwn(),
      wouldWin: this.#wouldWin(),
    })
    if (this.#phase === 'loading' && phase !== 'loading') this.#phaseMono = this.#parts.clock.now()
    this.#phase = phase
    for (const action of actions) this.#act(action)
    if (phase === undefined) this.#onOver()
  }

  #act(action: TargetAction): void {
    switch (action) {
      case 'ready':
        this.#send('ready')
        return
      case 'refuse':
        this.#send('refuse', this.#because)
        return
      case 'claim':
        this.#claim()
        return
      case 'activate':
      case 'discard':
        // The claim under way answers when it is made; what was prepared is no more than a value.
        return
      default:
        action satisfies never
    }
  }

  #load(): boolean {
    const { record, version } = this.offer
    try {
      const cargo = unpackCargo(this.#bytes.bytes())
      const data = this.#parts.children.handoff(record.behaviour)?.load(cargo.data, version)
      this.#cargo = { ...cargo, data }
      return true
    } catch (error) {
      this.#because = `it cannot load the state: ${whyOf(error)}`
      return false
    }
  }

  /** Whether the claim of this handoff would beat what is known by now. */
  #wouldWin(): boolean {
    const { directory, cluster, clock } = this.#parts
    const { record } = this.offer
    const winner = directory.get(record.key)
    if (winner === undefined) return false
    const claim = { ...record, epoch: record.epoch + 1, claimedAt: clock.wall(), owner: cluster.id, writer: directory.self }
    return compareRecords({ ...claim, version: directory.version + 1 }, winner) > 0
  }

  /** Nothing else may be under way for the name: the reconciler would stop a process that has no record yet. */
  #claim(): void {
    if (this.#parts.reconciler.exclusively(this.offer.record.key, () => this.#start())) return
    this.#giveUp('something else is under way for its name')
  }

  async #start(): Promise<void> {
    const { children, reconciler, runtime, clock, events } = this.#parts
    const { id, from, record, size, carrier } = this.offer
    const { key, behaviour } = record
    const cargo = this.#cargo as Cargo
    const child = record.child as ChildData
    const result = await children.start(
      { key, behaviour, child },
      'handoff',
      { ...birthOf(record), epoch: record.epoch + 1, from: record.owner },
      { state: new Resumed(cargo.data, clock.now() - this.#startedMono), from },
    )
    if (result?.ok !== true) {
      this.#giveUp(result === undefined ? 'its supervisor is between two lives' : `it did not start: ${describeExit(result.reason)}`)
      return
    }
    const { pid } = result
    const process = runtime.lookup(pid)
    if (process === undefined || !this.#wouldWin() || !this.#mayOwn()) {
      await children.stop(key, NAME_CONFLICT)
      this.#giveUp('its claim would lose by now')
      return
    }
    restoreTimers(process, cargo.timers, clock.now() - this.#startedMono)
    if (cargo.idleMs !== undefined) process.startIdleTimeout(cargo.idleMs)
    const epoch = children.epoch(key) ?? record.epoch + 1
    const claimed = reconciler.claim(key, pid, { behaviour, child, value: undefined, ...birthOf(record), epoch, handoff: id })
    events.emit('handoff.received', {
      handoffId: id,
      name: key,
      behaviour,
      from,
      pid,
      epoch,
      bytes: size,
      startedAt: this.#startedAt,
      durationMs: clock.now() - this.#startedMono,
      trace: carrier,
    })
    this.#send('active', activeRecord(claimed))
    this.#over()
  }

  #giveUp(because: string): void {
    this.#because = because
    this.#act('refuse')
    this.#over()
  }

  #over(): void {
    this.#phase = undefined
    this.#onOver()
  }

  #send(kind: string, ...content: unknown[]): void {
    this.#parts.cluster.send(this.offer.from, [kind, this.offer.id, ...content])
  }
}

/** A record as `active` tells it. */
export function activeRecord(record: DirectoryRecord): unknown {
  return [record.writer, encodeRecord(record)]
}
