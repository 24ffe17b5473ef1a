// The tracing port over OpenTelemetry: a trace begins at a request from outside and follows its messages through mailboxes and between nodes.
import { type Context, context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { OpenSpan, TraceCarrier, Tracing } from '#otp-labs'
import { type Attribute, MAILBOX_TAKEN } from '#vocabulary'
import { fromCarrier, isSampled, toCarrier } from './traces/traceparent.ts'

type MessageKind = Parameters<Tracing['send']>[0]
type Attributes = Partial<Record<Attribute, string | number | boolean>>

/** `edge` decides once, by the sampler the environment names; `message` records all that follows from a kept decision; `cluster` keeps all. */
export interface MessageTracers {
  readonly edge: Tracer
  readonly message: Tracer
  readonly cluster: Tracer
}

/** The port, and what a loop needs that must not inherit the trace of whoever started it. */
export interface DetachableTracing extends Tracing {
  /** Runs `run` outside every trace: run queues, timers and links begin here. */
  detached<T>(run: () => T): T
}

const messageAttributes = (kind: MessageKind, behaviour: string, name: string): Attributes => ({
  'otp.behaviour': behaviour,
  'otp.message': name,
  'otp.message.kind': kind,
})

const NOT_KEPT: OpenSpan = { carrier: undefined, end: () => {} }

class KeptSpan implements OpenSpan {
  readonly carrier: TraceCarrier
  readonly #span: Span

  constructor(span: Span) {
    this.#span = span
    this.carrier = toCarrier(span.spanContext())
  }

  end(outcome: string): void {
    endSpan(this.#span, outcome)
  }
}

function endSpan(span: Span, outcome: string): void {
  if (outcome !== 'ok') {
    span.setAttribute('error.type' satisfies Attribute, outcome)
    span.setStatus({ code: SpanStatusCode.ERROR })
  }
  span.end(performance.now())
}

const nameOfError = (thrown: unknown): string => (thrown instanceof Error ? thrown.name : typeof thrown)

/** Ends the span with the result of `handle`: when it returns or throws, or when its promise settles. */
function runInside<T>(span: Span, inside: Context, handle: () => T): T {
  try {
    const result = context.with(inside, handle)
    if (result instanceof Promise) {
      result.then(
        () => endSpan(span, 'ok'),
        (error: unknown) => endSpan(span, nameOfError(error)),
      )
    } else {
      endSpan(span, 'ok')
    }
    return result
  } catch (error) {
    endSpan(span, nameOfError(error))
    throw error
  }
}

/** What is not traced costs the look at one context and nothing more: the decision comes before every attribute. */
export function createTracing({ edge, message, cluster }: MessageTracers): DetachableTracing {
  return {
    send(kind, behaviour, name) {
      const active = context.active()
      if (!isSampled(trace.getSpanContext(active))) return undefined
      const options = { kind: kind === 'call' ? SpanKind.CLIENT : SpanKind.PRODUCER, attributes: messageAttributes(kind, behaviour, name) }
      return new KeptSpan(message.startSpan(`otp.${kind} ${behaviour}.${name}`, { ...options, startTime: performance.now() }, active))
    },

    receive(carrier, kind, behaviour, name, waitMs, handle) {
      const from = fromCarrier(carrier)
      if (!isSampled(from)) return context.with(ROOT_CONTEXT, handle)
      const takenAt = performance.now()
      const attributes = { ...messageAttributes(kind, behaviour, name), 'otp.mailbox.wait_ms': waitMs }
      const startTime = takenAt - Math.max(0, waitMs)
      const title = `otp.${kind} ${behaviour}.${name}`
      const span =
        kind === 'call'
          ? message.startSpan(title, { kind: SpanKind.SERVER, attributes, startTime }, trace.setSpanContext(ROOT_CONTEXT, from))
          : message.startSpan(
              title,
              {
                kind: SpanKind.CONSUMER,
                attributes,
                startTime,
                links: [{ context: from, attributes: { 'otp.link.relation': 'producer' } }],
              },
              ROOT_CONTEXT,
            )
      span.addEvent(MAILBOX_TAKEN, takenAt)
      return runInside(span, trace.setSpan(ROOT_CONTEXT, span), handle)
    },

    resume(carrier, run) {
      const from = fromCarrier(carrier)
      return context.with(from === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, from), run)
    },

    serve(name, carrier, attributes, run) {
      const from = fromCarrier(carrier)
      const parent = from === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, from)
      const span = edge.startSpan(name, { kind: SpanKind.SERVER, startTime: performance.now() }, parent)
      const isKept = isSampled(span.spanContext())
      if (isKept) span.setAttributes(attributes)
      try {
        context.with(trace.setSpan(parent, span), run)
      } catch (error) {
        endSpan(span, nameOfError(error))
        throw error
      }
      return isKept ? new KeptSpan(span) : NOT_KEPT
    },

    begin(story, id) {
      const attributes: Attributes = { 'otp.handoff.id': id }
      return new KeptSpan(cluster.startSpan(`otp.${story}`, { attributes, startTime: performance.now() }, ROOT_CONTEXT))
    },

    current() {
      const active = trace.getSpanContext(context.active())
      return isSampled(active) ? toCarrier(active) : undefined
    },

    detached: (run) => context.with(ROOT_CONTEXT, run),
  }
}
