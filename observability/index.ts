// observability: everything that watches a node. It hears the node's facts and reads its live structures; the node knows nothing of it.
import type { DiagLogger } from '@opentelemetry/api'
import type { DestinationStream, Logger } from 'pino'
import { type NodeEventStream, type NodeSnapshot, systemClock, type TraceControls, type Tracing } from '#otp-labs'
import type { LogSender } from './logs/sender.ts'
import { logSending } from './logs/sending.ts'
import { createLogger, createLogs, idsOf, type LogControls, logControls } from './logs.ts'
import type { ExemplarLabels } from './metrics/cells.ts'
import type { Page } from './metrics/exposition.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { type Environment, hasEndpoint, isDisabled } from './otlp.ts'
import type { NodeIdentity } from './resource.ts'
import type { TraceSdk } from './sdk.ts'
import { Sampling, type SamplingOptions } from './traces/controls.ts'
import { samplerSettings } from './traces/sampler-settings.ts'
import type { Traces } from './traces.ts'

export type { LogControls, LogLevel } from './logs.ts'
export type { NodeIdentity } from './resource.ts'

/** How a node is watched. */
export interface TelemetryOptions extends SamplingOptions {
  readonly node: NodeIdentity
  readonly logLevel: string
  readonly logDestination?: DestinationStream
  /** Decides whether traces are made and log records sent; the OpenTelemetry SDK reads its further `OTEL_*` from the OS process itself. */
  readonly env: Environment
  /** Spans of a kind a supervisor and a second, beyond which one stands for the rest. Default 100. */
  readonly burstLimit?: number
  /** Records of a kind and supervisor in ten seconds, beyond which the rest is counted. Default 20. */
  readonly logBurst?: number
}

/** Telemetry of one node, started before the node so that its first fact is heard. */
export interface Telemetry {
  /** For the runtime; `undefined` where traces go nowhere, so that messages cost what they cost without tracing. */
  readonly tracing: Tracing | undefined
  readonly callMeasured: Metrics['callMeasured']
  readonly messageMeasured: Metrics['messageMeasured']
  readonly logger: Logger
  /** How much is traced, to be changed at any time. */
  readonly controls: TraceControls
  /** How much is logged, at run time. */
  readonly logs: LogControls
  /** Listens to a node's facts: traces first, since metrics and logs name the spans these make. */
  attach(events: NodeEventStream, snapshot: () => NodeSnapshot | Promise<NodeSnapshot>): void
  /** The metrics page, as OpenMetrics where `accept` asks for it. */
  render(accept?: string): Promise<Page>
  /** Sends what is queued and ends, within `timeoutMs`; what could not be sent is logged, not thrown. */
  shutdown(timeoutMs: number): Promise<void>
}

/** The sampled flag of W3C Trace Context. */
const isKept = (context: { readonly traceFlags: number } | undefined): boolean => ((context?.traceFlags ?? 0) & 1) === 1

interface Tracers {
  readonly sdk: TraceSdk
  readonly tracing: Tracing
  readonly traces: Traces
}

/** Whether somebody wants traces: the SDK and its 60 MB are loaded for nobody else. */
function wantsTraces(env: Environment): boolean {
  return !isDisabled(env) && env.OTEL_TRACES_EXPORTER !== 'none' && hasEndpoint('TRACES', env)
}

/** What the SDK has to say is written, whoever it is that cannot send. */
function diagnosticsTo(logger: Logger): DiagLogger {
  const say = (level: 'error' | 'warn') => (message: string) => logger[level]({ event: 'telemetry.sdk' }, message)
  const silent = () => {}
  return { error: say('error'), warn: say('warn'), info: silent, debug: silent, verbose: silent }
}

async function startTraces({ node, env, burstLimit }: TelemetryOptions, sampling: Sampling, logger: Logger): Promise<Tracers> {
  const [{ startTraceSdk }, { resourceOf }, { createTracing }, { createTraces }] = await Promise.all([
    import('./sdk.ts'),
    import('./resource.ts'),
    import('./context.ts'),
    import('./traces.ts'),
  ])
  const sdk = startTraceSdk({ resource: resourceOf(node), env, sampling, diagnostics: diagnosticsTo(logger) })
  return { sdk, tracing: createTracing(sdk), traces: createTraces(sdk, systemClock, burstLimit) }
}

async function startSending({ node, env }: TelemetryOptions, logger: Logger): Promise<LogSender> {
  const [{ startLogSender }, { resourceOf }] = await Promise.all([import('./logs/sender.ts'), import('./resource.ts')])
  return startLogSender({ resource: resourceOf(node), env, diagnostics: diagnosticsTo(logger) })
}

/** Starts everything; without an OTLP endpoint no trace is made, no log record is sent, and no SDK is loaded. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { node, logLevel, logDestination, env, untraceable } = options
  const sampling = new Sampling({ sampling: { 'otp.message': samplerSettings(env).ratio, ...options.sampling }, untraceable })
  const sending = logSending(env)
  let tracers: Tracers | undefined
  let sender: LogSender | undefined
  const logger = createLogger({
    node,
    level: logLevel,
    destination: logDestination,
    traceIds: () => idsOf(tracers?.tracing.current()),
    afterwards: sending.isWanted ? (line) => sender?.send(line) : undefined,
  })
  if (sending.problem !== undefined) logger.warn({ event: 'telemetry.sdk' }, sending.problem)
  if (sending.isWanted) sender = await startSending(options, logger)
  if (wantsTraces(env)) tracers = await startTraces(options, sampling, logger)
  const spanOf = (event: object): ExemplarLabels | undefined => {
    const context = tracers?.traces.spanOf(event)
    return context === undefined ? undefined : { trace_id: context.traceId, span_id: context.spanId }
  }
  let read: () => NodeSnapshot | undefined | Promise<NodeSnapshot> = () => undefined
  const logs = createLogs(logger, { spanOf, ...(options.logBurst === undefined ? {} : { burst: options.logBurst }) })
  const metrics = createMetrics({
    snapshot: () => read(),
    exemplar: (event) => (isKept(tracers?.traces.spanOf(event)) ? spanOf(event) : undefined),
    spanCounts: () => tracers?.sdk.spanCounts() ?? [],
    recordCounts: () => sender?.counts(),
    clock: systemClock,
  })
  return {
    tracing: tracers?.tracing,
    callMeasured: metrics.callMeasured,
    messageMeasured: metrics.messageMeasured,
    logger,
    controls: sampling,
    logs: logControls(logger),
    attach(events, snapshot) {
      read = snapshot
      if (tracers !== undefined) events.subscribe('telemetry.traces', tracers.traces.table)
      events.subscribe('telemetry.metrics', metrics.table)
      events.subscribe('telemetry.logs', logs.table)
    },
    render: (accept) => metrics.render(accept),
    async shutdown(timeoutMs) {
      metrics.stop()
      tracers?.traces.flush()
      logs.flush()
      const tell = (what: string) => (error: unknown) =>
        logger.warn({ event: 'telemetry.shutdown', error: String(error) }, `not every ${what} could be sent`)
      // At the same time: neither takes what the other was given.
      await Promise.all([tracers?.sdk.shutdown(timeoutMs).catch(tell('span')), sender?.shutdown(timeoutMs).catch(tell('log record'))])
      logger.flush()
    },
  }
}
