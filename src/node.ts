// createNode: puts the rooms together into one running node.
import { type Clock, CodedError, EventStream, type Random, systemClock, systemRandom } from '#base'
import {
  Cluster,
  checkNodeName,
  defaultRuntimeDirectory,
  isLoopback,
  localSecret,
  type MembershipTimes,
  nodeId,
  RemoteRouter,
  TcpTransport,
  type TopologyStrategy,
  type Transport,
} from '#cluster'
import {
  ChildStates,
  CopyHost,
  CopyTable,
  Directory,
  DistributedRegistry,
  DistributedSupervisor,
  type DistributionStrategy,
  LocalChildren,
  PLACEMENT,
  Reconciler,
  Replicator,
  type ReplicatorTimes,
  type StateStore,
  type StateStoreFactory,
  uniform,
} from '#distributed'
import { EventLog, type NodeParts, type NodeSnapshot, nodeSnapshot, OBSERVER, observerServer } from '#introspect'
import {
  type AnswerOf,
  type AnyApplication,
  type AnyBehaviour,
  Applications,
  type CallNames,
  type CallOptions,
  type CastNames,
  type ChildSpec,
  dynamicSupervisor,
  type PayloadArguments,
  type RestartOptions,
  supervisor,
} from '#otp'
import {
  type CallMeasured,
  describeExit,
  detachedClock,
  type ExitReason,
  type NodeId,
  type Pid,
  type Ref,
  Runtime,
  type Tracing,
} from '#process'
import { eventLogTable, type NodeEventStream, type NodeEvents } from './node-events.ts'

export interface NodeOptions {
  /** Unique in its cluster; letters, digits, `_` and `-`. */
  readonly name: string
  /** Tells this life of the node from earlier ones. Default: the wall clock's milliseconds. */
  readonly incarnation?: number
  /** What may be started here by name, from anywhere in the cluster. */
  readonly behaviours?: readonly AnyBehaviour[]
  /** How peers are found; none: the node is a cluster of its own. */
  readonly topologies?: readonly TopologyStrategy[]
  /** Proves to peers that this node is one of them: at least 16 bytes. On loopback it may be left out: then this user's nodes share one. */
  readonly secret?: string
  /** Nodes of another cluster are turned away. Default `otp-labs`. */
  readonly cluster?: string
  /** Where peers reach this node. Default 127.0.0.1 and a free port. */
  readonly host?: string
  readonly port?: number
  /** Instead of TCP; for tests. */
  readonly transport?: (id: NodeId) => Transport
  /** The supervisor of the children that are placed here: its name in the tree, and how much it bears. */
  readonly supervisor?: Pick<RestartOptions, 'maxRestarts' | 'periodMs' | 'backoff'> & { readonly name?: string }
  /** Processes of this node alone, started in order after the node's own. */
  readonly children?: readonly ChildSpec[]
  /** Started when the node is up, after what they depend on, each `permanent`; stopped before anything else is, in reverse order. */
  readonly applications?: readonly AnyApplication[]
  readonly strategy?: DistributionStrategy
  /** Where the state of children is written whose behaviour persists it, as `memoryStateStore()` or `sqliteStateStore(…)`; none: nowhere. */
  readonly stateStore?: StateStoreFactory
  readonly version?: string
  readonly role?: string
  readonly zone?: string
  /** How many members there should be. */
  readonly membersExpected?: number
  readonly clock?: Clock
  readonly random?: Random
  readonly tracing?: Tracing | undefined
  readonly onCallMeasured?: CallMeasured
  readonly events?: NodeEventStream
  readonly membershipTimes?: MembershipTimes
  readonly replicatorTimes?: ReplicatorTimes
}

/** Local name of the dynamic supervisor that runs the cluster's children. */
const CHILDREN = 'otp.children'

/** Starts a node; resolves when it may own children. Rejects with a `CodedError` for what is wrong with the options. */
export async function createNode(options: NodeOptions): Promise<Node> {
  const node = new Node(options)
  try {
    await node.start()
  } catch (error) {
    // What was started already, such as a listening port, would outlive the failure.
    await node.stop('it could not start')
    throw error
  }
  return node
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
  readonly log: EventLog
  /** What introspection reads. */
  readonly parts: NodeParts
  /** Called once if the node cannot go on: its root supervisor gave up, or a younger life of its name is in the cluster. */
  onFailure: (reason: string) => void = () => undefined
  readonly #replicator: Replicator
  readonly #copyHost: CopyHost
  readonly #stateStore: StateStore | undefined
  readonly #root: AnyBehaviour
  readonly #toStart: readonly AnyApplication[]
  #rootPid: Pid | undefined
  #stopping: Promise<void> | undefined
  #isStarted = false

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
    this.cluster = new Cluster({
      id,
      transport: options.transport?.(id) ?? tcp(options, id, clock, random),
      topologies: options.topologies ?? [],
      clock,
      random,
      events,
      ...(options.membershipTimes === undefined ? {} : { times: options.membershipTimes }),
      currentTrace: () => options.tracing?.current(),
    })
    this.runtime.router = new RemoteRouter(this.cluster, this.runtime)
    const { runtime, cluster } = this
    const directory = new Directory(id)
    this.#replicator = new Replicator(cluster, directory, clock, events, options.replicatorTimes)
    const replicator = this.#replicator
    const strategy = options.strategy ?? uniform
    const copies = new CopyTable((key) => directory.get(key))
    this.#copyHost = new CopyHost(cluster, copies, clock)
    const store = options.stateStore?.({ id, clock, cluster, strategy, copies })
    this.#stateStore = store
    directory.lamport = Math.max(directory.lamport, store?.lastGen ?? 0)
    const states = store && new ChildStates({ self: id, store, clock, events, isAlive: (node) => cluster.alive.has(node) })
    const children = new LocalChildren(runtime, CHILDREN, options.behaviours ?? [], states)
    const reconciler = new Reconciler({ cluster, directory, replicator, children, runtime, clock, events, strategy })
    this.registry = new DistributedRegistry(runtime, cluster, directory, children, reconciler)
    this.supervisor = new DistributedSupervisor({ runtime, cluster, directory, replicator, reconciler, children, events })
    runtime.via = (key) => this.registry.lookup(key)
    this.applications = new Applications(runtime, (reason) => this.onFailure(reason))
    this.#toStart = options.applications ?? []
    this.log = new EventLog(() => clock.wall())
    events.subscribe('event-log', eventLogTable(this.log))
    this.parts = {
      runtime,
      cluster,
      registry: this.registry,
      reconciler,
      replicator,
      version: options.version ?? '0',
      role: options.role ?? 'node',
      zone: options.zone ?? '',
      membersExpected: options.membersExpected,
      startedAt: clock.wall(),
    }
    this.#root = this.#tree(options)
  }

  #tree(options: NodeOptions): AnyBehaviour {
    const { name = 'children', ...limits } = options.supervisor ?? {}
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
      ...limits,
      onRestarted: (id, pid) => this.supervisor.restarted(id, pid),
      onGone: (id, reason) => this.supervisor.gone(id, reason),
    })
    return supervisor({
      name: 'node',
      children: [
        { id: 'observer', start: [observerServer(this.parts, this.log, tallies)], name: OBSERVER },
        { id: name, start: [childrenSupervisor], name: CHILDREN },
        { id: 'placement', start: [this.supervisor.server()], name: PLACEMENT },
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
    cluster.onSuperseded = (by) => this.onFailure(`superseded by ${by}, a younger life of this node's name`)
    await cluster.start()
    this.events.emit('node.started', { node: this.id, name: this.name, address: cluster.address, at: this.clock.wall() })
    this.#replicator.joinIfAlone(this.clock.now())
    await this.#replicator.joined
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

  /** Whether it has started, its applications too, and is not on its way out. */
  get isReady(): boolean {
    return this.#isStarted && !this.cluster.membership.leaving
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

  /** Leaves the cluster: places nothing here any more, stops what runs here in order, says goodbye. What ran here starts elsewhere. */
  stop(reason = 'stop'): Promise<void> {
    this.#stopping ??= this.#leave(reason)
    return this.#stopping
  }

  async #leave(reason: string): Promise<void> {
    const startedMono = this.clock.now()
    this.events.emit('node.leaving', { node: this.id, reason, at: this.clock.wall() })
    this.cluster.leave()
    await this.applications.stopAll()
    const root = this.#rootPid === undefined ? undefined : this.runtime.lookup(this.#rootPid)
    if (root !== undefined) {
      const ended = new Promise<void>((resolve) => this.runtime.monitor(root.pid, { down: () => resolve() }))
      root.stop('shutdown')
      await ended
    }
    this.#replicator.flush()
    await this.#copyHost.unneeded()
    await this.#stateStore?.close()
    await this.cluster.stop()
    this.events.emit('node.stopped', { node: this.id, reason, at: this.clock.wall(), durationMs: this.clock.now() - startedMono })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

function tcp(options: NodeOptions, id: NodeId, clock: Clock, random: Random): Transport {
  const { cluster = 'otp-labs', host = '127.0.0.1', port = 0 } = options
  return new TcpTransport({ id, clock, random, cluster, host, port, secret: options.secret ?? secretOfThisHost(host) })
}

function secretOfThisHost(host: string): string {
  if (isLoopback(host)) return localSecret(defaultRuntimeDirectory())
  throw new CodedError(
    'ERR_OTP_NODE_NO_SECRET',
    `others can reach ${host}: expected a secret of at least 16 bytes that all nodes of the cluster share; pass createNode({ secret })`,
  )
}
