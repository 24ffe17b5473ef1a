// The OpenTelemetry SDK of one node: three scopes, two queues, one address to send to. Loaded only when there is such an address.
import { context, type DiagLogger, DiagLogLevel, diag, propagation, type Tracer, trace } from '@opentelemetry/api'
import { callWithTimeout } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { AlwaysOnSampler, type SpanExporter, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Scope } from '#vocabulary'
import type { MessageTracers } from './context.ts'
import { otlpExporter } from './exporter.ts'
import { type SpanCounts, SpanLedger, SpanQueue } from './traces/span-queue.ts'

/** What the SDK is started with. */
export interface TraceSdkOptions {
  readonly resource: Resource
  /** Called once a queue; by default OTLP over HTTP, configured by `OTEL_EXPORTER_OTLP_*`. */
  readonly exporter?: () => SpanExporter
  /** Hears what the SDK has to say, such as that its collector is away. */
  readonly diagnostics?: DiagLogger
  readonly messageQueueSize?: number
  readonly keptQueueSize?: number
}

/** Tracers of the scopes, and an end with a time limit. */
export interface TraceSdk extends MessageTracers {
  readonly lifecycle: Tracer
  readonly cluster: Tracer
  spanCounts(): readonly SpanCounts[]
  /** Sends what is queued. Rejects when it takes longer than `timeoutMs`. */
  flush(timeoutMs: number): Promise<void>
  /** The same, and ends. */
  shutdown(timeoutMs: number): Promise<void>
}

const scope = (name: Scope): Scope => name

/** At most one at a time in an OS process: the context manager, the propagators and the sampled provider are global in OpenTelemetry. */
export function startTraceSdk({
  resource,
  exporter = otlpExporter,
  diagnostics,
  messageQueueSize = 4096,
  keptQueueSize = 20_000,
}: TraceSdkOptions): TraceSdk {
  if (diagnostics !== undefined) diag.setLogger(diagnostics, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  const ledger = new SpanLedger()
  const messageQueue = new SpanQueue(exporter(), ledger, {
    maxQueueSize: messageQueueSize,
    maxExportBatchSize: Math.min(512, messageQueueSize),
    scheduledDelayMillis: 2000,
  })
  // A burst of restarts ends within one tick and must not push out its own evidence, nor be pushed out by messages.
  const keptQueue = new SpanQueue(exporter(), ledger, {
    maxQueueSize: keptQueueSize,
    maxExportBatchSize: Math.min(2048, keptQueueSize),
    scheduledDelayMillis: 1000,
  })
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    spanProcessors: [messageQueue],
    metricReaders: [],
    logRecordProcessors: [],
  })
  sdk.start()
  // What follows from a kept decision is kept: a sampler asked again for a linked root would tear stories apart.
  const provider = (queue: SpanProcessor) => new TracerProvider({ resource, sampler: new AlwaysOnSampler(), spanProcessors: [queue] })
  const following = provider(messageQueue)
  const kept = provider(keptQueue)
  return {
    edge: trace.getTracer(scope('otp.message')),
    message: following.getTracer(scope('otp.message')),
    lifecycle: kept.getTracer(scope('otp.lifecycle')),
    cluster: kept.getTracer(scope('otp.cluster')),
    spanCounts: () => ledger.all(),
    flush: async (timeoutMs) => {
      await callWithTimeout(Promise.all([messageQueue.forceFlush(), keptQueue.forceFlush()]), timeoutMs)
    },
    shutdown: async (timeoutMs) => {
      try {
        await callWithTimeout(Promise.all([sdk.shutdown(), kept.shutdown()]), timeoutMs)
      } finally {
        // What is global is given back, so that the next one in this OS process gets it.
        for (const api of [trace, context, propagation, diag]) api.disable()
      }
    },
  }
}
