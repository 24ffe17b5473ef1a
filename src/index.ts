// The public API.
export {
  type Clock,
  CodedError,
  type ErrorCode,
  EventStream,
  type Handlers,
  type StreamEvents,
  seededRandom,
  systemClock,
  type Timer,
} from '#base'
export {
  defaultRuntimeDirectory,
  localTopology,
  MemoryNetwork,
  nodeId,
  type RunningTopology,
  staticTopology,
  type TopologyListener,
  type TopologySelf,
  type TopologyStrategy,
} from '#cluster'
export type { DistributedStartResult, DistributionStrategy, RegisterResult, RegistryEntry } from '#distributed'
export type { NodeSnapshot } from '#introspect'
export {
  type AnswerOf,
  type AnyBehaviour,
  type Behaviour,
  type ChildSpec,
  dynamicSupervisor,
  type GenServer,
  genServer,
  noReply,
  type Restart,
  reply,
  type Self,
  type Shutdown,
  stop,
  supervisor,
} from '#otp'
export {
  type CallMeasured,
  Crash,
  describeExit,
  type ExitClass,
  ExitError,
  type ExitReason,
  exitClass,
  type MessageKind,
  Name,
  type NodeId,
  NodeRef,
  type OpenSpan,
  Pid,
  parsePid,
  type Ref,
  type TraceCarrier,
  type Tracing,
} from '#process'
export { createNode, Node, type NodeOptions } from './node.ts'
export type { NodeEventStream, NodeEvents } from './node-events.ts'
