// Carries out what this node has to do about names: takes over, starts, stops and cleans up, until the records and what runs agree.
import type { Clock, Emitter } from '#base'
import type { Cluster } from '#cluster'
import type { StartChildResult } from '#otp'
import { type ExitReason, type NodeId, Pid, type Runtime } from '#process'
import type { Directory } from './directory.ts'
import { type Duty, dutyOf, type Situation } from './duty.ts'
import type { DistributedEvents } from './events.ts'
import { FENCED, type LocalChildren, STATE_UNAVAILABLE } from './local-children.ts'
import type { DistributionStrategy } from './placement.ts'
import type { ChildData, Claim, DirectoryRecord } from './record.ts'
import type { Replicator } from './replicator.ts'

/** Records looked at before the event loop gets a turn. */
const SLICE = 1000
/** A start that failed so often on this node is given up. */
const MAX_ATTEMPTS = 3
/** The loser of two claims ends with this. */
const NAME_CONFLICT: ExitReason = { shutdown: 'name_conflict' }

export interface ReconcilerOptions {
  readonly cluster: Cluster
  readonly directory: Directory
  readonly replicator: Replicator
  readonly children: LocalChildren
  readonly runtime: Runtime
  readonly clock: Clock
  readonly events: Emitter<DistributedEvents>
  readonly strategy: DistributionStrategy
}

export class Reconciler {
  readonly #o: ReconcilerOptions
  readonly #situation: Situation
  readonly #touched = new Set<string>()
  /** Keys for which something is under way on this node: nothing else is begun for them. */
  readonly #busy = new Set<string>()
  readonly #failures = new Map<string, number>()
  /** Wall clock at which this node came to know that another is gone. */
  readonly #goneAt = new Map<NodeId, number>()
  #candidates: readonly NodeId[]
  #isScheduled = false

  constructor(options: ReconcilerOptions) {
    this.#o = options
    const { cluster, replicator, children } = options
    this.#candidates = cluster.candidates()
    this.#situation = {
      self: cluster.id,
      isAlive: (id) => cluster.alive.has(id),
      get mayOwn() {
        return replicator.isJoined && !cluster.membership.leaving
      },
      place: (key) => this.place(key),
      running: (key) => children.running(key)?.serial,
    }
    options.directory.onChanged = (winner, previous) => this.#onWinnerChanged(winner, previous)
    cluster.onChange(({ member, change }) => this.#onMemberChanged(member.id, change))
    cluster.onTick(() => this.#sweep())
    void replicator.joined.then(() => this.#sweep())
  }

  /** The node a name falls to, by this node's view. */
  place(key: string): NodeId | undefined {
    return this.#o.strategy(key, this.#candidates)
  }

  /** Children that should live and whose owner is gone. */
  unplaced(): number {
    let count = 0
    for (const record of this.#o.directory.records()) {
      if (!record.ended && record.child !== undefined && !this.#o.cluster.alive.has(record.owner)) count++
    }
    return count
  }

  /** Writes a live claim of this node for a process that runs here. A restart keeps the time of its claim, which decides between equals. */
  claim(key: string, pid: Pid, claim: Pick<Claim, 'behaviour' | 'child' | 'gen' | 'epoch'>, claimedAt?: number): DirectoryRecord {
    const at = this.#o.clock.wall()
    const owner = this.#o.cluster.id
    const { behaviour, child, gen, epoch } = claim
    const record = this.#o.replicator.write({
      behaviour,
      child,
      gen,
      epoch,
      key,
      ended: false,
      claimedAt: claimedAt ?? at,
      owner,
      serial: pid.serial,
    })
    this.#o.events.emit('registry.registered', { name: key, pid, epoch, at })
    return record
  }

  /** Writes that the birth is over. */
  end(record: DirectoryRecord, reason: ExitReason | 'terminated'): DirectoryRecord {
    const at = this.#o.clock.wall()
    const ended = this.#o.replicator.write({ ...record, ended: true })
    this.#o.events.emit('registry.unregistered', { name: record.key, pid: pidOf(record), at })
    if (record.child !== undefined) this.#o.events.emit('child.ended', { name: record.key, behaviour: record.behaviour, reason, at })
    return ended
  }

  // ---- triggers

  #onMemberChanged(id: NodeId, change: string): void {
    this.#candidates = this.#o.cluster.candidates()
    if (change === 'down' || (change === 'leave' && !this.#o.cluster.alive.has(id))) this.#goneAt.set(id, this.#o.clock.wall())
    else if (change === 'join' || change === 'refute') this.#goneAt.delete(id)
    this.#sweep()
  }

  #onWinnerChanged(winner: DirectoryRecord, previous: DirectoryRecord | undefined): void {
    if (winner.writer !== this.#o.cluster.id) this.#touch(winner.key)
    if (previous === undefined || winner.ended || previous.ended || winner.owner === previous.owner) return
    if (!this.#o.cluster.alive.has(previous.owner)) return
    const isLocal = this.#o.children.running(winner.key) !== undefined
    this.#o.events.emit('registry.conflict', {
      name: winner.key,
      winner: { owner: winner.owner, pid: pidOf(winner), epoch: winner.epoch },
      loser: { owner: previous.owner, pid: pidOf(previous), epoch: previous.epoch },
      resolution: !isLocal ? 'remote' : winner.owner === this.#o.cluster.id ? 'kept' : 'stopped',
      at: this.#o.clock.wall(),
    })
  }

  #touch(key: string): void {
    this.#touched.add(key)
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#o.clock.soon(() => this.#work())
  }

  /** Every name is looked at again: nothing depends on an edge that was seen or missed. */
  #sweep(): void {
    this.#candidates = this.#o.cluster.candidates()
    const { self, isAlive, running } = this.#situation
    for (const record of this.#o.directory.records()) {
      if (record.ended) continue
      if (record.owner === self ? running(record.key) === undefined : !isAlive(record.owner)) this.#touch(record.key)
    }
    for (const key of this.#o.children.keys()) {
      const record = this.#o.directory.get(key)
      if (record !== undefined && (record.ended || record.owner !== self)) this.#touch(key)
    }
  }

  #work(): void {
    let left = SLICE
    for (const key of this.#touched) {
      if (left-- === 0) {
        this.#o.clock.soon(() => this.#work())
        return
      }
      this.#touched.delete(key)
      this.#attend(key)
    }
    this.#isScheduled = false
  }

  // ---- duties

  #attend(key: string): void {
    const record = this.#o.directory.get(key)
    if (record === undefined || this.#busy.has(key)) return
    const duty = dutyOf(record, this.#situation)
    if (duty === undefined) return
    this.#busy.add(key)
    void this.#carryOut(duty, record).finally(() => {
      this.#busy.delete(key)
      // What came meanwhile was not attended to.
      if (this.#o.directory.get(key) !== record && dutyOf(this.#o.directory.get(key) ?? record, this.#situation) !== undefined)
        this.#touch(key)
    })
  }

  async #carryOut(duty: Duty, record: DirectoryRecord): Promise<void> {
    const { children } = this.#o
    switch (duty) {
      case 'take_over':
      case 'start':
        await this.#startHere(duty, record)
        return
      case 'stop':
        await children.stop(record.key, record.ended ? 'shutdown' : NAME_CONFLICT)
        // What it wrote since its birth was ended elsewhere.
        if (record.ended) children.forgetState(record)
        return
      case 'clean_up':
        this.end(record, 'noproc')
        return
      case 'reclaim': {
        const pid = children.running(record.key)
        if (pid !== undefined)
          this.claim(record.key, pid, { behaviour: record.behaviour, child: undefined, gen: this.#o.directory.lamport + 1, epoch: 1 })
        return
      }
      default:
        duty satisfies never
    }
  }

  async #startHere(duty: 'take_over' | 'start', record: DirectoryRecord): Promise<void> {
    const { clock, children, directory, cluster } = this.#o
    const startedAt = this.#goneAt.get(record.owner) ?? clock.wall()
    const startedMono = clock.now() - Math.max(0, clock.wall() - startedAt)
    const child = record.child as ChildData
    const result = await children.start(
      { key: record.key, behaviour: record.behaviour, child },
      duty === 'take_over' ? 'takeover' : 'reconcile',
      { gen: record.gen, epoch: record.epoch + 1, oldestGen: record.gen },
    )
    const winner = directory.get(record.key)
    const opened = children.epoch(record.key)
    const isSuperseded =
      winner !== record &&
      winner !== undefined &&
      (winner.ended ||
        (winner.owner !== cluster.id && cluster.alive.has(winner.owner)) ||
        // One that is gone as well, but may have written what was not found yet.
        (opened !== undefined && winner.epoch >= opened))
    if (result.ok && isSuperseded) await children.stop(record.key, NAME_CONFLICT)
    const epoch = opened ?? Math.max(record.epoch, winner?.epoch ?? 0) + 1
    if (result.ok && !isSuperseded) this.claim(record.key, result.pid, { behaviour: record.behaviour, child, gen: record.gen, epoch })
    if (duty === 'take_over') {
      const outcome = isSuperseded || (!result.ok && result.reason === FENCED) ? 'superseded' : result.ok ? 'started' : 'failed'
      this.#o.events.emit('child.taken_over', {
        name: record.key,
        behaviour: record.behaviour,
        from: record.owner,
        pid: result.ok ? result.pid : undefined,
        epoch,
        outcome,
        startedAt,
        durationMs: clock.now() - startedMono,
      })
    }
    this.#noteOutcome(record, result)
  }

  /** A start that fails again and again is given up and said so, instead of being tried at every tick for ever. */
  #noteOutcome(record: DirectoryRecord, result: StartChildResult): void {
    if (isPutOff(result)) return
    if (result.ok) {
      this.#failures.delete(record.key)
      return
    }
    const attempts = (this.#failures.get(record.key) ?? 0) + 1
    this.#failures.set(record.key, attempts)
    if (attempts < MAX_ATTEMPTS) return
    this.#failures.delete(record.key)
    this.end(this.#o.directory.get(record.key) ?? record, result.reason)
    this.#o.events.emit('child.abandoned', {
      name: record.key,
      behaviour: record.behaviour,
      reason: result.reason,
      attempts,
      at: this.#o.clock.wall(),
    })
  }
}

/** No failure of the child's: another node was first, or what it has to begin with cannot be read now. It is tried again, and never given up. */
function isPutOff(result: StartChildResult): boolean {
  return !result.ok && (result.reason === FENCED || result.reason === STATE_UNAVAILABLE)
}

export function pidOf(record: DirectoryRecord): Pid {
  return new Pid(record.owner, record.serial)
}
