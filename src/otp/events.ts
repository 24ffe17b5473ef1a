// The facts this room states: what supervisors do, and why.
import type { Emitter } from '#base'
import type { ExitReason, Pid, Runtime, TraceCarrier } from '#process'

/** Why a supervisor started a child again: it crashed; it ended otherwise; a sibling did; an earlier try failed; somebody asked. */
export type RestartCause = 'crash' | 'exit' | 'sibling' | 'retry' | 'manual'

export interface OtpEvents {
  'supervisor.started': {
    /** Static ids from the root down, joined by `/`. */
    supervisor: string
    pid: Pid
    strategy: 'one_for_one' | 'simple_one_for_one'
    maxRestarts: number
    periodMs: number
  }
  'supervisor.child_restarted': {
    supervisor: string
    child: string
    behaviour: string
    cause: RestartCause
    /** The exit that led to it. */
    reason: ExitReason
    oldPid: Pid
    newPid: Pid
    /** Share of the restart budget used with this restart, 0–1. */
    budgetUsed: number
    /** Wall clock of the exit seen, and how long until the child was ready. */
    startedAt: number
    durationMs: number
  }
  'supervisor.restart_failed': { supervisor: string; child: string; behaviour: string; reason: ExitReason; at: number }
  /** More restarts than `maxRestarts` within the period: it stops its children and ends. */
  'supervisor.intensity_exceeded': {
    supervisor: string
    pid: Pid
    child: string
    reason: ExitReason
    maxRestarts: number
    periodMs: number
    at: number
    trace: TraceCarrier | undefined
  }
  'supervisor.stopped': { supervisor: string; pid: Pid; reason: ExitReason }
}

/** A node's stream carries the facts of every room; the process room, which holds it, knows only its own by type. */
export function otpEvents(runtime: Runtime): Emitter<OtpEvents> {
  return runtime.events as unknown as Emitter<OtpEvents>
}
