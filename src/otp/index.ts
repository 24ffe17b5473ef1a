// otp: gen_server and supervisors, on processes.
export type { AnyBehaviour, ArgumentOf, Behaviour } from './behaviour.ts'
export type { ChildSpec, Restart, Shutdown } from './child-spec.ts'
export { checkChildSpec } from './child-spec.ts'
export {
  type DynamicSupervisorOptions,
  dynamicSupervisor,
  type StartChild,
  type StartChildResult,
  type TerminateChild,
} from './dynamic-supervisor.ts'
export type { OtpEvents, RestartCause } from './events.ts'
export {
  type CallHandler,
  type CastHandler,
  type GenServer,
  type GenServerDefinition,
  genServer,
  type NoReply,
  noReply,
  type Reply,
  reply,
  type Self,
  type Stop,
  stop,
} from './gen-server.ts'
export type { AnswerOf, CallNames, CallOptions, CastNames, PayloadArguments } from './protocol.ts'
export { Supervision } from './supervision.ts'
export { type ChildCounts, type ChildInfo, type RestartLimits, type SupervisorOptions, supervisor } from './supervisor.ts'
