// What can be asked of a node by its observer, and what it answers: the protocol between the observers of a cluster.
import type { MemberStatus } from '#cluster'
import type { DistributedEvents, HandoffReason, HandoffUnderWay } from '#distributed'
import type { NodeId } from '#process'
import type { BehaviourSnapshot } from './behaviour-snapshot.ts'
import type { ManageRequest, ManageResult } from './controls.ts'
import type { CrashGroup, CrashReport } from './crash-groups.ts'
import type { EventPage } from './event-log.ts'
import type { Asker } from './events.ts'
import type { RestartReport } from './history.ts'
import type { TracePart, TraceRequest } from './message-trace.ts'
import type { Machine, NodeLoad } from './node-load.ts'
import type { LinkSnapshot, NodeSnapshot, SupervisorSnapshot } from './node-snapshot.ts'
import type { ProcessDetails } from './process-info.ts'
import type { ProcessQuery } from './process-order.ts'
import type { ProcessPage, ProcessRow } from './process-walk.ts'
import type { StateView } from './state-view.ts'
import type { SupervisorPlace } from './supervisor-order.ts'
import type { TreePage, TreeQuery } from './tree-walk.ts'

/** Local name of the observer's process. */
export const OBSERVER = 'otp.observer'

export interface NodeSummary {
  readonly processes: number
  /** Names of the cluster whose owner is this node. */
  readonly names: number
  readonly restarts: number
  readonly takeovers: number
  readonly load: NodeLoad
  /** Status of each member in this node's view. */
  readonly sees: Readonly<Record<string, MemberStatus>>
  readonly checksum: number
}

export interface NodeDetails extends NodeLoad, Machine {
  readonly name: string
  readonly incarnation: string
  /** Wall clock, ms. */
  readonly startedAt: number
  readonly processes: number
  readonly names: number
  readonly address: string
  readonly sees: Readonly<Record<string, MemberStatus>>
  readonly behaviours: readonly BehaviourSnapshot[]
  readonly links: readonly LinkSnapshot[]
  readonly topologies: NodeSnapshot['topologies']
}

export interface SupervisorQuery {
  /** The beginning of its path. */
  readonly prefix: string
  readonly limit: number
  readonly after?: SupervisorPlace | undefined
}

export interface SupervisorReport extends Omit<SupervisorSnapshot, 'pid'> {
  /** Null: it has ended. */
  readonly pid: string | null
  readonly budgetUsed: number
  readonly restarts: number
  readonly recent: readonly RestartReport[]
}

export interface ProcessReport extends ProcessRow, Omit<ProcessDetails, keyof ProcessRow> {
  readonly names: readonly string[]
  readonly timers: number
  readonly showsState: boolean
  readonly lastCrash: CrashReport | null
}

interface Claim {
  readonly owner: NodeId
  readonly pid: string
  readonly epoch: number
}

/** A handoff as one of its two nodes sees it now. */
export interface HandoffReport extends Omit<HandoffUnderWay, 'reason' | 'bytes'> {
  readonly reason: HandoffReason | null
  readonly bytes: number | null
}

/** What moved, as this node stated it, and what moves now. */
export interface Moves {
  readonly conflicts: readonly {
    readonly at: number
    readonly name: string
    readonly winner: Claim
    readonly loser: Claim
    readonly resolution: 'kept' | 'stopped' | 'remote'
  }[]
  readonly takeovers: readonly (Omit<DistributedEvents['child.taken_over'], 'pid'> & { readonly pid: string | null })[]
  readonly handoffs: readonly (Omit<DistributedEvents['handoff.ended'], 'because' | 'trace'> & {
    readonly because: string | null
    readonly trace: string | null
  })[]
  /** The first of each direction, with the peer's name, and how many there are. */
  readonly underWay: Readonly<Record<'out' | 'in', { readonly count: number; readonly first: readonly HandoffReport[] }>>
}

export interface ObserverCalls {
  summary: { payload: undefined; answer: NodeSummary }
  node: { payload: undefined; answer: NodeDetails }
  supervisors: { payload: SupervisorQuery; answer: readonly SupervisorReport[] }
  tree: { payload: TreeQuery; answer: TreePage }
  processes: { payload: ProcessQuery; answer: ProcessPage }
  /** `undefined`: there is no such process. */
  process: { payload: string; answer: ProcessReport | undefined }
  state: { payload: string; answer: StateView }
  /** In the order of the pids. */
  stateBytes: { payload: readonly string[]; answer: readonly (number | null)[] }
  moves: { payload: undefined; answer: Moves }
  crashes: { payload: undefined; answer: readonly CrashGroup[] }
  events: {
    payload: { after: Readonly<Record<NodeId, number>>; limit: number; types?: readonly string[] | undefined }
    answer: EventPage
  }
  manage: { payload: { request: ManageRequest; asker: Asker }; answer: ManageResult }
  /** The ids by which the trace is read; `refused`: as many run as may, or the process is not there. */
  traceBegin: { payload: { request: Omit<TraceRequest, 'behaviour'> & { behaviour?: string }; asker: Asker }; answer: string | undefined }
  traceRead: { payload: string; answer: TracePart | undefined }
  traceEnd: { payload: string; answer: true }
}
