// The tracing port over OpenTelemetry: a trace begins at a request from outside and follows its messages through mailboxes and between nodes.
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { OpenSpan, TraceCarrier, Tracing } from '#otp-labs'
import { type Attribute, MAILBOX_TAKEN } from '#vocabulary'
import type { TraceSdk } from './sdk.ts'
import { MessageTitles } from './traces/message-titles.ts'
import { fromCarrier, isSampled, toCarrier } from './traces/traceparent.ts'

/** `edge` decides once, by the share that is kept; `message` records all that follows from a kept decision; `cluster` keeps all. */
export type MessageTracers = Pick<TraceSdk, 'edge' | 'message' | 'cluster' | 'contexts' | 'sampling'>

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

/** What is not traced costs the look at one context and nothing more: the decision comes before every attribute. */
export function createTracing({ edge, message, cluster, contexts, sampling }: MessageTracers): Tracing {
  const titles = new MessageTitles()
  /** The context that was looked at last, if it is not kept: a request asks for each of its messages. */
  let notKept: Context = ROOT_CONTEXT
  const isKept = (active: Context): boolean => {
    if (active === ROOT_CONTEXT || active === notKept) return false
    if (isSampled(trace.getSpanContext(active))) return true
    notKept = active
    return false
  }
  /** A third of the time of `with(ROOT_CONTEXT)`, which makes two frames each time. */
  const outside = contexts.with(ROOT_CONTEXT, () => AsyncLocalStorage.snapshot())

  /** Ends the span with the result of `handle`: when it returns or throws, or when its promise settles. */
  function runInside<T>(span: Span, handle: () => T): T {
    try {
      const result = contexts.with(trace.setSpan(ROOT_CONTEXT, span), handle)
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

  return {
    send(kind, behaviour, name) {
      const active = contexts.active()
      if (!isKept(active)) return undefined
      if (!sampling.isTraceable(behaviour)) {
        return kind === 'call' ? { carrier: toCarrier(trace.getSpanContext(active) as never), end: NOT_KEPT.end } : undefined
      }
      const { title, attributes } = titles.of(kind, behaviour, name)
      const spanKind = kind === 'call' ? SpanKind.CLIENT : SpanKind.PRODUCER
      return new KeptSpan(message.startSpan(title, { kind: spanKind, attributes, startTime: performance.now() }, active))
    },

    receive(carrier, kind, behaviour, name, waitMs, handle) {
      const from = fromCarrier(carrier)
      if (!isSampled(from)) return outside(handle)
      if (!sampling.isTraceable(behaviour)) {
        return kind === 'call' ? contexts.with(trace.setSpanContext(ROOT_CONTEXT, from), handle) : outside(handle)
      }
      const takenAt = performance.now()
      const { title, attributes: common } = titles.of(kind, behaviour, name)
      const attributes = { ...common, 'otp.mailbox.wait_ms': waitMs }
      const startTime = takenAt - Math.max(0, waitMs)
      const links = [{ context: from, attributes: { 'otp.link.relation': 'producer' } }]
      const span =
        kind === 'call'
          ? message.startSpan(title, { kind: SpanKind.SERVER, attributes, startTime }, trace.setSpanContext(ROOT_CONTEXT, from))
          : message.startSpan(title, { kind: SpanKind.CONSUMER, attributes, startTime, links }, ROOT_CONTEXT)
      span.addEvent(MAILBOX_TAKEN, takenAt)
      return runInside(span, handle)
    },

    resume(carrier, run) {
      const from = fromCarrier(carrier)
      return from === undefined ? outside(run) : contexts.with(trace.setSpanContext(ROOT_CONTEXT, from), run)
    },

    serve(name, carrier, attributes, run) {
      const from = fromCarrier(carrier)
      const parent = from === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, from)
      const span = edge.startSpan(name, { kind: SpanKind.SERVER, startTime: performance.now() }, parent)
      const keeps = isSampled(span.spanContext())
      if (keeps) span.setAttributes(attributes)
      try {
        contexts.with(trace.setSpan(parent, span), run)
      } catch (error) {
        endSpan(span, nameOfError(error))
        throw error
      }
      return keeps ? new KeptSpan(span) : NOT_KEPT
    },

    begin(story, id) {
      if (!sampling.keeps('otp.cluster')) return NOT_KEPT
      const attributes: Partial<Record<Attribute, string>> = { 'otp.handoff.id': id }
      return new KeptSpan(cluster.startSpan(`otp.${story}`, { attributes, startTime: performance.now() }, ROOT_CONTEXT))
    },

    current() {
      const active = contexts.active()
      return isKept(active) ? toCarrier(trace.getSpanContext(active) as never) : undefined
    },

    isTraced: () => isKept(contexts.active()),

    detached: (run) => (contexts.active() === ROOT_CONTEXT ? run() : outside(run)),

    leaveOut: (behaviour) => sampling.leaveOut(behaviour),
  }
}
