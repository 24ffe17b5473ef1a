// Makes one span of one fact: name, scope and times from the fact, links with their relation, and the ids kept for logs and exemplars.
import { type Link, ROOT_CONTEXT, type SpanContext, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { millisToHrTime } from '@opentelemetry/core'
import { type Clock, type ExitReason, exitClass } from '#otp-labs'
import { type Attribute, SPANS, type SpanName } from '#vocabulary'
import { BurstGate, type BurstLimit } from './burst-gate.ts'
import type { Sampling } from './controls.ts'
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
}

/** An exit reason without what a developer may have put into it: a string as it is, an error by its name. */
export function reasonName(reason: ExitReason): string {
  if (typeof reason === 'string') return reason
  return 'error' in reason ? reason.error.name : 'shutdown'
}

/** The reason where it is an error's, for `error.type`. */
export const errorOf = (reason: ExitReason): string | undefined =>
  ['normal', 'shutdown'].includes(exitClass(reason)) ? undefined : reasonName(reason)

/** What spans are made with, and how many of them. */
export interface RecorderTracers {
  readonly lifecycle: Tracer
  readonly cluster: Tracer
  readonly sampling: Sampling
}

export class SpanRecorder {
  readonly #tracers: RecorderTracers
  readonly #gate: BurstGate<SpanName>
  readonly #contexts = new WeakMap<object, SpanContext>()

  /** `burstLimit`: how many spans of a kind a supervisor and a second make before one stands for the rest. */
  constructor(tracers: RecorderTracers, clock: Clock, burstLimit?: number) {
    this.#tracers = tracers
    this.#gate = new BurstGate(
      clock,
      reasonName,
      (burst) =>
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
      burstLimit,
    )
  }

  /** How many spans of this name are made: to be asked before the facts of one are put together. */
  limit(name: SpanName): BurstLimit<SpanName> {
    return this.#gate.of(name)
  }

  /** `undefined` when its scope is sampled, and this one is not kept. */
  record(event: object, name: SpanName, facts: SpanFacts): SpanContext | undefined {
    const { startedAt, durationMs = 0, error } = facts
    const { scope } = SPANS[name]
    if (scope === 'otp.message' || !this.#tracers.sampling.keeps(scope)) return undefined
    const parent = fromCarrier(facts.within)
    const links: Link[] = []
    for (const [relation, context] of Object.entries(facts.links ?? {})) {
      if (context !== undefined) links.push({ context, attributes: { 'otp.link.relation': relation } })
    }
    const tracer = scope === 'otp.cluster' ? this.#tracers.cluster : this.#tracers.lifecycle
    const attributes = error === undefined ? facts.attributes : { ...facts.attributes, 'error.type': error }
    const span = tracer.startSpan(
      name,
      { attributes, links, startTime: millisToHrTime(startedAt) },
      isSampled(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
    )
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(millisToHrTime(startedAt + Math.max(0, durationMs)))
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
