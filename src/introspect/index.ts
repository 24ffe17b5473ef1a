// introspect: what a node and the cluster look like; read-only.
export { askAll, type ClusterAnswer, type Missing } from './cluster-view.ts'
export { EventLog, type EventPage, type LoggedEvent } from './event-log.ts'
export {
  type BehaviourSnapshot,
  type LinkSnapshot,
  type MemberSnapshot,
  memberSnapshots,
  type NodeParts,
  type NodeSnapshot,
  nodeSnapshot,
  type SupervisorSnapshot,
} from './node-snapshot.ts'
export { type NodeSummary, type NodeTallies, OBSERVER, observerServer } from './observer-server.ts'
export { type ProcessDetails, type ProcessInfo, processDetails, processInfo } from './process-info.ts'
export type { TraceControls, TraceScope } from './trace-controls.ts'
