// What a node may be given, and what it does without.
import type { Clock, Random } from '#base'
import type { Limits, MembershipRules, MembershipTimes, SecretSource, TlsOptions, TlsSource, TopologyStrategy, Transport } from '#cluster'
import type {
  ArbiterFactory,
  DistributedRegistryStart,
  DistributionOptions,
  HandoffRules,
  ReplicatorTimes,
  Rules,
  StateStoreFactory,
} from '#distributed'
import type { Controls } from '#introspect'
import type { AnyApplication, AnyBehaviour, ChildSpec, DynamicSupervisorOptions } from '#otp'
import type { CallMeasured, MessageMeasured, NodeId, Tracing } from '#process'
import type { NodeEventStream } from './node-events.ts'

export interface NodeOptions {
  /** Unique in its cluster; letters, digits, `_` and `-`. */
  readonly name: string
  /** Tells this life of the node from earlier ones. Default: the wall clock's milliseconds. */
  readonly incarnation?: number
  /** What may be started here by name, from anywhere in the cluster. */
  readonly behaviours?: readonly AnyBehaviour[]
  /** How peers are found; none: the node is a cluster of its own. */
  readonly topologies?: readonly TopologyStrategy[]
  /**
   * Proves to peers that this node is one of them: at least 16 bytes. On loopback it may be left out: then this user's nodes share one.
   * One that is to be changed while the cluster runs comes from a source, such as `secretsFromFile(path)`.
   */
  readonly secret?: string | SecretSource
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
  /**
   * Who may own a child's name, as `leasedArbiter(engine)` decides it; give all nodes of the cluster the same. None: each node decides from what it
   * sees, and in a partition a child may run twice.
   */
  readonly arbiter?: ArbiterFactory | undefined
  readonly version?: string
  readonly role?: string
  /** Such as a data centre: strategies may spread children over zones. Default: what a topology says. */
  readonly zone?: string
  /** How many members there should be. Default: what a topology knows, such as the length of a static list. */
  readonly membersExpected?: number
  readonly clock?: Clock
  readonly random?: Random
  readonly tracing?: Tracing | undefined
  readonly onCallMeasured?: CallMeasured
  readonly onMessageMeasured?: MessageMeasured
  readonly events?: NodeEventStream
  /** What may be done to it through the observer, where a manage token is set. */
  readonly controls?: Controls
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
