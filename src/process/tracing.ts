// The tracing port: how a trace follows a message through mailboxes and between nodes. Opaque here; without an implementation nothing is traced.
import type { MessageKind } from './envelope.ts'

/** What travels with a message (W3C `traceparent` in practice). The core only carries it. */
export type TraceCarrier = string

/** A span that somebody has to end; `outcome` is `ok` or what went wrong. */
export interface OpenSpan {
  readonly carrier: TraceCarrier | undefined
  end(outcome: string): void
}

export interface Tracing {
  /** A message leaves. `undefined`: not traced, nothing to carry and nothing to end. */
  send(kind: MessageKind, behaviour: string, name: string): OpenSpan | undefined
  /** Runs `handle` inside the trace that came with the message; its result, promise or error ends the span. */
  receive<T>(carrier: TraceCarrier, kind: MessageKind, behaviour: string, name: string, waitMs: number, handle: () => T): T
  /** Runs a later part of what a message has set off, inside the trace that `carrier` names; no span is made of it. */
  resume<T>(carrier: TraceCarrier, run: () => T): T
  /** A request from outside comes in: runs `run`, and all that follows from it, in the trace that `carrier` names, or in a new one. */
  serve(name: string, carrier: TraceCarrier | undefined, attributes: Readonly<Record<string, string | number>>, run: () => void): OpenSpan
  /** A story of two nodes begins, in a trace of its own; its carrier takes it along. */
  begin(story: 'handoff', id: string): OpenSpan
  /** Runs outside every trace: what a loop or a timer does later belongs to nobody who happened to start it. */
  detached<T>(run: () => T): T
  /** Whether a trace that is kept runs now: asked for every message, so it must cost next to nothing. */
  isTraced(): boolean
  /** Messages of this behaviour, which says so itself, make no spans; said again it changes nothing. */
  leaveOut(behaviour: string): void
  /** The trace that runs now, to be stored on facts. */
  current(): TraceCarrier | undefined
}
