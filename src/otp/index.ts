// otp: gen_server and supervisors, on processes.
export {
  type AnyApplication,
  type Application,
  type ApplicationContext,
  type ApplicationDefinition,
  type ApplicationWith,
  application,
  type StartedWith,
  type StartPhase,
} from './application.ts'
export {
  Applications,
  type ApplicationType,
  type EnsureAllStartedResult,
  type StartApplicationResult,
  type StopApplicationResult,
} from './application-controller.ts'
export type { AutoShutdown } from './auto-shutdown.ts'
export { type Backoff, backoffMs, checkBackoff } from './backoff.ts'
export type { AnyBehaviour, ArgumentOf, Behaviour } from './behaviour.ts'
export type { Child } from './child.ts'
export type { ChildSpec, FullChildSpec, Restart, Shutdown } from './child-spec.ts'
export { checkChildSpec, checkChildSpecs } from './child-spec.ts'
export type { KeptState, Persist, PersistOptions, SavedState, StateKeeper } from './durable-state.ts'
export { type DynamicSupervisorOptions, dynamicSupervisor } from './dynamic-supervisor.ts'
export type { OtpEvents, RestartCause, StopCause } from './events.ts'
export {
  type CallHandler,
  type CastHandler,
  type GenServer,
  type GenServerDefinition,
  genServer,
  ignore,
  type NoReply,
  noReply,
  type Ok,
  ok,
  type Reply,
  reply,
  type Self,
  type Stop,
  stop,
} from './gen-server.ts'
export {
  type EventTable,
  type GenStatem,
  type GenStatemDefinition,
  genStatem,
  type StateHandler,
  type StateTable,
} from './gen-statem.ts'
export {
  type Actions,
  keepState,
  keepStateAndData,
  type NextEvent,
  nextState,
  repeatState,
  repeatStateAndData,
  stopAndReply,
  type Timeout,
  type Transition,
} from './gen-statem-transition.ts'
export { type Handoff, type HandoffOption, type HandoffState, Resumed } from './handoff.ts'
export type { Owner } from './owner.ts'
export type { AnswerOf, CallNames, CallOptions, CastNames, PayloadArguments } from './protocol.ts'
export {
  duplicateRegistry,
  type Registered,
  type RegisterMessage,
  type RegistrationResult,
  type Registry,
  type RegistryOptions,
  type UnregisterMessage,
  uniqueRegistry,
} from './registry.ts'
export type { RegistryKey } from './registry-table.ts'
export { type RestartLimits, type RestartOptions, restartSettings } from './restart-limits.ts'
export type { Strategy } from './restart-strategy.ts'
export { type HeldState, type StateHolder, type StateHolderDefinition, stateHolder } from './state-holder.ts'
export { Supervision } from './supervision.ts'
export { type Supervisor, type SupervisorOptions, supervisor } from './supervisor.ts'
export {
  type ChildCounts,
  type ChildInfo,
  type DeleteChildResult,
  type GetChildSpecResult,
  LET_GO,
  type RestartChildResult,
  type StartChild,
  type StartChildResult,
  type SupervisorProtocol,
  type TerminateChild,
  type TerminateChildResult,
} from './supervisor-protocol.ts'
export { type ServerStatistics, type ServerStatus, type Sys, type SystemOptions, stateAtRest, sys } from './sys.ts'
export { Task, type TaskMessage, type TaskOptions, type Yielded, type YieldManyOptions } from './task.ts'
export type { TaskFunction } from './task-body.ts'
export type { TaskResult } from './task-outcome.ts'
export { type AsyncStreamOptions, asyncStream, type Items, type Streamed } from './task-stream.ts'
export {
  type StartTaskOptions,
  type SupervisedStreamOptions,
  type SupervisedTaskOptions,
  type SupervisedTasks,
  tasksUnder,
} from './task-supervisor.ts'
