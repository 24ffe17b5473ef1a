// The facts this room states: what supervisors do, and why.
import type { Emitter } from '#base'
import type { ExitReason, Pid, Runtime, TraceCarrier } from '#process'
import type { Strategy } from './restart-strategy.ts'

/** Why a supervisor started a child again: it crashed; it ended otherwise; a sibling did; an earlier try failed; somebody asked. */
export type RestartCause = 'crash' | 'exit' | 'sibling' | 'retry' | 'manual'

/** Why a supervisor ended: it was told to, or crashed; its children ended too often; a significant child ended. */
export type StopCause = 'told' | 'intensity_exceeded' | 'auto_shutdown'

export interface OtpEvents {
  'supervisor.started': {
    /** Static ids from the root down, joined by `/`. */
    supervisor: string
    pid: Pid
    strategy: Strategy
    maxRestarts: number
    periodMs: number
  }
  'supervisor.child_restarted': {
    supervisor: string
    child: string
    behaviour: string
    cause: RestartCause
    /** The pid whose end began the story: shared by all restarts, and failed tries, that one exit led to. */
    restartId: Pid
    /** The exit that led to it; `undefined` if somebody asked for it. */
    reason: ExitReason | undefined
    /** `undefined` for a child that never ran before. */
    oldPid: Pid | undefined
    newPid: Pid
    /** Share of the restart budget used with this restart, 0–1. */
    budgetUsed: number
    /** Wall clock of the exit seen, and how long until the child was ready. */
    startedAt: number
    durationMs: number
  }
  'supervisor.restart_failed': { supervisor: string; child: string; behaviour: string; restartId: Pid; reason: ExitReason; at: number }
  /** More restarts than `maxRestarts` within the period: it stops its children and ends. */
  'supervisor.intensity_exceeded': {
    supervisor: string
    pid: Pid
    child: string
    restartId: Pid
    reason: ExitReason
    maxRestarts: number
    periodMs: number
    at: number
    trace: TraceCarrier | undefined
  }
  'supervisor.stopped': { supervisor: string; pid: Pid; reason: ExitReason; cause: StopCause }
  'application.started': {
    application: string
    /** What its end means for the node. */
    restart: 'permanent' | 'transient' | 'temporary'
    /** Of the supervisor at its top. */
    pid: Pid
    startedAt: number
    /** Until its start phases were through. */
    durationMs: number
  }
  'application.stopped': {
    application: string
    restart: 'permanent' | 'transient' | 'temporary'
    reason: ExitReason
    /** `told`: somebody stopped it; `ended`: its tree ended by itself. */
    cause: 'told' | 'ended'
    at: number
    lifetimeMs: number
  }
}

/** A node's stream carries the facts of every room; the process room, which holds it, knows only its own by type. */
export function otpEvents(runtime: Runtime): Emitter<OtpEvents> {
  return runtime.events as unknown as Emitter<OtpEvents>
}
