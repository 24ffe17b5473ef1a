// process: pids, mailboxes, links, monitors and exit signals on one node.
export { detachedClock } from './detached-clock.ts'
export { type DownMessage, Envelope, type ExitMessage, type MessageKind, type ReplyTo } from './envelope.ts'
export type { ProcessEvents, SpawnCause } from './events.ts'
export { Crash, describeExit, type ExitClass, ExitError, type ExitReason, exitClass, isOrderly } from './exit-reason.ts'
export { Name, NodeRef, type Ref, type Target } from './name.ts'
export type { CallCounts, CallOutcome } from './pending-calls.ts'
export { type NodeId, Pid, parsePid } from './pid.ts'
export { type Body, type Origin, Process } from './process.ts'
export type { Router, Watcher } from './router.ts'
export {
  type BehaviourCounts,
  type CallMeasured,
  Runtime,
  type RuntimeOptions,
  type SpawnOptions,
  StartRefused,
  type StartResult,
} from './runtime.ts'
export type { OpenSpan, TraceCarrier, Tracing } from './tracing.ts'
