// The distributed dynamic supervisor (Horde's): children that run once in the cluster, placed by consistent hashing, taken over when their node is gone.
import { CodedError, type Emitter } from '#base'
import type { Cluster } from '#cluster'
import { type AnyBehaviour, type Behaviour, type ChildSpec, checkChildSpec, genServer, noReply, type StartChildResult } from '#otp'
import { Crash, ExitError, type ExitReason, type NodeId, NodeRef, type Pid, type ReplyTo, type Runtime } from '#process'
import type { Directory } from './directory.ts'
import type { DistributedEvents } from './events.ts'
import type { ChildToStart, LocalChildren } from './local-children.ts'
import { pidOf, type Reconciler } from './reconciler.ts'
import type { ChildData, DirectoryRecord } from './record.ts'
import { checkName } from './registry.ts'
import type { Replicator } from './replicator.ts'

/** Local name of the server that takes starts and terminations on each node. */
export const PLACEMENT = 'otp.placement'

/**
 * How a start ended. `not_ready`: no node may own children now. `unacknowledged`: it runs, but no peer has confirmed that it
 * knows, so that it would be lost with its node. Other reasons: the start failed, with the reason of its `init`.
 */
export type DistributedStartResult =
  | { readonly ok: true; readonly pid: Pid }
  | { readonly ok: false; readonly reason: 'already_started' | 'unacknowledged'; readonly pid: Pid }
  | { readonly ok: false; readonly reason: 'not_ready' | ExitReason; readonly pid?: undefined }

export interface DistributedSupervisorOptions {
  readonly runtime: Runtime
  readonly cluster: Cluster
  readonly directory: Directory
  readonly replicator: Replicator
  readonly reconciler: Reconciler
  readonly children: LocalChildren
  readonly events: Emitter<DistributedEvents>
}

/** Default deadline of a start anywhere in the cluster. */
const START_TIMEOUT_MS = 10_000

export class DistributedSupervisor {
  readonly #o: DistributedSupervisorOptions
  /** Starts under way on this node, so that two of one name meet. */
  readonly #starting = new Set<string>()

  constructor(options: DistributedSupervisorOptions) {
    this.#o = options
  }

  /**
   * Starts a child on the node its id falls to, and resolves when it runs and one peer knows of it. The id becomes a name of the
   * cluster. The argument has to be plain data: the child may be started again anywhere.
   */
  async startChild<B extends AnyBehaviour>(spec: ChildSpec<B>): Promise<DistributedStartResult> {
    checkChildSpec(spec)
    checkName(spec.id)
    if (spec.name !== undefined) {
      throw new CodedError(
        'ERR_OTP_OTP_BAD_CHILD_SPEC',
        `child specification '${spec.id}': a child of the cluster is found by its id; leave out name`,
      )
    }
    const [behaviour, argument] = spec.start
    this.#o.children.behaviour(behaviour.name)
    const child: ChildData = { argument, restart: spec.restart ?? 'permanent', shutdown: spec.shutdown }
    const request: ChildToStart = { key: spec.id, behaviour: behaviour.name, child }
    const node = this.#o.reconciler.place(spec.id)
    if (node === undefined) return { ok: false, reason: 'not_ready' }
    return this.#ask(node, 'start', request) as Promise<DistributedStartResult>
  }

  /** Ends a child wherever it runs; resolves with `false` if there is none. It does not come back. */
  async terminateChild(id: string): Promise<boolean> {
    const record = this.#o.directory.get(id)
    if (record === undefined || record.ended || record.child === undefined) return false
    if (this.#o.cluster.alive.has(record.owner)) return (await this.#ask(record.owner, 'terminate', id)) === true
    const ended = this.#o.reconciler.end(record, 'terminated')
    this.#o.children.forgetState(record)
    await this.#o.replicator.acknowledged(ended.version)
    return true
  }

  /** Live children of the whole cluster, by this node's copy of the directory. */
  whichChildren(): { readonly id: string; readonly pid: Pid; readonly behaviour: string }[] {
    const children = []
    for (const record of this.#o.directory.records()) {
      if (!record.ended && record.child !== undefined && this.#o.cluster.alive.has(record.owner)) {
        children.push({ id: record.key, pid: pidOf(record), behaviour: record.behaviour })
      }
    }
    return children
  }

  async #ask(node: NodeId, call: 'start' | 'terminate', payload: unknown): Promise<unknown> {
    try {
      return await this.#o.runtime.call(new NodeRef(node, PLACEMENT, 'placement'), call, payload, START_TIMEOUT_MS)
    } catch (error) {
      if (error instanceof ExitError) return { ok: false, reason: error.reason }
      throw error
    }
  }

  /** The behaviour of the server that does this node's part; it runs under `PLACEMENT`. */
  server(): Behaviour<unknown> {
    return genServer({
      name: 'placement',
      init: () => undefined,
      calls: {
        start: (state, request: ChildToStart, self) => {
          this.#answer(self.from, this.#start(request))
          return noReply(state)
        },
        terminate: (state, id: string, self) => {
          this.#answer(self.from, this.#terminate(id))
          return noReply(state)
        },
      },
    })
  }

  #answer(from: ReplyTo | undefined, answer: Promise<unknown>): void {
    answer.then(
      (value) => from?.reply(value),
      (error: unknown) => from?.fail(new Crash(error)),
    )
  }

  async #start(request: ChildToStart): Promise<DistributedStartResult> {
    const { directory, replicator, cluster, children, reconciler, events } = this.#o
    checkName(request.key)
    const present = directory.get(request.key)
    if (present !== undefined && !present.ended) return { ok: false, reason: 'already_started', pid: pidOf(present) }
    if (!replicator.isJoined || cluster.membership.leaving || this.#starting.has(request.key)) return { ok: false, reason: 'not_ready' }
    this.#starting.add(request.key)
    try {
      const gen = directory.lamport + 1
      // Where nobody knows of the name, its last birth may not have ended but gone down with the whole cluster.
      const birth = { gen, epoch: 1, oldestGen: present === undefined ? 0 : gen }
      const result: StartChildResult = await children.start(request, 'call', birth)
      if (!result.ok) return result
      const meanwhile = directory.get(request.key)
      if (meanwhile !== undefined && (!meanwhile.ended || meanwhile.gen >= gen)) {
        await children.stop(request.key, { shutdown: 'name_conflict' })
        return meanwhile.ended ? { ok: false, reason: 'not_ready' } : { ok: false, reason: 'already_started', pid: pidOf(meanwhile) }
      }
      const record = reconciler.claim(request.key, result.pid, {
        behaviour: request.behaviour,
        child: request.child,
        gen,
        epoch: children.epoch(request.key) ?? 1,
      })
      const acknowledged = await replicator.acknowledged(record.version)
      events.emit('child.started', { name: request.key, behaviour: request.behaviour, pid: result.pid, epoch: record.epoch, acknowledged })
      return acknowledged ? result : { ok: false, reason: 'unacknowledged', pid: result.pid }
    } finally {
      this.#starting.delete(request.key)
    }
  }

  async #terminate(id: string): Promise<boolean> {
    const { directory, replicator, cluster, children, reconciler } = this.#o
    const record = directory.get(id)
    if (record === undefined || record.ended || record.owner !== cluster.id) return false
    // Written first: a crash between the two must not bring back what was asked to end.
    const ended = reconciler.end(record, 'terminated')
    const stopped = children.stop(id, 'shutdown').then(() => children.forgetState(record))
    await Promise.all([stopped, replicator.acknowledged(ended.version)])
    return true
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
    this.#o.children.gone(id)
    const record = this.#owned(id)
    if (record === undefined) return
    this.#o.reconciler.end(record, reason)
    this.#o.children.forgetState(record)
  }

  #owned(id: string): DirectoryRecord | undefined {
    const record = this.#o.directory.get(id)
    return record !== undefined && !record.ended && record.owner === this.#o.cluster.id ? record : undefined
  }
}
