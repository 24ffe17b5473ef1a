// Carries out what this node has to do about names: takes over, starts, stops and cleans up, until the records and what runs agree.
import type { Clock, Emitter } from '#base'
import type { Cluster, MembershipCause, MembershipChange } from '#cluster'
import { type ExitReason, type NodeId, Pid, type Runtime } from '#process'
import type { Arbiter } from '../arbiter/arbiter.ts'
import type { Directory } from '../directory/directory.ts'
import { birthOf, type ChildData, type Claim, type DirectoryRecord, isOfSameBirth, SETTING } from '../directory/record.ts'
import type { Replicator } from '../directory/replicator.ts'
import type { Rules, Trigger } from '../directory/rules.ts'
import type { DistributedEvents } from '../events.ts'
import type { ChildPlacement } from './child-placement.ts'
import { type Duty, dutyOf, type Situation } from './duty.ts'
import { isFenced, isPutOff, LEASE_LOST, type LocalChildren } from './local-children.ts'
import { MEMBERS } from './members.ts'
import type { Relocator } from './relocator.ts'
import type { StartDelay } from './start-delay.ts'
import { BIRTH_OVER } from './tenancies.ts'

/** Records looked at before the clock is, and how long all of it may take before the event loop gets a turn. */
const SLICE = 64
const TURN_MS = 4
/** How long a node without a majority is given to stop its children: as long as a child is, by default. */
const STOP_MS = 5000
/** The local supervisor is back after so long when it has given up once. */
const SUPERVISOR_BACK_MS = 50
const NO_QUORUM: ExitReason = { shutdown: 'no_quorum' }
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
  readonly placement: ChildPlacement
  readonly relocator: Relocator
  readonly delay: StartDelay
  readonly arbiter: Arbiter | undefined
  readonly rules: Rules
}

export class Reconciler {
  readonly #o: ReconcilerOptions
  readonly #situation: Situation
  readonly #touched = new Set<string>()
  /** Keys for which something is under way on this node: nothing else is begun for them. */
  readonly #busy = new Set<string>()
  /** Wall clock at which this node came to know that another is gone. */
  readonly #goneAt = new Map<NodeId, number>()
  /** Monotonic time at which a node was found to be silent for too long, and nothing surer is known of it. */
  readonly #silentSince = new Map<NodeId, number>()
  #isScheduled = false
  /** A look at all records under way, in slices, and what set it off. */
  #scan: IterableIterator<DirectoryRecord> | undefined
  #trigger: Trigger = 'tick'
  #died: NodeId | undefined

  constructor(options: ReconcilerOptions) {
    this.#o = options
    const { cluster, replicator, children, delay, arbiter } = options
    const hasQuorum = () => !options.placement.needsQuorum || cluster.quorum.has
    this.#situation = {
      self: cluster.id,
      isHeld: (record) => this.#isHeld(record),
      get mayOwn() {
        return replicator.isJoined && !cluster.membership.leaving && hasQuorum() && arbiter?.mayOwn !== false
      },
      mayRun: (key) => hasQuorum() && children.mayRun(key),
      place: (record) => options.placement.nodeFor(record),
      isDue: (key) => delay.isDue(key) && children.mayTry(key),
      running: (key) => children.running(key)?.serial,
    }
    options.directory.onChanged((winner, previous) => this.#onWinnerChanged(winner, previous))
    cluster.onChange(({ member, change, cause }) => this.#onMemberChanged(member.id, change, cause))
    if (options.placement.needsQuorum) cluster.quorum.onChange(() => this.#sweep('change'))
    arbiter?.onChange(() => this.#sweep('change'))
    cluster.onTick(() => this.#sweep('tick'))
    void replicator.joined.then(() => this.#sweep('change'))
    delay.onDue = (key) => this.#touch(key)
    children.onSupervisorGone = (culprits) => this.#onSupervisorGone(culprits)
  }

  /** Whether this node may be given children now. What it has still it keeps running, though it drains. */
  get mayTake(): boolean {
    return this.#situation.mayOwn && !this.#o.cluster.membership.draining
  }

  /** Children that should live and whose owner is gone. */
  unplaced(): number {
    let sum = 0
    for (const [owner, count] of this.#o.directory.childrenOf) if (!this.#o.cluster.alive.has(owner)) sum += count
    return sum
  }

  /** Writes a live claim of this node for a process that runs here. A restart keeps the time of its claim, which decides between equals. */
  claim(
    key: string,
    pid: Pid,
    claim: Pick<Claim, 'behaviour' | 'child' | 'value' | 'gen' | 'epoch' | 'handoff' | 'founder'>,
    claimedAt?: number,
  ): DirectoryRecord {
    const at = this.#o.clock.wall()
    const owner = this.#o.cluster.id
    const { behaviour, child, value, gen, epoch, handoff, founder } = claim
    const record = this.#o.replicator.write({
      key,
      gen,
      ended: false,
      epoch,
      claimedAt: claimedAt ?? at,
      owner,
      serial: pid.serial,
      behaviour,
      child,
      value,
      ...(handoff === undefined ? {} : { handoff }),
      ...(founder === undefined || founder === owner ? {} : { founder }),
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

  /** Does something with a name that nothing else on this node is busy with; `false` if something is. */
  exclusively(key: string, act: () => Promise<unknown>): boolean {
    if (this.#busy.has(key)) return false
    this.#busy.add(key)
    const before = this.#o.directory.get(key)
    void act().finally(() => {
      this.#busy.delete(key)
      const after = this.#o.directory.get(key)
      // What came meanwhile was not attended to.
      if (after !== undefined && after !== before && dutyOf(after, this.#situation) !== undefined) this.#touch(key)
    })
    return true
  }

  // ---- triggers

  /** Those that made the local supervisor give up go elsewhere; the others are started again here, by the new one. */
  #onSupervisorGone(culprits: ReadonlyMap<string, ExitReason>): void {
    for (const [key, reason] of culprits) {
      if (this.#o.directory.get(key)?.owner === this.#o.cluster.id) this.#o.relocator.failed(key, 'crashed', reason)
    }
    // By then the next one is there, as a rule; else it is looked for at every beat.
    this.#o.clock.after(SUPERVISOR_BACK_MS, () => this.#sweep('change'))
  }

  /**
   * A node that is only silent may be in a part without a majority: it stops its children when it finds out, which is about now, and is
   * given the time for it. One that was killed, has left or was started again runs nothing.
   */
  #mayStillRun(id: NodeId): boolean {
    const silentSince = this.#silentSince.get(id)
    if (silentSince === undefined || !this.#o.placement.needsQuorum) return false
    return this.#o.clock.now() - silentSince < STOP_MS + 2 * this.#o.cluster.membership.times.tickMs
  }

  /** With an arbiter it is not gossip that says when a child's owner runs it no more. */
  #isHeld({ owner, child }: DirectoryRecord): boolean {
    const { cluster, arbiter } = this.#o
    if (arbiter === undefined || child === undefined) return cluster.alive.has(owner) || this.#mayStillRun(owner)
    return (cluster.alive.has(owner) && cluster.hasLease(owner)) || arbiter.mayStillRun(owner)
  }

  #onMemberChanged(id: NodeId, change: MembershipChange, cause: MembershipCause): void {
    if (change === 'down' && cause === 'heartbeat') this.#silentSince.set(id, this.#o.clock.now())
    else this.#silentSince.delete(id)
    const isDeath = change === 'down' || (change === 'leave' && !this.#o.cluster.alive.has(id))
    if (isDeath) this.#goneAt.set(id, this.#o.clock.wall())
    else if (change === 'join' || change === 'refute') this.#goneAt.delete(id)
    this.#died = isDeath ? id : undefined
    this.#sweep(isDeath ? 'death' : 'change')
  }

  #onWinnerChanged(winner: DirectoryRecord, previous: DirectoryRecord | undefined): void {
    if (winner.key === SETTING + MEMBERS) this.#o.clock.soon(() => this.#sweep('change'))
    const isNews = winner.writer !== this.#o.directory.self || winner.serial === 0
    if (isNews && this.#isDue(winner, 'merge')) this.#touch(winner.key)
    if (previous === undefined || winner.ended || previous.ended || winner.owner === previous.owner) return
    // Given away by its owner: no two claims have met.
    const isNext = this.#o.arbiter === undefined ? winner.epoch === previous.epoch + 1 : winner.epoch > previous.epoch
    if (winner.handoff !== undefined && winner.handoff !== previous.handoff && isNext) return
    if (winner.writer === previous.owner || !this.#o.cluster.alive.has(previous.owner)) return
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
    this.#schedule()
  }

  /** Whether it is time to look at what a record asks for. */
  #isDue(record: DirectoryRecord, trigger: Trigger): boolean {
    return record.ended || this.#o.cluster.alive.has(record.owner) || this.#o.rules.takesOverAt(trigger, false)
  }

  /** Every name is looked at again where numbers say that something is to be done: nothing depends on an edge that was seen or missed. */
  #sweep(trigger: Trigger): void {
    const { cluster, children, directory, placement } = this.#o
    placement.refresh()
    for (const key of children.keys()) {
      const record = directory.get(key)
      if (record !== undefined && (record.ended || record.owner !== cluster.id || !this.#situation.mayRun(key))) this.#touch(key)
    }
    if (!this.#hasWork()) return
    this.#trigger = trigger
    this.#scan = directory.records()
    this.#schedule()
  }

  /** Names of the dead, or more names of this node than it runs. */
  #hasWork(): boolean {
    const { cluster, children, directory } = this.#o
    if ((directory.liveOf.get(cluster.id) ?? 0) > children.size) return true
    for (const owner of directory.liveOf.keys()) if (!cluster.alive.has(owner) || !cluster.hasLease(owner)) return true
    return false
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#o.clock.soon(() => this.#work())
  }

  /** As much as a turn of the event loop may take: first names that were touched, then the scan. */
  #work(): void {
    const { clock } = this.#o
    const until = clock.now() + TURN_MS
    let looked = 0
    const isOver = () => ++looked % SLICE === 0 && clock.now() >= until
    this.#isScheduled = false
    for (const key of this.#touched) {
      this.#touched.delete(key)
      this.#attend(key)
      if (isOver()) {
        this.#schedule()
        return
      }
    }
    for (let next = this.#scan?.next(); next !== undefined; next = this.#scan?.next()) {
      if (next.done === true) {
        this.#scan = undefined
        return
      }
      if (this.#isAmiss(next.value)) this.#attend(next.value.key)
      if (isOver()) {
        this.#schedule()
        return
      }
    }
  }

  #isAmiss(record: DirectoryRecord): boolean {
    if (record.ended) return false
    const { self, isHeld, running } = this.#situation
    if (record.owner === self) return running(record.key) === undefined
    return !isHeld(record) && this.#o.rules.takesOverAt(this.#trigger, record.owner === this.#died)
  }

  // ---- duties

  #attend(key: string): void {
    const record = this.#o.directory.get(key)
    if (record === undefined || this.#busy.has(key)) return
    const duty = dutyOf(record, this.#situation)
    if (duty === undefined) return
    this.exclusively(key, () => this.#carryOut(duty, record))
  }

  async #carryOut(duty: Duty, record: DirectoryRecord): Promise<void> {
    const { children } = this.#o
    switch (duty) {
      case 'take_over':
      case 'start':
        await this.#startHere(duty, record)
        return
      case 'stop':
        await children.stop(record.key, this.#whyToStop(record), record.ended ? 'ended' : 'free')
        // What it wrote since its birth was ended elsewhere.
        if (record.ended) children.forgetState(record)
        return
      case 'clean_up':
        this.end(record, 'noproc')
        children.forgetState(record)
        return
      case 'reclaim': {
        const pid = children.running(record.key)
        if (pid === undefined || this.#o.runtime.lookup(pid) === undefined) children.gone(record.key)
        else {
          const { behaviour, key } = record
          this.claim(key, pid, {
            behaviour,
            child: undefined,
            value: children.value(key),
            gen: this.#o.directory.nextBirth(record.key),
            epoch: 1,
          })
        }
        return
      }
      default:
        duty satisfies never
    }
  }

  #whyToStop({ key, ended, owner }: DirectoryRecord): ExitReason {
    if (ended) return 'shutdown'
    if (!this.#o.children.mayRun(key)) return LEASE_LOST
    return owner === this.#o.cluster.id ? NO_QUORUM : NAME_CONFLICT
  }

  async #startHere(duty: 'take_over' | 'start', record: DirectoryRecord): Promise<void> {
    const { clock, children, directory, cluster, arbiter } = this.#o
    const startedAt = this.#goneAt.get(record.owner) ?? clock.wall()
    const startedMono = clock.now() - Math.max(0, clock.wall() - startedAt)
    const child = record.child as ChildData
    const result = await children.start(
      { key: record.key, behaviour: record.behaviour, child },
      duty === 'take_over' ? 'takeover' : record.serial === 0 ? 'relocate' : 'reconcile',
      // What was given away, or is in quarantine, has an epoch that nobody was granted.
      { ...birthOf(record), epoch: record.epoch + 1, from: record.serial === 0 ? undefined : record.owner },
    )
    // The local supervisor is between two lives: tried again at the next beat.
    if (result === undefined) return
    const winner = directory.get(record.key)
    const opened = children.epoch(record.key)
    const isSuperseded =
      winner !== record &&
      winner !== undefined &&
      (winner.ended ||
        !isOfSameBirth(winner, record) ||
        (arbiter === undefined && winner.owner !== cluster.id && cluster.alive.has(winner.owner)) ||
        // One that is gone as well, but may have written what was not found yet.
        (opened !== undefined && winner.epoch >= opened))
    if (result.ok && isSuperseded) await children.stop(record.key, NAME_CONFLICT)
    const epoch = opened ?? Math.max(record.epoch, winner?.epoch ?? 0) + 1
    if (result.ok && !isSuperseded) this.claim(record.key, result.pid, { behaviour: record.behaviour, child, ...birthOf(record), epoch })
    if (duty === 'take_over') {
      const outcome = isSuperseded || isFenced(result) ? 'superseded' : result.ok ? 'started' : 'failed'
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
    if (!result.ok && result.reason === BIRTH_OVER && directory.get(record.key) === record) {
      this.end(record, 'noproc')
      children.forgetState(record)
    }
    if (!result.ok && !isSuperseded && !isPutOff(result)) this.#o.relocator.failed(record.key, 'start_failed', result.reason)
  }
}

export function pidOf(record: DirectoryRecord): Pid {
  return new Pid(record.owner, record.serial)
}
