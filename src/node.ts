// createNode: puts the rooms together into one running node.
import { type Clock, CodedError, EventStream, type Random, systemClock, systemRandom } from '#base'
import {
  Cluster,
  checkNodeName,
  defaultRuntimeDirectory,
  incarnationOf,
  isLoopback,
  type Limits,
  localSecret,
  MEMBERSHIP_RULES,
  type MembershipRules,
  type MembershipTimes,
  NodeMonitor,
  nodeId,
  RemoteRouter,
  TcpTransport,
  type TlsOptions,
  type TlsSource,
  type TopologyStrategy,
  type Transport,
} from '#cluster'
import {
  type Distributed,
  type DistributedRegistry,
  type DistributedRegistryStart,
  type DistributedSupervisor,
  type DistributionOptions,
  distributed,
  HANDOFF_RULES,
  type HandoffRules,
  PLACEMENT,
  type ReplicatorTimes,
  RULES,
  type Rules,
  type StateStoreFactory,
} from '#distributed'
import { EventLog, type NodeParts, type NodeSnapshot, nodeSnapshot, OBSERVER, observerServer } from '#introspect'
import {
  type AnswerOf,
  type AnyApplication,
  type AnyBehaviour,
  Applications,
  type Backoff,
  type CallNames,
  type CallOptions,
  type CastNames,
  type ChildSpec,
  type DynamicSupervisorOptions,
  dynamicSupervisor,
  type PayloadArguments,
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
  /** With it links are encrypted, and peers need a certificate besides the secret; all nodes of the cluster have it, or none. */
  readonly tls?: TlsOptions | TlsSource | undefined
  /** What a link and a stranger may cost this node, where the defaults do not fit. */
  readonly limits?: Partial<Limits>
  /** Instead of TCP; for tests. */
  readonly transport?: (id: NodeId) => Transport
  /** Where the cluster's children run; and the local supervisor of those that are placed here: its name in the tree, and how much it bears. */
  readonly supervisor?: DistributionOptions & LocalSupervisorOptions
  readonly registry?: DistributedRegistryStart
  /** Processes of this node alone, started in order after the node's own. */
  readonly children?: readonly ChildSpec[]
  /** Started when the node is up, after what they depend on, each `permanent`; stopped before anything else is, in reverse order. */
  readonly applications?: readonly AnyApplication[]
  /** Where the state of children is written whose behaviour persists it, as `memoryStateStore()` or `sqliteStateStore(…)`; none: nowhere. */
  readonly stateStore?: StateStoreFactory | undefined
  readonly version?: string
  readonly role?: string
  readonly zone?: string
  /** How many members there should be. Default: what a topology knows, such as the length of a static list. */
  readonly membersExpected?: number
  readonly clock?: Clock
  readonly random?: Random
  readonly tracing?: Tracing | undefined
  readonly onCallMeasured?: CallMeasured
  readonly events?: NodeEventStream
  readonly membershipTimes?: MembershipTimes
  readonly replicatorTimes?: ReplicatorTimes
  /** Rules of the protocol to be replaced, in a simulation that shows what they are there for. */
  readonly rules?: {
    readonly membership?: Partial<MembershipRules>
    readonly directory?: Partial<Rules>
    readonly handoff?: Partial<HandoffRules>
  }
}

/** The part of a dynamic supervisor's options that a node's own takes. `maxChildren` is for this node, `extraArguments` need not be plain data. */
type LocalSupervisorOptions = Partial<Pick<DynamicSupervisorOptions, 'name' | 'backoff' | 'maxChildren' | 'extraArguments'>>

/** Local name of the dynamic supervisor that runs the cluster's children. */
const CHILDREN = 'otp.children'

/**
 * A supervisor of many poison children gives up several times in a row. Its waits are such that no more than three of its lives end within five
 * seconds, which the node's root bears: what is poison goes elsewhere, and the node lives on.
 */
const BETWEEN_LIVES: Backoff = { minMs: 20, maxMs: 5000, factor: 50 }

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
      membersExpected: options.membersExpected,
      clock,
      random,
      events,
      isBehind: () => this.runtime.isBehind,
      ...(options.membershipTimes === undefined ? {} : { times: options.membershipTimes }),
      rules: { ...MEMBERSHIP_RULES, ...options.rules?.membership },
      offers: (options.behaviours ?? []).map(({ name }) => name),
      currentTrace: () => options.tracing?.current(),
    })
    this.monitor = new NodeMonitor(this.cluster, this.runtime)
    this.runtime.router = new RemoteRouter(this.cluster, this.runtime)
    const { runtime, cluster } = this
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
      supervisor: options.supervisor ?? {},
      registry: options.registry ?? {},
      stateStore: options.stateStore,
    })
    const { registry, directory, reconciler, relocator, handoffs, replicator } = this.#distributed
    this.registry = registry
    this.supervisor = this.#distributed.supervisor
    runtime.via = (key) => this.registry.lookup(key)
    this.applications = new Applications(runtime, (reason) => this.onFailure(reason))
    this.#toStart = options.applications ?? []
    this.log = new EventLog(() => clock.wall())
    events.subscribe('event-log', eventLogTable(this.log))
    this.parts = {
      runtime,
      cluster,
      directory,
      registry,
      reconciler,
      relocator,
      handoffs,
      replicator,
      version: options.version ?? '0',
      role: options.role ?? 'node',
      zone: options.zone ?? '',
      startedAt: clock.wall(),
    }
    this.#root = this.#tree(options)
  }

  #tree(options: NodeOptions): AnyBehaviour {
    const { name = 'children', maxRestarts, periodMs, backoff, maxChildren, extraArguments } = options.supervisor ?? {}
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
      name: 'node',
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
    const { replicator } = this.#distributed
    cluster.onSuperseded = (by) => {
      if (replicator.isJoined) this.onFailure(`superseded by ${by}, a younger life of this node's name`)
      else superseded.reject(new Superseded(this.id, by))
    }
    await cluster.start()
    this.events.emit('node.started', { node: this.id, name: this.name, address: cluster.address, at: this.clock.wall() })
    replicator.joinIfAlone(this.clock.now())
    await Promise.race([replicator.joined, superseded.promise])
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

  /**
   * Leaves the cluster: places nothing here any more, hands over what moves with its state, stops the rest in order, says goodbye. What was
   * stopped here starts elsewhere.
   */
  stop(reason = 'stop'): Promise<void> {
    this.#stopping ??= this.#leave(reason)
    return this.#stopping
  }

  async #leave(reason: string): Promise<void> {
    const startedMono = this.clock.now()
    this.events.emit('node.leaving', { node: this.id, reason, at: this.clock.wall() })
    this.cluster.leave()
    await this.applications.stopAll()
    await this.#distributed.drain()
    const root = this.#rootPid === undefined ? undefined : this.runtime.lookup(this.#rootPid)
    if (root !== undefined) {
      const ended = new Promise<void>((resolve) => this.runtime.monitor(root.pid, { down: () => resolve() }))
      root.stop('shutdown')
      await ended
    }
    await this.#distributed.leave()
    await this.cluster.stop()
    this.events.emit('node.stopped', { node: this.id, reason, at: this.clock.wall(), durationMs: this.clock.now() - startedMono })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

function tcp(options: NodeOptions, id: NodeId, clock: Clock, random: Random): Transport {
  const { cluster = 'otp-labs', host = '127.0.0.1', port = 0, tls, limits } = options
  return new TcpTransport({ ...limits, id, clock, random, cluster, host, port, tls, secret: options.secret ?? secretOfThisHost(host) })
}

function secretOfThisHost(host: string): string {
  if (isLoopback(host)) return localSecret(defaultRuntimeDirectory())
  throw new CodedError(
    'ERR_OTP_NODE_NO_SECRET',
    `others can reach ${host}: expected a secret of at least 16 bytes that all nodes of the cluster share; pass createNode({ secret })`,
  )
}
