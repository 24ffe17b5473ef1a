// introspect: what a node and the cluster look like; read-only.

export type { BehaviourSnapshot } from './behaviour-snapshot.ts'
export { askAll, type ClusterAnswer, type Missing } from './cluster-view.ts'
export { EventLog, type EventPage, type LoggedEvent } from './event-log.ts'
export {
  type LinkSnapshot,
  type MemberSnapshot,
  memberSnapshots,
  type NodeParts,
  type NodeSnapshot,
  nodeSnapshot,
  nodeSnapshotInSlices,
  type SupervisorSnapshot,
} from './node-snapshot.ts'
export { type NodeSummary, type NodeTallies, OBSERVER, observerServer } from './observer-server.ts'
export { type PlacementView, placementView } from './placement-view.ts'
export { type ProcessDetails, type ProcessInfo, processDetails, processInfo } from './process-info.ts'
export type { TraceControls, TraceScope } from './trace-controls.ts'
