// The distributed dynamic supervisor (Horde's): children that run once in the cluster, placed by a strategy, taken over when their node is gone.
import { CodedError } from '#base'
import { type Cluster, nodeName, plainData } from '#cluster'
import { type AnyBehaviour, type ChildSpec, checkChildSpec } from '#otp'
import { ExitError, type ExitReason, type NodeId, NodeRef, Pid, type Runtime } from '#process'
import type { Directory } from '../directory/directory.ts'
import { checkName } from '../directory/name.ts'
import type { NameIndex } from '../directory/name-index.ts'
import { type ChildData, type DirectoryRecord, isQuarantined } from '../directory/record.ts'
import type { Replicator } from '../directory/replicator.ts'
import type { Witness } from '../directory/witness.ts'
import type { HandoffReason } from '../events.ts'
import type { ChildPlacement } from './child-placement.ts'
import type { LocalChildren } from './local-children.ts'
import type { MemberList, Members } from './members.ts'
import { type MoveRequest, type MoveResult, PLACEMENT, type StartRequest, type Witnessed } from './placement-server.ts'
import { pidOf, type Reconciler } from './reconciler.ts'
import type { QuarantinedChild, Relocator } from './relocator.ts'

/**
 * How a start ended. `not_ready`: no node may own children now. `no_quorum`: this part of the cluster has no majority, and the strategy
 * wants one. `already_present`: the name is a child's that does not run now: it is on its way to another node, or in quarantine.
 * `unacknowledged`: it runs, but no peer has confirmed that it knows, so that it would be lost with its node. `max_children`: the node to
 * which it falls is full. `{ shutdown: 'fenced' }` and `{ shutdown: 'state_unavailable' }`: its state is another's by now, or cannot be read.
 * Other reasons: the start failed, with the reason of its `init`; nothing is tried again.
 */
export type DistributedStartResult =
  | { readonly ok: true; readonly pid: Pid }
  | { readonly ok: false; readonly reason: 'already_started' | 'unacknowledged'; readonly pid: Pid }
  | {
      readonly ok: false
      readonly reason: 'not_ready' | 'no_quorum' | 'already_present' | 'max_children' | ExitReason
      readonly pid?: undefined
    }

/** What `whichChildren` answers for each child. */
export interface DistributedChild {
  readonly id: string
  /** `undefined` while it does not run. */
  readonly pid: Pid | undefined
  readonly type: 'worker' | 'supervisor'
  readonly behaviour: string
  /** The name of its node. */
  readonly node: string
  /** `moving`: it was given to a node that has not started it yet; `unplaced`: its node is gone, and nobody has taken it over yet. */
  readonly status: 'running' | 'moving' | 'unplaced' | 'quarantined'
}

/** What `countChildren` answers: Horde's four, and the children that do not run by why. */
export interface DistributedChildCounts {
  readonly specs: number
  readonly active: number
  readonly supervisors: number
  readonly workers: number
  readonly moving: number
  readonly unplaced: number
  readonly quarantined: number
}

export interface DistributedSupervisorOptions {
  readonly runtime: Runtime
  readonly cluster: Cluster
  readonly directory: Directory
  readonly names: NameIndex
  readonly replicator: Replicator
  readonly reconciler: Reconciler
  readonly placement: ChildPlacement
  readonly members: Members
  readonly relocator: Relocator
  readonly children: LocalChildren
  readonly witness: Witness
}

/** Default deadline of a start anywhere in the cluster. */
const START_TIMEOUT_MS = 10_000

export class DistributedSupervisor {
  readonly #o: DistributedSupervisorOptions

  constructor(options: DistributedSupervisorOptions) {
    this.#o = options
  }

  /**
   * Starts a child on the node its id falls to, and resolves when it runs and one peer knows of it. The id becomes a name of the
   * cluster. The argument has to be plain data: the child may be started again anywhere.
   */
  async startChild<B extends AnyBehaviour>(spec: ChildSpec<B>): Promise<DistributedStartResult> {
    const request = this.#request(spec)
    const { placement, directory, cluster } = this.#o
    if (placement.needsQuorum && !cluster.quorum.has) return { ok: false, reason: 'no_quorum' }
    const { key, behaviour } = request
    const node = placement.nodeFor({ key, behaviour, gen: directory.nextBirth(key), child: undefined })
    if (node === undefined) return { ok: false, reason: 'not_ready' }
    const result = (await this.#ask(node, 'start', request)) as DistributedStartResult | Witnessed
    if (!('gen' in result)) return result
    const { pid } = result
    return (await this.#o.witness.has(key, result.gen)) ? { ok: true, pid } : { ok: false, reason: 'unacknowledged', pid }
  }

  #request<B extends AnyBehaviour>(spec: ChildSpec<B>): StartRequest {
    checkChildSpec(spec, 'never')
    checkName(spec.id)
    if (spec.name !== undefined) {
      throw new CodedError(
        'ERR_OTP_OTP_BAD_CHILD_SPEC',
        `child specification '${spec.id}': a child of the cluster is found by its id; leave out name`,
      )
    }
    const [{ name: behaviour }, argument] = spec.start
    this.#o.children.behaviour(behaviour)
    plainData(argument)
    const child: ChildData = {
      argument,
      restart: spec.restart ?? 'permanent',
      shutdown: typeof spec.shutdown === 'number' ? wholeMs(spec.shutdown, 'infinity') : spec.shutdown,
      startTimeoutMs: spec.startTimeoutMs === undefined ? undefined : wholeMs(spec.startTimeoutMs, undefined),
      backoff: spec.backoff,
      failures: undefined,
    }
    return { key: spec.id, behaviour, child, by: this.#o.cluster.id }
  }

  /** Ends a child wherever it runs, found by its id or its pid; resolves with `false` if there is none. It does not come back. */
  async terminateChild(child: string | Pid): Promise<boolean> {
    const record = this.#find(child)
    if (record === undefined) return false
    if (this.#o.cluster.alive.has(record.owner)) return (await this.#ask(record.owner, 'terminate', record.key)) === true
    const ended = this.#o.reconciler.end(record, 'terminated')
    this.#o.children.forgetState(record)
    await this.#o.replicator.acknowledged(ended.version)
    return true
  }

  /**
   * Moves a child to the node of this name: with its state and its messages if its behaviour declares `handoff`, else it begins anew there.
   * Resolves when that is over, however it ended; where nothing was moved the child goes on where it was. By the strategy it may belong
   * elsewhere still: with `processRedistribution: 'active'` a later change of members takes it back, when it has cooled.
   */
  async moveChild(child: string | Pid, to: string, reason: HandoffReason = 'manual'): Promise<MoveResult> {
    const record = this.#find(child)
    if (record === undefined) return { ok: false, outcome: 'not_found' }
    const request: MoveRequest = { key: record.key, to, reason }
    const result = (await this.#ask(record.owner, 'move', request, Number.POSITIVE_INFINITY)) as
      | MoveResult
      | { readonly reason: ExitReason }
    // Its node is gone, or on its way out.
    return 'outcome' in result ? result : { ok: false, outcome: 'stopped' }
  }

  #find(child: string | Pid): DirectoryRecord | undefined {
    const ids = child instanceof Pid ? this.#o.names.keysOf(child) : [child]
    return ids.map((id) => this.#o.directory.get(id)).find((record) => record !== undefined && !record.ended && record.child !== undefined)
  }

  /** Children of the whole cluster, whether they run or not, by this node's copy of the directory. */
  whichChildren(): readonly DistributedChild[] {
    const children: DistributedChild[] = []
    for (const record of this.#o.directory.records()) {
      if (record.ended || record.child === undefined) continue
      const { key: id, behaviour, owner } = record
      const status = this.#statusOf(record)
      const pid = status === 'running' ? pidOf(record) : undefined
      children.push({ id, pid, type: this.#o.children.typeOf(behaviour), behaviour, node: nodeName(owner), status })
    }
    return children
  }

  countChildren(): DistributedChildCounts {
    const count = { running: 0, moving: 0, unplaced: 0, quarantined: 0, worker: 0, supervisor: 0 }
    for (const { status, type } of this.whichChildren()) {
      count[status]++
      count[type]++
    }
    const { running: active, moving, unplaced, quarantined, worker: workers, supervisor: supervisors } = count
    return { specs: workers + supervisors, active, supervisors, workers, moving, unplaced, quarantined }
  }

  #statusOf(record: DirectoryRecord): DistributedChild['status'] {
    if (isQuarantined(record)) return 'quarantined'
    if (!this.#o.cluster.alive.has(record.owner)) return 'unplaced'
    return record.serial === 0 ? 'moving' : 'running'
  }

  // ---- children that failed wherever they went

  quarantined(): readonly QuarantinedChild[] {
    return this.#o.relocator.quarantined
  }

  /** Lets a quarantined child start again; resolves with `false` if it is not quarantined, or if no peer has confirmed that it knows. */
  async release(id: string): Promise<boolean> {
    const version = this.#o.relocator.release(id)
    return version !== undefined && this.#o.replicator.acknowledged(version)
  }

  // ---- where children may run

  /** Names of the nodes that may be given children now. */
  members(): readonly string[] {
    return this.#o.members.candidates().map(nodeName)
  }

  /**
   * Says for the whole cluster which nodes may be given children: all (`auto`), or those named. Children of other nodes move. Resolves with
   * `false` if no peer has confirmed that it knows. The last word counts, wherever it was said.
   */
  setMembers(members: MemberList): Promise<boolean> {
    return this.#o.replicator.acknowledged(this.#o.members.set(members))
  }

  /** Resolves with `true` as soon as this node sees a majority of the cluster, with `false` after `timeoutMs`. */
  waitForQuorum(timeoutMs: number): Promise<boolean> {
    return this.#o.cluster.quorum.wait(timeoutMs)
  }

  async #ask(node: NodeId, call: 'start' | 'terminate' | 'move', payload: unknown, timeoutMs = START_TIMEOUT_MS): Promise<unknown> {
    try {
      return await this.#o.runtime.call(new NodeRef(node, PLACEMENT, 'placement'), call, payload, timeoutMs)
    } catch (error) {
      if (error instanceof ExitError) return { ok: false, reason: error.reason }
      throw error
    }
  }
}

/** Records hold whole numbers: times are rounded up, and endless ones have a word of their own. */
function wholeMs<T>(ms: number, endless: T): number | T {
  return Number.isFinite(ms) ? Math.ceil(ms) : endless
}
