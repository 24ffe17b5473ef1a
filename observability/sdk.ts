// The OpenTelemetry SDK of one node: three scopes, two queues, one address to send to. Loaded only when there is such an address.
import { type ContextManager, context, type DiagLogger, DiagLogLevel, diag, propagation, type Tracer, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { callWithTimeout } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { AlwaysOnSampler, type SpanExporter, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Scope } from '#vocabulary'
import type { BatchOptions } from './batch-options.ts'
import { otlpExporter } from './exporter.ts'
import type { Environment } from './otlp.ts'
import { Sampling } from './traces/controls.ts'
import { batchingOf, KEPT_QUEUE } from './traces/queue-options.ts'
import { RootSampler } from './traces/root-sampler.ts'
import { samplerSettings } from './traces/sampler-settings.ts'
import { type SpanCounts, SpanLedger, SpanQueue } from './traces/span-queue.ts'

/** What the SDK is started with. */
export interface TraceSdkOptions {
  readonly resource: Resource
  /** How much is kept; by default all. */
  readonly sampling?: Sampling
  /** For the variables that the SDK leaves to others: samplers and batches. */
  readonly env?: Environment
  /** Called once a queue; by default OTLP over HTTP, configured by `OTEL_EXPORTER_OTLP_*`. */
  readonly exporter?: () => SpanExporter
  /** Hears what the SDK has to say, such as that its collector is away. */
  readonly diagnostics?: DiagLogger
  readonly messageQueue?: Partial<BatchOptions>
  readonly keptQueue?: Partial<BatchOptions>
}

/** Tracers of the scopes, what says which of them runs now, and an end with a time limit. */
export interface TraceSdk {
  /** Decides once, for a request from outside and all that follows from it. */
  readonly edge: Tracer
  /** Records all that follows from a kept decision. */
  readonly message: Tracer
  readonly lifecycle: Tracer
  readonly cluster: Tracer
  readonly contexts: ContextManager
  readonly sampling: Sampling
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
  env = process.env,
  sampling = new Sampling(),
  exporter = otlpExporter,
  diagnostics,
  messageQueue: messageOptions,
  keptQueue: keptOptions,
}: TraceSdkOptions): TraceSdk {
  if (diagnostics !== undefined) diag.setLogger(diagnostics, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  const ledger = new SpanLedger()
  const messageQueue = new SpanQueue(exporter(), ledger, { ...batchingOf(env), ...messageOptions })
  // A burst of restarts ends within one tick and must not push out its own evidence, nor be pushed out by messages.
  const keptQueue = new SpanQueue(exporter(), ledger, { ...KEPT_QUEUE, ...keptOptions })
  const admits = (): boolean => {
    if (!messageQueue.hasRoom) ledger.of('otp.message').dropped++
    return messageQueue.hasRoom
  }
  const { isParentBased, problem } = samplerSettings(env)
  if (problem !== undefined) diag.warn(problem)
  const contexts = new AsyncLocalStorageContextManager()
  const sdk = new NodeSDK({
    resource,
    sampler: new RootSampler(sampling, isParentBased, admits),
    contextManager: contexts,
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
    contexts,
    sampling,
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
