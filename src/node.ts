// createNode: puts the rooms together into one running node.
import { type Clock, CodedError, EventStream, systemClock, systemRandom } from '#base'
import { Cluster, checkNodeName, incarnationOf, MEMBERSHIP_RULES, NodeMonitor, nodeId, RemoteRouter } from '#cluster'
import {
  type Distributed,
  type DistributedRegistry,
  type DistributedSupervisor,
  type DrainOptions,
  type DrainReport,
  distributed,
  HANDOFF_RULES,
  PLACEMENT,
  RULES,
  type Rules,
} from '#distributed'
import {
  EventLog,
  History,
  type NodeParts,
  type NodeSnapshot,
  nodeSnapshot,
  nodeSnapshotInSlices,
  OBSERVER,
  observerServer,
} from '#introspect'
import {
  type AnswerOf,
  type AnyApplication,
  type AnyBehaviour,
  Applications,
  type Backoff,
  type CallNames,
  type CallOptions,
  type CastNames,
  dynamicSupervisor,
  type PayloadArguments,
  supervisor,
} from '#otp'
import { describeExit, detachedClock, type ExitReason, type NodeId, type Pid, type Ref, Runtime } from '#process'
import { eventLogTable, type NodeEventStream, type NodeEvents } from './node-events.ts'
import type { NodeOptions } from './node-options.ts'
import { tcp } from './node-transport.ts'

export type { NodeOptions } from './node-options.ts'

/** Local name of the dynamic supervisor that runs the cluster's children. */
const CHILDREN = 'otp.children'
/** Names in the tree: of its root, and of that supervisor unless it is given another. */
const ROOT = 'node'
const CHILDREN_NAME = 'children'

/**
 * A supervisor of many poison children gives up several times in a row. Its waits are such that no more than three of its lives end within five
 * seconds, which the node's root bears: what is poison goes elsewhere, and the node lives on.
 */
const BETWEEN_LIVES: Backoff = { minMs: 20, maxMs: 5000, factor: 50 }

/** A node that has joined without seeing most of its cluster would deny what the others have: for so long it is not ready. */
const UNREADY_ALONE_MS = 30_000

/** Starts a node; resolves when it may own children. Rejects with a `CodedError` for what is wrong with the options. */
export function createNode(options: NodeOptions): Promise<Node> {
  return startNode(new Node(options), (incarnation) => new Node({ ...options, incarnation }))
}

/**
 * Starts a node. If its cluster knows a younger life of its name, because the clock was set back between the two, it is made
 * anew with an incarnation above that one: the life that starts last wins.
 */
export async function startNode(first: Node, again: (incarnation: number) => Node): Promise<Node> {
  for (let node = first; ; ) {
    try {
      await node.start()
      return node
    } catch (error) {
      // What was started already, such as a listening port, would outlive the failure.
      await node.stop('it could not start')
      if (!(error instanceof Superseded)) throw error
      node = again(incarnationOf(error.by) + 1)
    }
  }
}

/** It comes to a cluster that knows a younger life of its name. */
class Superseded extends CodedError {
  readonly by: NodeId

  constructor(id: NodeId, by: NodeId) {
    super('ERR_OTP_NODE_SUPERSEDED', `node ${id} is superseded by ${by}, a younger life of its name; give it a higher incarnation`)
    this.by = by
  }
}

export class Node {
  readonly id: NodeId
  readonly name: string
  readonly events: NodeEventStream
  readonly clock: Clock
  readonly runtime: Runtime
  readonly cluster: Cluster
  readonly registry: DistributedRegistry
  readonly supervisor: DistributedSupervisor
  readonly applications: Applications
  /** Tells when nodes come up and go down. */
  readonly monitor: NodeMonitor
  readonly log: EventLog
  /** What introspection reads. */
  readonly parts: NodeParts
  /** Called once if the node cannot go on: its root supervisor gave up, or a younger life of its name is in the cluster. */
  onFailure: (reason: string) => void = () => undefined
  readonly #distributed: Distributed
  readonly #root: AnyBehaviour
  readonly #toStart: readonly AnyApplication[]
  #rootPid: Pid | undefined
  #leaving: Promise<DrainReport> | undefined
  #stopping: Promise<void> | undefined
  #isStarted = false
  #hasMetCluster = false

  constructor(options: NodeOptions) {
    this.name = checkNodeName(options.name)
    const { clock: given = systemClock, tracing } = options
    this.clock = tracing === undefined ? given : detachedClock(given, tracing)
    this.id = nodeId(this.name, options.incarnation ?? this.clock.wall())
    this.events = options.events ?? new EventStream<NodeEvents>()
    const { clock, events, id } = this
    const random = options.random ?? systemRandom
    this.runtime = new Runtime({ id, clock, events, tracing: options.tracing })
    this.runtime.onCallMeasured = options.onCallMeasured
    this.runtime.onMessageMeasured = options.onMessageMeasured
    this.cluster = new Cluster({
      id,
      transport: options.transport?.(id) ?? tcp(options, id, clock, random),
      topologies: options.topologies ?? [],
      membersExpected: options.membersExpected,
      clock,
      random,
      events,
      isBehind: () => this.runtime.isBehind,
      ...(options.membershipTimes === undefined ? {} : { times: options.membershipTimes }),
      rules: { ...MEMBERSHIP_RULES, ...options.rules?.membership },
      offers: (options.behaviours ?? []).map(({ name }) => name),
      zone: options.zone,
      currentTrace: () => options.tracing?.current(),
    })
    this.monitor = new NodeMonitor(this.cluster, this.runtime)
    this.runtime.router = new RemoteRouter(this.cluster, this.runtime)
    const { runtime, cluster } = this
    // So that what is counted of them stands at 0 before there is anything to count.
    for (const { name } of options.behaviours ?? []) runtime.counts(name)
    const supervisorPath = `${ROOT}/${options.supervisor?.name ?? CHILDREN_NAME}`
    const rules: Rules = { ...RULES, ...options.rules?.directory }
    this.#distributed = distributed({
      id,
      runtime,
      cluster,
      clock,
      random,
      events,
      rules,
      handoffRules: { ...HANDOFF_RULES, ...options.rules?.handoff },
      times: options.replicatorTimes,
      behaviours: options.behaviours ?? [],
      localSupervisor: CHILDREN,
      supervisorPath,
      supervisor: options.supervisor ?? {},
      registry: options.registry ?? {},
      stateStore: options.stateStore,
      arbiter: options.arbiter,
    })
    const { registry, directory, reconciler, relocator, handoffs, replicator, redistributor } = this.#distributed
    this.registry = registry
    this.supervisor = this.#distributed.supervisor
    runtime.via = (key) => this.registry.lookup(key)
    this.applications = new Applications(runtime, (reason) => this.onFailure(reason))
    this.#toStart = options.applications ?? []
    this.log = new EventLog(() => clock.wall())
    events.subscribe('event-log', eventLogTable(this.log))
    const history = new History(clock)
    events.subscribe('history', history.table)
    this.parts = {
      runtime,
      cluster,
      directory,
      registry,
      reconciler,
      relocator,
      handoffs,
      replicator,
      redistributor,
      arbiter: this.#distributed.arbiter,
      version: options.version ?? '0',
      role: options.role ?? 'node',
      zone: options.zone ?? '',
      startedAt: clock.wall(),
      supervisorPath,
      history,
      behaviours: options.behaviours ?? [],
      controls: {
        drain: ({ deadlineMs }) => this.drain(deadlineMs === undefined ? {} : { deadlineMs }),
        undrain: () => this.resume(),
        ...options.controls,
      },
    }
    this.#root = this.#tree(options)
  }

  #tree(options: NodeOptions): AnyBehaviour {
    const { name = CHILDREN_NAME, maxRestarts, periodMs, backoff, maxChildren, extraArguments } = options.supervisor ?? {}
    const { placementServer, children } = this.#distributed
    const tallies = { restarts: 0, takeovers: 0 }
    this.events.subscribe('tallies', {
      'supervisor.child_restarted': () => {
        tallies.restarts++
      },
      'child.taken_over': ({ outcome }) => {
        if (outcome === 'started') tallies.takeovers++
      },
    })
    const childrenSupervisor = dynamicSupervisor({
      name,
      maxRestarts,
      periodMs,
      ...(backoff === undefined ? {} : { backoff }),
      ...(maxChildren === undefined ? {} : { maxChildren }),
      ...(extraArguments === undefined ? {} : { extraArguments }),
      onRestarted: (id, pid) => placementServer.restarted(id, pid),
      onGone: (id, reason) => placementServer.gone(id, reason),
      onFailure: (id, reason, isOneTooMany) => children.failed(id, reason, isOneTooMany),
    })
    return supervisor({
      name: ROOT,
      children: [
        { id: 'observer', start: [observerServer(this.parts, this.log, tallies)], name: OBSERVER },
        { id: name, start: [childrenSupervisor], name: CHILDREN, backoff: BETWEEN_LIVES },
        { id: 'placement', start: [placementServer.behaviour()], name: PLACEMENT },
        ...(options.children ?? []),
      ],
    })
  }

  /** Joins the cluster; called once. Separate from the constructor so that listeners can be there before the first fact. */
  async start(): Promise<void> {
    const { runtime, cluster } = this
    const result = await runtime.spawn(this.#root.body, undefined, { cause: 'boot' })
    if (!result.ok)
      throw new CodedError('ERR_OTP_NODE_START', `node ${this.name} could not start its supervision tree: ${describeExit(result.reason)}`)
    this.#rootPid = result.pid
    runtime.monitor(result.pid, { down: (_ref, _pid, reason) => this.#onRootDown(reason) })
    const superseded = Promise.withResolvers<never>()
    const { replicator, arbiter } = this.#distributed
    cluster.onSuperseded = (by) => {
      if (replicator.isJoined) this.onFailure(`superseded by ${by}, a younger life of this node's name`)
      else superseded.reject(new Superseded(this.id, by))
    }
    await arbiter?.start()
    await cluster.start()
    this.events.emit('node.started', { node: this.id, name: this.name, address: cluster.address, at: this.clock.wall() })
    replicator.joinIfAlone(this.clock.now())
    await Promise.race([replicator.joined, superseded.promise])
    void cluster.quorum.wait(UNREADY_ALONE_MS).then(() => {
      this.#hasMetCluster = true
    })
    for (const application of this.#toStart) await this.#startApplication(application)
    this.#isStarted = true
  }

  async #startApplication(application: AnyApplication): Promise<void> {
    const result = await this.applications.ensureAllStarted(application, 'permanent')
    if (result.ok || this.#stopping !== undefined) return
    const why = 'because' in result ? describeExit(result.because) : result.reason
    await this.stop(`the application ${result.application} did not start`)
    throw new CodedError('ERR_OTP_NODE_START', `node ${this.name} could not start the application ${result.application}: ${why}`)
  }

  #onRootDown(reason: ExitReason): void {
    if (this.#stopping === undefined) this.onFailure(`the root supervisor gave up: ${describeExit(reason)}`)
  }

  /**
   * Whether it has started, its applications too, and neither drains nor is on its way out. Who expects more members than it has found waits half
   * a minute for them first.
   */
  get isReady(): boolean {
    const { leaving, draining } = this.cluster.membership
    return this.#isStarted && this.#hasMetCluster && !leaving && !draining
  }

  /** Calls a process wherever it lives. Rejects with `ExitError`: the callee's exit reason, `noproc`, `noconnection` or `timeout`. */
  call<B, N extends CallNames<B>>(
    to: Ref<B>,
    name: N,
    ...rest: PayloadArguments<NoInfer<B>, 'calls', N, CallOptions>
  ): Promise<AnswerOf<B, N>> {
    const [payload, options] = rest as [unknown, CallOptions | undefined]
    return this.runtime.call(to, name, payload, options?.timeoutMs) as Promise<AnswerOf<B, N>>
  }

  /** Sends without waiting; what reaches nobody is a dead letter. */
  cast<B, N extends CastNames<B>>(to: Ref<B>, name: N, ...rest: PayloadArguments<NoInfer<B>, 'casts', N>): void {
    this.runtime.send(to, 'cast', name, rest[0])
  }

  snapshot(): NodeSnapshot {
    return nodeSnapshot(this.parts)
  }

  /** The same for who has time: read in slices of a few ms, between which others run. */
  snapshotInSlices(): Promise<NodeSnapshot> {
    return nodeSnapshotInSlices(this.parts)
  }

  /**
   * Takes nothing new from now on and hands its children over, each with its state if its behaviour declares `handoff`; the node stays in the
   * cluster. Resolves when none is left or the time is up, and never rejects; asked again it answers the same, or tries again what is left.
   */
  drain(options?: DrainOptions): Promise<DrainReport> {
    return this.#distributed.drain.drain(options)
  }

  /** Takes children again after `drain`; `false` if it did anyway, or leaves. */
  resume(): boolean {
    return this.#distributed.drain.resume()
  }

  /** The first half of `stop`: says that this node leaves, and hands its children over. It still answers and calls. */
  leave(reason = 'stop', options: DrainOptions = {}): Promise<DrainReport> {
    this.#leaving ??= this.#sayGoodbye(reason, options)
    return this.#leaving
  }

  async #sayGoodbye(reason: string, options: DrainOptions): Promise<DrainReport> {
    this.events.emit('node.leaving', { node: this.id, reason, at: this.clock.wall() })
    this.cluster.leave()
    await this.applications.stopAll()
    return this.#distributed.drain.leave(options)
  }

  /** Leaves the cluster: hands over what it can, stops the rest in order, says goodbye. What was stopped here starts elsewhere. */
  stop(reason = 'stop', options?: DrainOptions): Promise<void> {
    this.#stopping ??= this.#end(reason, options)
    return this.#stopping
  }

  async #end(reason: string, options?: DrainOptions): Promise<void> {
    const startedMono = this.clock.now()
    await this.leave(reason, options)
    const root = this.#rootPid === undefined ? undefined : this.runtime.lookup(this.#rootPid)
    if (root !== undefined) {
      const ended = new Promise<void>((resolve) => this.runtime.monitor(root.pid, { down: () => resolve() }))
      root.stop('shutdown')
      await ended
    }
    // Nothing runs here any more: others need not wait for the lease to run out.
    await this.#distributed.arbiter?.stop()
    await this.#distributed.leave()
    await this.cluster.stop()
    this.events.emit('node.stopped', { node: this.id, reason, at: this.clock.wall(), durationMs: this.clock.now() - startedMono })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
