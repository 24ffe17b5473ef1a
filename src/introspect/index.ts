// introspect: what a node and the cluster look like, and what an operator may do to them.
export type { BehaviourSnapshot } from './behaviour-snapshot.ts'
export { ANSWER_WITHIN_MS, Asking, type ClusterAnswer, type Missing, type NodeAnswer } from './cluster-view.ts'
export type { Controls, ManageRequest, ManageResult } from './controls.ts'
export type { CrashGroup, CrashReport } from './crash-groups.ts'
export { EventLog, type EventPage, type LoggedEvent } from './event-log.ts'
export type { Asker, IntrospectEvents, ManageAction } from './events.ts'
export { History } from './history.ts'
export type { TracedMessage } from './message-trace.ts'
export { type NameQuery, namePage } from './name-page.ts'
export type { NodeTallies } from './node-load.ts'
export {
  type ArbiterSnapshot,
  arbiterSnapshot,
  type LinkSnapshot,
  type MemberSnapshot,
  memberSnapshots,
  type NodeParts,
  type NodeSnapshot,
  nodeSnapshot,
  nodeSnapshotInSlices,
  type SupervisorSnapshot,
} from './node-snapshot.ts'
export { type Moves, type NodeSummary, OBSERVER, type ObserverCalls } from './observer-calls.ts'
export { observerServer, REFRESH_MS } from './observer-server.ts'
export { type PlacementView, placementView } from './placement-view.ts'
export { type ProcessDetails, type ProcessInfo, processDetails, processInfo } from './process-info.ts'
export { comparePlaces, type ProcessOrder, type ProcessQuery, parsePlace, printPlace } from './process-order.ts'
export { SharedAnswers } from './shared-answers.ts'
export { compareSupervisors, type SupervisorPlace, supervisorPlace } from './supervisor-order.ts'
export type { TraceControls, TraceScope } from './trace-controls.ts'
export type { TreePlace } from './tree-walk.ts'
