// What one node looks like right now: live structures read once, for whoever scrapes or asks.
import type { Cluster, PeerTraffic } from '#cluster'
import { incarnationOf, nodeName } from '#cluster'
import type {
  Arbiter,
  Directory,
  DistributedRegistry,
  Handoffs,
  LeaseState,
  Reconciler,
  Redistributor,
  Relocator,
  Replicator,
} from '#distributed'
import { type AnyBehaviour, Supervision } from '#otp'
import type { NodeId, Process, Runtime } from '#process'
import { Backlog, type BehaviourSnapshot, behaviourSnapshots } from './behaviour-snapshot.ts'
import type { Controls } from './controls.ts'
import type { History } from './history.ts'
import { inSlices } from './slices.ts'

/** What a node shows of itself is read from here. */
export interface NodeParts {
  readonly runtime: Runtime
  readonly cluster: Cluster
  readonly directory: Directory
  readonly registry: DistributedRegistry
  readonly reconciler: Reconciler
  readonly relocator: Relocator
  readonly handoffs: Handoffs
  readonly replicator: Replicator
  readonly redistributor: Redistributor
  /** Undefined: nobody is asked who may own a name. */
  readonly arbiter: Arbiter | undefined
  readonly version: string
  readonly role: string
  readonly zone: string
  /** Wall clock, ms. */
  readonly startedAt: number
  /** Path of the supervisor that runs the cluster's children here. */
  readonly supervisorPath: string
  readonly history: History
  /** What may be started on it by name. */
  readonly behaviours: readonly AnyBehaviour[]
  /** What may be done to it; filled by whoever can. */
  readonly controls: Controls
}

export interface SupervisorSnapshot {
  readonly supervisor: string
  readonly pid: string
  readonly strategy: string
  readonly children: { readonly specified: number; readonly active: number; readonly restarting: number }
  readonly maxRestarts: number
  readonly periodMs: number
  /** Restarts within the period that ends now. */
  readonly restartsInPeriod: number
}

type MemberStatus = 'up' | 'suspect' | 'leaving' | 'down' | 'left'

export interface MemberSnapshot {
  readonly id: NodeId
  readonly name: string
  readonly incarnation: string
  readonly status: MemberStatus
  /** It is alive, and takes nothing new. */
  readonly draining: boolean
}

export interface LinkSnapshot {
  /** The peer's name. */
  readonly peer: string
  readonly direction: 'out' | 'in'
  readonly bytesOut: number
  readonly bytesIn: number
  readonly messagesOut: number
  readonly messagesIn: number
  /** How often reading waited, since the peer sent faster than this node handles, or than it may. */
  readonly pauses: number
  /** Frames that could not be sent. */
  readonly sendErrors: number
  /** What of the bytes out was the directory's. */
  readonly replicationBytes: number
  /** Bytes that wait for the peer to read. */
  readonly queuedBytes: number
}

/** What this node may own, as its lease says. */
export interface ArbiterSnapshot {
  readonly name: string
  readonly state: LeaseState
  /** False from a little before the lease ends. */
  readonly mayOwn: boolean
  /** Since the last renewal was sent that succeeded; and what it must not come to. */
  readonly leaseAgeMs: number
  readonly limitMs: number
  /** Why the last renewal failed. */
  readonly why: string | null
}

export interface NodeSnapshot {
  readonly id: NodeId
  readonly name: string
  readonly incarnation: string
  readonly version: string
  readonly role: string
  readonly zone: string
  readonly uptimeMs: number
  /** It takes nothing new: it was told to drain, or is on its way out. */
  readonly draining: boolean
  /** It has merged what its peers knew, or is alone: it may own children. */
  readonly joined: boolean
  readonly processes: number
  readonly behaviours: readonly BehaviourSnapshot[]
  readonly supervisors: readonly SupervisorSnapshot[]
  readonly members: readonly MemberSnapshot[]
  /** How many members there should be; `undefined` where nobody said. */
  readonly membersExpected: number | undefined
  /** Whether a majority of those is there; where nobody said, of the most that ever agreed to be members at one time. */
  readonly hasQuorum: boolean
  /** Over the sorted ids of members that are up: equal on nodes that agree. 32 bits. */
  readonly viewChecksum: number
  /** Names with a live owner, in the whole cluster, as this node knows it. */
  readonly registryNames: number
  /** Path of the supervisor that runs the cluster's children on this node. */
  readonly supervisorPath: string
  /** Children that should live and for which no node can be found. */
  readonly childrenUnplaced: number
  /** Children that failed wherever they went and wait to be released, in the whole cluster. */
  readonly childrenQuarantined: number
  /** Children that are coming to this node with their state, or leaving it so. */
  readonly handoffs: { readonly in: number; readonly out: number }
  /** Children of the fullest node over the mean, by this node's view; 1 is even. */
  readonly placementImbalance: number
  /** `null`: names are settled when they meet. */
  readonly arbiter: ArbiterSnapshot | null
  readonly links: readonly LinkSnapshot[]
  /** What has gone to each peer and come from it, over all the links there were. */
  readonly traffic: readonly PeerTraffic[]
  readonly topologies: readonly { readonly topology: string; readonly peers: number; readonly syncAgeMs: number }[]
}

/** Reads everything at one moment. Only processes that may have messages waiting are walked, not all of them. */
export function nodeSnapshot(parts: NodeParts): NodeSnapshot {
  const backlog = new Backlog()
  for (const process of parts.runtime.backlogged()) backlog.add(process)
  return assemble(parts, backlog, supervisorSnapshots(parts.runtime))
}

/** The same in slices of a few ms: what is read first may have changed before the last of it is. */
export async function nodeSnapshotInSlices(parts: NodeParts): Promise<NodeSnapshot> {
  const { runtime } = parts
  const backlog = new Backlog()
  const supervisors: SupervisorSnapshot[] = []
  await inSlices(runtime.clock, runtime.backlogged(), (process) => backlog.add(process))
  await inSlices(runtime.clock, [...runtime.supervisors], (process) => {
    const supervisor = supervisorSnapshot(process)
    if (supervisor !== undefined) supervisors.push(supervisor)
  })
  return assemble(parts, backlog, supervisors)
}

function assemble(parts: NodeParts, backlog: Backlog, supervisors: readonly SupervisorSnapshot[]): NodeSnapshot {
  const { runtime, cluster, registry, reconciler, replicator } = parts
  const byNode = registry.countByNode()
  return {
    id: cluster.id,
    name: nodeName(cluster.id),
    incarnation: incarnationText(cluster.id),
    version: parts.version,
    role: parts.role,
    zone: parts.zone,
    uptimeMs: runtime.clock.wall() - parts.startedAt,
    draining: cluster.membership.leaving || cluster.membership.draining,
    joined: replicator.isJoined,
    processes: runtime.processCount,
    behaviours: behaviourSnapshots(runtime, backlog),
    supervisors,
    members: memberSnapshots(cluster),
    membersExpected: cluster.expectedMembers,
    hasQuorum: cluster.quorum.has,
    viewChecksum: cluster.viewHash,
    registryNames: [...byNode.values()].reduce((sum, count) => sum + count, 0),
    supervisorPath: parts.supervisorPath,
    childrenUnplaced: reconciler.unplaced(),
    childrenQuarantined: parts.relocator.quarantinedCount,
    handoffs: parts.handoffs.inProgress,
    placementImbalance: imbalance(cluster, byNode),
    arbiter: arbiterSnapshot(parts.arbiter),
    links: [...cluster.links].map(({ peer, direction, counts, queuedBytes }) => ({
      peer: nodeName(peer),
      direction,
      ...counts,
      queuedBytes,
    })),
    traffic: cluster.traffic.read(),
    topologies: [...cluster.topologies].map(({ topology, addresses, syncedAt }) => ({
      topology,
      peers: addresses.size,
      syncAgeMs: runtime.clock.now() - syncedAt,
    })),
  }
}

export function arbiterSnapshot(arbiter: Arbiter | undefined): ArbiterSnapshot | null {
  if (arbiter === undefined) return null
  const { state, ageMs, limitMs, why } = arbiter.status
  return { name: arbiter.name, state, mayOwn: arbiter.mayOwn, leaseAgeMs: ageMs, limitMs, why: why ?? null }
}

function incarnationText(id: NodeId): string {
  return incarnationOf(id).toString(36)
}

export function supervisorSnapshots({ supervisors }: Runtime): SupervisorSnapshot[] {
  return [...supervisors].flatMap((process) => supervisorSnapshot(process) ?? [])
}

/** `undefined` for a supervisor that is only starting. */
export function supervisorSnapshot(process: Process): SupervisorSnapshot | undefined {
  const state = process.state as { supervision?: unknown } | undefined
  const supervision = state?.supervision
  if (!(supervision instanceof Supervision)) return undefined
  const { intensity } = supervision
  const specified = supervision.specified()
  return {
    supervisor: supervision.path,
    pid: process.pid.toString(),
    strategy: supervision.strategy,
    children: { specified, active: supervision.active, restarting: supervision.restarting },
    maxRestarts: intensity.maxRestarts,
    periodMs: intensity.periodMs,
    restartsInPeriod: intensity.count(process.runtime.clock.now()),
  }
}

/** One entry a name: an older life of a name that has come back is history. */
export function memberSnapshots(cluster: Cluster): MemberSnapshot[] {
  const { membership } = cluster
  const own: MemberStatus = membership.left ? 'left' : membership.leaving ? 'leaving' : 'up'
  const { draining } = membership
  const members: MemberSnapshot[] = [
    { id: cluster.id, name: nodeName(cluster.id), incarnation: incarnationText(cluster.id), status: own, draining },
  ]
  for (const { id, name, status, draining } of membership.members) {
    if (!membership.isSuperseded(id)) members.push({ id, name, incarnation: incarnationText(id), status, draining })
  }
  return members.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function imbalance(cluster: Cluster, byNode: ReadonlyMap<NodeId, number>): number {
  const counts = cluster.candidates().map((id) => byNode.get(id) ?? 0)
  const sum = counts.reduce((total, count) => total + count, 0)
  return sum === 0 ? 1 : Math.max(...counts) / (sum / counts.length)
}
