// The public API.
export { CodedError, type Clock, type ErrorCode, EventStream, type Handlers, type StreamEvents, seededRandom, systemClock } from '#base'
export {
  Crash,
  describeExit,
  type ExitClass,
  ExitError,
  type ExitReason,
  exitClass,
  type NodeId,
  Pid,
  parsePid,
  type OpenSpan,
  type TraceCarrier,
  type Tracing,
} from '#process'
export type { NodeSnapshot } from './introspect/node-snapshot.ts'
export type { NodeEventStream, NodeEvents } from './node-events.ts'
