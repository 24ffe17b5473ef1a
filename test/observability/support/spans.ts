// Tracing into memory: tracers of a node whose ended spans can be looked at.
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { NodeSDK } from '@opentelemetry/sdk-node'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { Sampling } from '#observability/traces/controls.ts'

// Context flows through promises only with a context manager, and OpenTelemetry has one an OS process.
const contexts = new AsyncLocalStorageContextManager()
new NodeSDK({
  contextManager: contexts,
  autoDetectResources: false,
  spanProcessors: [],
  metricReaders: [],
  logRecordProcessors: [],
}).start()

/** Tracers of every scope over one memory; `sampled` is what the edge decides. */
export function memoryTracers({ sampled = true } = {}) {
  const exporter = new InMemorySpanExporter()
  const spanProcessors = [new SimpleSpanProcessor({ exporter })]
  const edge = new TracerProvider({ sampler: sampled ? new AlwaysOnSampler() : new AlwaysOffSampler(), spanProcessors })
  const all = new TracerProvider({ sampler: new AlwaysOnSampler(), spanProcessors })
  return {
    contexts,
    sampling: new Sampling(),
    edge: edge.getTracer('otp.message'),
    message: all.getTracer('otp.message'),
    lifecycle: all.getTracer('otp.lifecycle'),
    cluster: all.getTracer('otp.cluster'),
    spans: (): readonly ReadableSpan[] => exporter.getFinishedSpans(),
    named: (name: string): readonly ReadableSpan[] => exporter.getFinishedSpans().filter((span) => span.name === name),
  }
}

/** Relation of a link to the span it points at. */
export const linksOf = (span: ReadableSpan | undefined): Record<string, string> =>
  Object.fromEntries((span?.links ?? []).map(({ attributes, context }) => [`${attributes?.['otp.link.relation']}`, context.spanId]))
