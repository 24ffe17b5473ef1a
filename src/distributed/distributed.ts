// Puts the room together: one directory, and on it the registry and the supervisor of the whole cluster.
import type { Clock, Emitter, Random } from '#base'
import type { Cluster } from '#cluster'
import { type AnyBehaviour, type RestartLimits, restartSettings } from '#otp'
import type { NodeId, Runtime } from '#process'
import type { Arbiter, ArbiterFactory } from './arbiter/arbiter.ts'
import { ChildPlacement } from './children/child-placement.ts'
import { CrashWindow } from './children/crash-window.ts'
import { DistributedSupervisor } from './children/dynamic-supervisor.ts'
import { LocalChildren } from './children/local-children.ts'
import { type MemberList, Members } from './children/members.ts'
import type { Mover } from './children/mover.ts'
import { type DistributionStrategy, uniform } from './children/placement.ts'
import { PlacementServer } from './children/placement-server.ts'
import { type ProcessRedistribution, REBALANCE, type RebalanceOptions } from './children/rebalance-plan.ts'
import { Reconciler } from './children/reconciler.ts'
import { Redistributor } from './children/redistributor.ts'
import { RELOCATION, type RelocationOptions } from './children/relocation.ts'
import { Relocator } from './children/relocator.ts'
import { Standstill } from './children/standstill.ts'
import { StartDelay } from './children/start-delay.ts'
import { stopAndStart } from './children/stop-and-start.ts'
import { Tenancies } from './children/tenancies.ts'
import { Directory } from './directory/directory.ts'
import { NameIndex } from './directory/name-index.ts'
import { DEFAULT_REPLICATOR_TIMES, Replicator, type ReplicatorTimes } from './directory/replicator.ts'
import type { Rules } from './directory/rules.ts'
import { Settings } from './directory/settings.ts'
import { Witness } from './directory/witness.ts'
import type { DistributedEvents } from './events.ts'
import { DRAIN_CONCURRENCY, DRAIN_MS, Drain } from './handoff/drain.ts'
import { Handoffs } from './handoff/handoffs.ts'
import type { HandoffRules } from './handoff/rules.ts'
import { checkLimits } from './limits.ts'
import { DistributedRegistry } from './registry/registry.ts'
import { RegistryListeners } from './registry/registry-listeners.ts'
import { ChildStates } from './state/child-states.ts'
import { CopyHost } from './state/copy-host.ts'
import { CopyTable } from './state/copy-table.ts'
import { Relay } from './state/relay.ts'
import type { StateStoreFactory } from './state/state-store.ts'

/** Horde's options of its supervisor; give all nodes of a cluster the same. */
export interface DistributionOptions extends RestartLimits {
  /** Where children run; default `uniform`. */
  readonly strategy?: DistributionStrategy
  /** Which nodes may be given children, until `setMembers` says otherwise; default `auto`, all. */
  readonly members?: MemberList
  /** Default `passive`. */
  readonly processRedistribution?: ProcessRedistribution
  /** How `active` goes about it. */
  readonly rebalance?: RebalanceOptions
  /** What becomes of children that fail. */
  readonly relocation?: RelocationOptions
  readonly handoff?: HandoffLimits
}

export interface HandoffLimits {
  /** The largest state that leaves a node, or comes to it; default 64 MiB. */
  readonly maxStateBytes?: number
  /** How long a node that drains or leaves hands children over; the rest is given up then. Default 45 s. */
  readonly drainMs?: number
  /** How many children leave a node at a time; default 32. */
  readonly concurrency?: number
}

const MAX_STATE_BYTES = 64 * 1024 * 1024

export interface DistributedRegistryStart {
  /** Names of processes of this node that are told, by the infos `register` and `unregister`, when names of the cluster come and go. */
  readonly listeners?: readonly string[]
}

export interface DistributedOptions {
  readonly id: NodeId
  readonly runtime: Runtime
  readonly cluster: Cluster
  readonly clock: Clock
  readonly random: Random
  readonly events: Emitter<DistributedEvents>
  readonly rules: Rules
  readonly handoffRules: HandoffRules
  readonly times?: ReplicatorTimes | undefined
  readonly behaviours: readonly AnyBehaviour[]
  /** Local name of the dynamic supervisor that runs this node's children. */
  readonly localSupervisor: string
  /** The path that it has in the tree. */
  readonly supervisorPath: string
  readonly supervisor: DistributionOptions
  readonly registry: DistributedRegistryStart
  /** Without one each node decides from what it sees. */
  readonly arbiter?: ArbiterFactory | undefined
  /** Without one no state of a child is written. */
  readonly stateStore?: StateStoreFactory | undefined
}

/** What a node keeps of this room. */
export interface Distributed {
  readonly directory: Directory
  readonly replicator: Replicator
  readonly reconciler: Reconciler
  readonly relocator: Relocator
  readonly handoffs: Handoffs
  readonly drain: Drain
  readonly redistributor: Redistributor
  readonly children: LocalChildren
  readonly registry: DistributedRegistry
  readonly supervisor: DistributedSupervisor
  readonly placementServer: PlacementServer
  readonly arbiter: Arbiter | undefined
  /** To be called when nothing runs any more, before the links go down: sends what is unsent, and waits until no peer needs this node's copies of states. */
  readonly leave: () => Promise<void>
}

export function distributed(options: DistributedOptions): Distributed {
  const { id, runtime, cluster, clock, random, events, rules, times, supervisorPath } = options
  const {
    strategy = uniform,
    members: initial,
    processRedistribution: mode = 'passive',
    rebalance,
    relocation,
    handoff,
    ...limits
  } = options.supervisor
  checkLimits('supervisor.handoff', handoff ?? {}, { concurrency: 1 })
  checkLimits('supervisor.rebalance', rebalance ?? {}, { perSecond: 1, concurrency: 1 })
  // Also those that never run here: their callers do.
  for (const { name, body } of options.behaviours) if (body.traceable === false) runtime.tracing?.leaveOut(name)
  const directory = new Directory(id, rules)
  // Told first: whoever hears of a change may ask for names.
  const names = new NameIndex()
  directory.onChanged((winner, previous) => names.changed(winner, previous))
  const replicator = new Replicator({ cluster, directory, clock, events, rules, times })
  void replicator.joined.then(() => cluster.introductions.offer())
  new Standstill({ runtime, cluster, directory, replicator, clock })
  const settings = new Settings(cluster, directory, replicator, clock)
  const members = new Members(cluster, settings, initial)
  const placement = new ChildPlacement(strategy, members, (node) => cluster.zoneOf(node))
  // Of whom it is known a moment after he has become a member.
  cluster.introductions.onOffers(() => placement.refresh())
  const crashes = new CrashWindow(restartSettings(limits).periodMs)
  const copies = new CopyTable((key) => directory.get(key))
  const relay = new Relay(cluster)
  const copyHost = new CopyHost(cluster, relay, copies, clock)
  const heirOf = (key: string, gen: number, left: readonly NodeId[]) => placement.heirAmong(left, directory.get(key) ?? { key, gen })
  const store = options.stateStore?.({ id, clock, cluster, relay, copies, heirOf })
  directory.lamport = Math.max(directory.lamport, store?.lastGen ?? 0)
  const states = store && new ChildStates({ self: id, store, clock, events, isAlive: (node) => cluster.alive.has(node) })
  const arbiter = options.arbiter?.({ id, clock, events })
  const isMember = (node: NodeId) => cluster.alive.has(node) && cluster.hasLease(node)
  const children = new LocalChildren({
    runtime,
    supervisor: options.localSupervisor,
    behaviours: options.behaviours,
    crashes,
    states,
    tenancies: arbiter && new Tenancies({ arbiter, clock, isMember }),
  })
  const relocationSettings = { ...RELOCATION, ...relocation }
  const relocator = new Relocator({
    cluster,
    directory,
    replicator,
    placement,
    clock,
    random,
    events,
    supervisorPath,
    settings: relocationSettings,
  })
  const delay = new StartDelay(id, directory, clock)
  const reconciler = new Reconciler({
    cluster,
    directory,
    replicator,
    children,
    runtime,
    clock,
    events,
    placement,
    relocator,
    delay,
    arbiter,
    rules,
  })
  if (arbiter !== undefined) {
    // Until it has a lease it is nobody's choice.
    cluster.membership.lease(false)
    arbiter.onChange(() => cluster.lease(arbiter.mayOwn))
  }
  const concurrency = handoff?.concurrency ?? DRAIN_CONCURRENCY
  const handoffs = new Handoffs({
    runtime,
    cluster,
    clock,
    events,
    directory,
    reconciler,
    children,
    maxStateBytes: handoff?.maxStateBytes ?? MAX_STATE_BYTES,
    mayOwn: () => reconciler.mayTake && !cluster.isLeaving(id),
    concurrency,
    arbiter,
    rules: options.handoffRules,
  })
  const restart = stopAndStart(children, directory, relocator)
  const mover: Mover = {
    canMove: (record) => handoffs.moves(record) || record.child?.restart !== 'temporary',
    move: (record, to, reason) => {
      if (handoffs.moves(record) && children.running(record.key) !== undefined) return handoffs.move(record, to, reason)
      return record.child?.restart === 'temporary' ? Promise.resolve('stopped') : restart(record, to, reason)
    },
  }
  const redistributor = new Redistributor({
    mode,
    settings: { ...REBALANCE, ...rebalance },
    cluster,
    directory,
    placement,
    members,
    reconciler,
    clock,
    mover,
  })
  const drainMs = handoff?.drainMs ?? DRAIN_MS
  const listeners = new RegistryListeners(runtime, options.registry.listeners ?? [])
  directory.onChanged((winner, previous) => listeners.changed(winner, previous))
  return {
    directory,
    replicator,
    reconciler,
    relocator,
    handoffs,
    drain: new Drain({
      clock,
      cluster,
      events,
      directory,
      replicator,
      reconciler,
      children,
      placement,
      handoffs,
      mover,
      drainMs,
      concurrency,
    }),
    redistributor,
    children,
    registry: new DistributedRegistry({ runtime, cluster, directory, names, settings, children, reconciler, replicator, events }),
    supervisor: new DistributedSupervisor({
      runtime,
      cluster,
      directory,
      names,
      replicator,
      reconciler,
      placement,
      members,
      relocator,
      children,
      witness: new Witness(directory, clock, times?.ackMs ?? DEFAULT_REPLICATOR_TIMES.ackMs),
    }),
    arbiter,
    placementServer: new PlacementServer({ cluster, directory, replicator, reconciler, placement, children, mover, events }),
    leave: async () => {
      replicator.flush()
      await copyHost.unneeded()
      await store?.close()
    },
  }
}
