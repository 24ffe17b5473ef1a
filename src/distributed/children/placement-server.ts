// This node's part in the distributed supervisor: starts and ends children here, for whoever asks, and notes what becomes of them.
import type { Emitter } from '#base'
import { type Cluster, nodeName } from '#cluster'
import { type Behaviour, genServer, noReply } from '#otp'
import { Crash, type ExitReason, type NodeId, type Pid, type ReplyTo } from '#process'
import type { Directory } from '../directory/directory.ts'
import { checkName } from '../directory/name.ts'
import type { DirectoryRecord } from '../directory/record.ts'
import type { Replicator } from '../directory/replicator.ts'
import type { DistributedEvents, HandoffReason } from '../events.ts'
import type { ChildPlacement } from './child-placement.ts'
import type { DistributedStartResult } from './dynamic-supervisor.ts'
import type { ChildToStart, LocalChildren } from './local-children.ts'
import type { MoveOutcome, Mover } from './mover.ts'
import { pidOf, type Reconciler } from './reconciler.ts'
import { HELD, isRefusal } from './tenancies.ts'

/** Local name of the server that takes starts and terminations on each node. */
export const PLACEMENT = 'otp.placement'

const NOT_READY: DistributedStartResult = { ok: false, reason: 'not_ready' }

export interface StartRequest extends ChildToStart {
  /** The node that asks. */
  readonly by: NodeId
}

export interface MoveRequest {
  readonly key: string
  /** The name of a node. */
  readonly to: string
  readonly reason: HandoffReason
}

/**
 * How a move that somebody asked for ended, or why it was not begun: no child of that id runs; no such node may be given it now; something
 * else is under way for it; or it would have to be stopped and is never started twice.
 */
export type MoveResult =
  | { readonly ok: true; readonly outcome: 'completed' | 'restarted' | 'already_there' }
  | {
      readonly ok: false
      readonly outcome: Exclude<MoveOutcome, 'completed' | 'restarted'> | 'not_found' | 'no_such_node' | 'busy' | 'not_movable'
    }

/** The child runs, and its record is on its way to the node that asked: the start counts as soon as it is there. */
export interface Witnessed {
  readonly ok: true
  readonly pid: Pid
  readonly gen: number
}

export interface PlacementServerOptions {
  readonly cluster: Cluster
  readonly directory: Directory
  readonly replicator: Replicator
  readonly reconciler: Reconciler
  readonly placement: ChildPlacement
  readonly children: LocalChildren
  readonly mover: Mover
  readonly events: Emitter<DistributedEvents>
}

export class PlacementServer {
  readonly #o: PlacementServerOptions
  /** Starts under way on this node: a second one of the name waits for the first. */
  readonly #starting = new Map<string, Promise<unknown>>()

  constructor(options: PlacementServerOptions) {
    this.#o = options
  }

  /** The behaviour of the server; it runs under `PLACEMENT`. It answers later, so that slow starts do not hold up others. */
  behaviour(): Behaviour<unknown> {
    return genServer({
      name: 'placement',
      init: () => undefined,
      calls: {
        start: (state, request: StartRequest, self) => {
          answer(self.from, this.#start(request))
          return noReply(state)
        },
        terminate: (state, id: string, self) => {
          answer(self.from, this.#terminate(id))
          return noReply(state)
        },
        move: (state, request: MoveRequest, self) => {
          answer(self.from, this.#move(request))
          return noReply(state)
        },
      },
    })
  }

  async #start(request: StartRequest): Promise<DistributedStartResult | Witnessed> {
    const { directory, replicator, cluster, placement } = this.#o
    const { key } = request
    checkName(key)
    for (let first = this.#starting.get(key); first !== undefined; first = this.#starting.get(key)) await first
    const present = whatIsThere(directory.get(key))
    if (present !== undefined) return present
    if (placement.needsQuorum && !cluster.quorum.has) return { ok: false, reason: 'no_quorum' }
    if (!replicator.isJoined || cluster.isLeaving(cluster.id)) return NOT_READY
    const claimed = this.#claim(request)
    this.#starting.set(key, claimed)
    const outcome = await claimed.finally(() => this.#starting.delete(key))
    return 'version' in outcome ? this.#acknowledged(request, outcome) : outcome
  }

  /** Starts it, and writes that it runs; unless the name was taken meanwhile. Its state is written under its birth, which is fixed before. */
  async #claim(request: StartRequest): Promise<DistributedStartResult | DirectoryRecord> {
    const { directory, children, reconciler } = this.#o
    const { key, behaviour, child } = request
    const inherits = directory.get(key) === undefined
    const taken = directory.takeBirth(key)
    const result = await children.start(request, 'call', { gen: taken, founder: this.#o.cluster.id, epoch: 1, inherits })
    if (result === undefined) return NOT_READY
    // A member has it of which nothing is known here yet; or nobody may have it now.
    if (!result.ok && isRefusal(result.reason)) return result.reason === HELD ? { ok: false, reason: 'already_present' } : NOT_READY
    if (!result.ok) return result
    const gen = children.tenancy(key)?.grant.gen ?? taken
    const meanwhile = directory.get(key)
    const isOutdone = meanwhile?.ended === true && meanwhile.gen >= gen
    const refusal = isOutdone ? NOT_READY : whatIsThere(meanwhile)
    if (refusal === undefined) {
      const epoch = children.epoch(key) ?? 1
      return reconciler.claim(key, result.pid, { behaviour, child, value: undefined, gen, epoch })
    }
    await children.stop(key, { shutdown: 'name_conflict' })
    return refusal
  }

  /** A start counts when two nodes know. Another node that asked is a witness itself: on its link the answer comes behind the record. */
  async #acknowledged({ key, behaviour, by }: StartRequest, record: DirectoryRecord): Promise<DistributedStartResult | Witnessed> {
    const { cluster, replicator, events } = this.#o
    const { gen, epoch, version } = record
    const pid = pidOf(record)
    const isWitnessed = by !== cluster.id
    if (isWitnessed) await replicator.pushed()
    const acknowledged = isWitnessed ? undefined : await replicator.acknowledged(version)
    events.emit('child.started', { name: key, behaviour, pid, epoch, acknowledged })
    if (acknowledged === false) return { ok: false, reason: 'unacknowledged', pid }
    return isWitnessed ? { ok: true, pid, gen } : { ok: true, pid }
  }

  async #terminate(id: string): Promise<boolean> {
    const { directory, replicator, cluster, children, reconciler } = this.#o
    const record = directory.get(id)
    if (record === undefined || record.ended || record.owner !== cluster.id) return false
    // Written first: a crash between the two must not bring back what was asked to end.
    const ended = reconciler.end(record, 'terminated')
    const stopped = children.stop(id, 'shutdown', 'ended').then(() => children.forgetState(record))
    await Promise.all([stopped, replicator.acknowledged(ended.version)])
    return true
  }

  async #move({ key, to, reason }: MoveRequest): Promise<MoveResult> {
    const { cluster, reconciler, placement, mover } = this.#o
    const record = this.#owned(key)
    if (record?.child === undefined || record.serial === 0) return { ok: false, outcome: 'not_found' }
    if (to === nodeName(cluster.id)) return { ok: true, outcome: 'already_there' }
    const target = placement.candidates(record.behaviour).find((id) => nodeName(id) === to)
    if (target === undefined) return { ok: false, outcome: 'no_such_node' }
    if (!mover.canMove(record)) return { ok: false, outcome: 'not_movable' }
    const moved = Promise.withResolvers<MoveOutcome>()
    const isBegun = reconciler.exclusively(key, () => {
      moved.resolve(mover.move(record, target, reason))
      return moved.promise
    })
    if (!isBegun) return { ok: false, outcome: 'busy' }
    const outcome = await moved.promise
    return outcome === 'completed' || outcome === 'restarted' ? { ok: true, outcome } : { ok: false, outcome }
  }

  // ---- what the local supervisor tells

  /** A child runs again under a new pid: the same birth, the same epoch. */
  restarted(id: string, pid: Pid): void {
    const record = this.#owned(id)
    if (record === undefined) return
    this.#o.children.restarted(id, pid)
    this.#o.reconciler.claim(id, pid, record, record.claimedAt)
  }

  /** A child ended and is not restarted: the birth is over. */
  gone(id: string, reason: ExitReason): void {
    const record = this.#owned(id)
    this.#o.children.ended(id, record === undefined ? 'free' : 'ended')
    if (record === undefined) return
    this.#o.reconciler.end(record, reason)
    this.#o.children.forgetState(record)
  }

  #owned(id: string): DirectoryRecord | undefined {
    const record = this.#o.directory.get(id)
    return record !== undefined && !record.ended && record.owner === this.#o.cluster.id ? record : undefined
  }
}

/** Why a name cannot be started: a child has it, whether it runs now or is on its way. */
function whatIsThere(record: DirectoryRecord | undefined): DistributedStartResult | undefined {
  if (record === undefined || record.ended) return undefined
  return record.serial === 0 ? { ok: false, reason: 'already_present' } : { ok: false, reason: 'already_started', pid: pidOf(record) }
}

function answer(from: ReplyTo | undefined, pending: Promise<unknown>): void {
  pending.then(
    (value) => from?.reply(value),
    (error: unknown) => from?.fail(new Crash(error)),
  )
}
