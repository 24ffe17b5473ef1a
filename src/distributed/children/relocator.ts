// Carries out what becomes of children that failed on this node: sends them elsewhere, quarantines them, lets them go again.
import type { Clock, Emitter, Random } from '#base'
import type { Cluster } from '#cluster'
import { describeExit, type ExitReason, type NodeId } from '#process'
import type { Directory } from '../directory/directory.ts'
import { type ChildData, type DirectoryRecord, isQuarantined } from '../directory/record.ts'
import type { Replicator } from '../directory/replicator.ts'
import type { DistributedEvents } from '../events.ts'
import type { ChildPlacement } from './child-placement.ts'
import { afterFailure, type FailureCause, type RelocationSettings } from './relocation.ts'

/** A child that failed wherever it went. */
export interface QuarantinedChild {
  readonly id: string
  readonly behaviour: string
  /** Wall clock, ms. */
  readonly at: number
  /** Why it failed last, in words, how often in a row, and on which nodes. */
  readonly reason: string
  readonly attempts: number
  readonly nodes: readonly NodeId[]
}

export interface RelocatorOptions {
  readonly cluster: Cluster
  readonly directory: Directory
  readonly replicator: Replicator
  readonly placement: ChildPlacement
  readonly clock: Clock
  readonly random: Random
  readonly events: Emitter<DistributedEvents>
  /** Path of the supervisor that runs this node's children. */
  readonly supervisorPath: string
  readonly settings: RelocationSettings
}

export class Relocator {
  readonly #o: RelocatorOptions
  readonly #quarantined = new Set<string>()

  constructor(options: RelocatorOptions) {
    this.#o = options
    options.directory.onChanged((winner) => this.#onWinnerChanged(winner))
  }

  #onWinnerChanged(winner: DirectoryRecord): void {
    if (!winner.ended && isQuarantined(winner)) this.#quarantined.add(winner.key)
    else this.#quarantined.delete(winner.key)
  }

  /** This node could not keep a child running: its record says where it goes next, or that it goes nowhere. */
  failed(key: string, cause: FailureCause, reason: ExitReason): void {
    const { cluster, directory, placement, clock, random, settings } = this.#o
    const record = directory.get(key)
    if (record?.child === undefined || record.ended || isQuarantined(record)) return
    const { child } = record
    const failure = {
      before: child.failures,
      cause,
      reason: describeExit(reason),
      on: cluster.id,
      at: clock.wall(),
      candidates: placement.candidates(record.behaviour),
    }
    const verdict = afterFailure(failure, settings, (among) => placement.among(among, record), random)
    if (verdict.verdict === 'quarantine') this.#quarantine(record, { ...child, failures: verdict.failures }, reason)
    else this.send(record, verdict.to ?? cluster.id, cause, { ...child, failures: verdict.failures }, reason)
  }

  /** Gives a child whose process has ended to a node, which starts it when its wait is over. */
  send(record: DirectoryRecord, to: NodeId, cause: FailureCause | 'redistribution', child: ChildData, reason: ExitReason): void {
    const epoch = record.epoch + 1
    const at = this.#o.clock.wall()
    this.#o.replicator.write({ ...record, child, owner: to, serial: 0, epoch, claimedAt: at, handoff: undefined })
    this.#o.events.emit('child.relocated', {
      name: record.key,
      behaviour: record.behaviour,
      supervisor: this.#o.supervisorPath,
      from: this.#o.cluster.id,
      to,
      cause,
      reason,
      attempts: child.failures?.count ?? 0,
      waitMs: cause === 'redistribution' ? 0 : (child.failures?.waitMs ?? 0),
      epoch,
      at,
    })
  }

  #quarantine(record: DirectoryRecord, child: ChildData, reason: ExitReason): void {
    const { cluster, replicator, clock, events } = this.#o
    const epoch = record.epoch + 1
    const at = clock.wall()
    replicator.write({ ...record, child, owner: cluster.id, serial: 0, epoch, claimedAt: at, handoff: undefined })
    const attempts = child.failures?.count ?? 0
    events.emit('child.quarantined', { name: record.key, behaviour: record.behaviour, reason, attempts, epoch, at })
  }

  /** Lets a quarantined child start again with a clean slate; the version that a peer has to acknowledge, `undefined` if it is not quarantined. */
  release(key: string): number | undefined {
    const { cluster, directory, replicator, placement, clock, events } = this.#o
    const record = directory.get(key)
    if (record?.child === undefined || record.ended || !isQuarantined(record)) return undefined
    const child = { ...record.child, failures: undefined }
    const to = placement.nodeFor({ ...record, child }) ?? cluster.id
    const epoch = record.epoch + 1
    const at = clock.wall()
    const { version } = replicator.write({ ...record, child, owner: to, serial: 0, epoch, claimedAt: at, handoff: undefined })
    events.emit('child.released', { name: key, behaviour: record.behaviour, to, epoch, at })
    return version
  }

  /** Of the whole cluster, by this node's copy of the directory. */
  get quarantined(): readonly QuarantinedChild[] {
    return [...this.#quarantined].flatMap((id) => {
      const record = this.#o.directory.get(id)
      const failures = record?.child?.failures
      if (record === undefined || failures === undefined) return []
      const { at, reason, count: attempts, on: nodes } = failures
      return [{ id, behaviour: record.behaviour, at, reason, attempts, nodes }]
    })
  }

  get quarantinedCount(): number {
    return this.#quarantined.size
  }
}
