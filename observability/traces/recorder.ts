// Makes one span of one fact: name, scope and times from the fact, links with their relation, and the ids kept for logs and exemplars.
import { type Link, ROOT_CONTEXT, type SpanContext, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { millisToHrTime } from '@opentelemetry/core'
import { type Clock, type ExitReason, exitClass } from '#otp-labs'
import { type Attribute, SPANS, type SpanName } from '#vocabulary'
import { BurstGate } from './burst-gate.ts'
import { fromCarrier, isSampled } from './traceparent.ts'

/** Why a span points to another. */
export type Relation = 'crash' | 'previous_restart' | 'spawn' | 'cause'

/** What a fact says of its span; times are wall clock, ms. */
export interface SpanFacts {
  readonly startedAt: number
  readonly durationMs?: number
  readonly attributes: Partial<Record<Attribute, string | number | boolean | string[] | undefined>>
  readonly links?: Partial<Record<Relation, SpanContext | undefined>>
  /** Carrier of the trace in which it happened: its parent if that trace is kept. */
  readonly within?: string | undefined
  /** What went wrong, if something did. */
  readonly error?: string | undefined
  /** Under which limit it counts; without one it is never held back. */
  readonly burst?: { readonly under: string; readonly reason?: string | undefined }
}

/** An exit reason without what a developer may have put into it: a string as it is, an error by its name. */
export function reasonName(reason: ExitReason): string {
  if (typeof reason === 'string') return reason
  return 'error' in reason ? reason.error.name : 'shutdown'
}

/** The reason where it is an error's, for `error.type`. */
export const errorOf = (reason: ExitReason): string | undefined =>
  ['normal', 'shutdown'].includes(exitClass(reason)) ? undefined : reasonName(reason)

export class SpanRecorder {
  readonly #tracers: { readonly lifecycle: Tracer; readonly cluster: Tracer }
  readonly #gate: BurstGate
  readonly #contexts = new WeakMap<object, SpanContext>()

  constructor(tracers: { readonly lifecycle: Tracer; readonly cluster: Tracer }, clock: Clock) {
    this.#tracers = tracers
    this.#gate = new BurstGate(clock, (burst) =>
      this.record({}, 'otp.lifecycle.burst', {
        startedAt: burst.first,
        durationMs: burst.last - burst.first,
        attributes: {
          'otp.burst.under': burst.under,
          'otp.burst.of': burst.of,
          'otp.burst.count': burst.count,
          'otp.burst.reasons': [...burst.reasons],
        },
      }),
    )
  }

  /** `undefined` when a burst stands for it. */
  record(event: object, name: SpanName, facts: SpanFacts): SpanContext | undefined {
    const { startedAt, durationMs = 0, burst, error } = facts
    const endedAt = startedAt + Math.max(0, durationMs)
    if (burst !== undefined && !this.#gate.admits(name, burst.under, endedAt, burst.reason)) return undefined
    const parent = fromCarrier(facts.within)
    const links: Link[] = []
    for (const [relation, context] of Object.entries(facts.links ?? {})) {
      if (context !== undefined) links.push({ context, attributes: { 'otp.link.relation': relation } })
    }
    const tracer = SPANS[name].scope === 'otp.cluster' ? this.#tracers.cluster : this.#tracers.lifecycle
    const attributes = error === undefined ? facts.attributes : { ...facts.attributes, 'error.type': error }
    const span = tracer.startSpan(
      name,
      { attributes, links, startTime: millisToHrTime(startedAt) },
      isSampled(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
    )
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(millisToHrTime(endedAt))
    const context = span.spanContext()
    this.#contexts.set(event, context)
    return context
  }

  /** The span that was made of a fact. */
  spanOf(event: object): SpanContext | undefined {
    return this.#contexts.get(event)
  }

  /** Makes spans of what bursts hold back now. */
  flush(): void {
    this.#gate.flush()
  }
}
