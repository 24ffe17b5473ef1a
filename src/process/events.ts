// The facts this room states. Pids and reasons are objects that print themselves: a fact that nobody renders costs no string.
import type { ExitClass, ExitReason } from './exit-reason.ts'
import type { RecordedMessage } from './flight-record.ts'
import type { Pid } from './pid.ts'
import type { TraceCarrier } from './tracing.ts'

/** Why a process was started. `reconcile`: the directory says it belongs here, and nothing ran here. */
export type SpawnCause = 'boot' | 'call' | 'restart' | 'takeover' | 'handoff' | 'reconcile' | 'relocate'

export interface ProcessEvents {
  'process.spawned': {
    pid: Pid
    behaviour: string
    /** Path of the supervisor it was started under, and its id there. */
    supervisor: string | undefined
    child: string | undefined
    cause: SpawnCause
    /** Wall clock, ms since 1970. */
    startedAt: number
    /** How long `init` took. */
    durationMs: number
    trace: TraceCarrier | undefined
  }
  'process.spawn_failed': {
    behaviour: string
    supervisor: string | undefined
    child: string | undefined
    cause: SpawnCause
    class: 'error' | 'timeout' | 'already_started'
    reason: ExitReason
    startedAt: number
    durationMs: number
  }
  /** Its `init` wanted no process: no failure, but what should run does not. */
  'process.start_ignored': {
    behaviour: string
    supervisor: string | undefined
    child: string | undefined
    cause: SpawnCause
    at: number
  }
  'process.exited': {
    pid: Pid
    behaviour: string
    supervisor: string | undefined
    child: string | undefined
    reason: ExitReason
    class: ExitClass
    /** Wall clock of the end, and the age at it. */
    endedAt: number
    lifetimeMs: number
    /** Messages handled in its life, and the one it was handling when it ended. */
    handled: number
    handling: string | undefined
    /** The trace in which it was handling that message, if it was traced. */
    trace: TraceCarrier | undefined
    /** The flight record of a crash: the last messages it took up, oldest first. */
    flight: readonly RecordedMessage[] | undefined
  }
  /** A message that reached nobody. */
  'process.dead_letter': { to: string; message: string; reason: 'noproc' | 'noconnection' | 'unhandled' | 'overloaded' }
}
