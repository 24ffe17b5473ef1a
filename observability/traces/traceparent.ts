// The carrier of a trace: one W3C `traceparent`, and only of spans that are kept.
import { type SpanContext, TraceFlags } from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'

/** Whether a span is kept, as far as this node can know: a tail sampler may decide otherwise later. */
export const isSampled = (context: SpanContext | undefined): context is SpanContext =>
  context !== undefined && (context.traceFlags & TraceFlags.SAMPLED) !== 0

export const toCarrier = ({ traceId, spanId, traceFlags }: SpanContext): string => `00-${traceId}-${spanId}-0${traceFlags & 1}`

/** `undefined` for what is no `traceparent`; it may come from another node or from outside. */
export function fromCarrier(carrier: string | undefined): SpanContext | undefined {
  const parsed = carrier === undefined ? null : parseTraceParent(carrier)
  return parsed === null ? undefined : { ...parsed, isRemote: true }
}
