// process: pids, mailboxes, links, monitors and exit signals on one node.
export type { BehaviourCounts } from './behaviour-counts.ts'
export type { Body, Observe, Origin } from './body.ts'
export { detachedClock } from './detached-clock.ts'
export { Arrived, type DownMessage, Envelope, type EnvelopeKind, type ExitMessage, type MessageKind, type ReplyTo } from './envelope.ts'
export type { ProcessEvents, SpawnCause } from './events.ts'
export { Crash, describeExit, type ExitClass, ExitError, type ExitReason, exitClass, isOrderly } from './exit-reason.ts'
export type { RecordedMessage } from './flight-record.ts'
export { holdProcess, refuseWaiting, releaseProcess, restoreTimers, type SavedTimer, savedTimers, takeWaiting } from './hold.ts'
export { inTraceOf } from './in-trace.ts'
export type { Linked } from './links.ts'
export { checkMailboxBound, type MailboxBound, type Overflow } from './mailbox.ts'
export type { CallMeasured, MessageMeasured } from './message-times.ts'
export { Name, NodeRef, type Ref, type Target, Via, type ViaName } from './name.ts'
export { type CallCounts, type CallOutcome, type CallTally, checkTimeout } from './pending-calls.ts'
export { type NodeId, Pid, parsePid } from './pid.ts'
export { Process } from './process.ts'
export { PAGE as PROCESS_BLOCK, type ProcessBlock } from './process-table.ts'
export type { ProcessTimer } from './process-timer.ts'
export type { Router, Watcher } from './router.ts'
export {
  Runtime,
  type RuntimeOptions,
  type SpawnOptions,
  type StartResult,
} from './runtime.ts'
export { isExitOfParent, SystemState } from './system-messages.ts'
export { TENURE_OVER, type Tenure } from './tenure.ts'
export { Exit, exit, StartIgnored, StartRefused } from './thrown.ts'
export type { Ties } from './ties.ts'
export type { OpenSpan, TraceCarrier, Tracing } from './tracing.ts'
