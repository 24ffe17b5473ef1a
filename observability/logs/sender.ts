// Sends over OTLP what has been written: it reads each line, so that nothing leaves that is not on standard output. Loaded only where it is wanted.
import { context, type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api'
import { callWithTimeout, type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter, type ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { type BatchOptions, batchOptions } from '../batch-options.ts'
import type { Environment } from '../otlp.ts'
import { UNTRACED } from '../untraced.ts'
import { otlpLogExporter } from './exporter.ts'
import { recordOf } from './record.ts'

/** What records are sent with. */
export interface LogSenderOptions {
  readonly resource: Resource
  /** For `OTEL_BLRP_*` and the protocol. */
  readonly env: Environment
  /** By default OTLP over HTTP, configured by `OTEL_EXPORTER_OTLP_*`. */
  readonly exporter?: LogRecordExporter
  /** Hears what the SDK has to say, such as that its collector is away. */
  readonly diagnostics?: DiagLogger
}

/** The way out for the lines of a log. */
export interface LogSender {
  /** Takes one line; never throws, and never waits. What does not fit into the queue is on standard output alone. */
  send(line: string): void
  /** Sends what is queued and ends. Rejects when it takes longer than `timeoutMs`, or when something could not be sent. */
  shutdown(timeoutMs: number): Promise<void>
}

/** OpenTelemetry's own defaults. */
const QUEUE: BatchOptions = { maxQueueSize: 2048, maxExportBatchSize: 512, scheduledDelayMillis: 1000, exportTimeoutMillis: 30_000 }

/** The SDK's processor hides from who ends it that a batch could not be sent. */
class Watched implements LogRecordExporter {
  readonly #exporter: LogRecordExporter
  #failure: Error | undefined

  constructor(exporter: LogRecordExporter) {
    this.#exporter = exporter
  }

  export(records: ReadableLogRecord[], done: (result: ExportResult) => void): void {
    this.#exporter.export(records, (result) => {
      if (result.code !== ExportResultCode.SUCCESS) this.#failure = result.error ?? new Error('the exporter failed')
      done(result)
    })
  }

  /** Of the batch that failed last; it is asked for once. */
  takeFailure(): Error | undefined {
    const failure = this.#failure
    this.#failure = undefined
    return failure
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush()
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }
}

/** Starts to send; at most one at a time in an OS process, since OpenTelemetry's diagnostics are global. */
export function startLogSender({ resource, env, diagnostics, ...own }: LogSenderOptions): LogSender {
  if (diagnostics !== undefined) diag.setLogger(diagnostics, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  const exporter = new Watched(own.exporter ?? otlpLogExporter(env))
  const processor = new BatchLogRecordProcessor({ exporter, ...batchOptions('OTEL_BLRP', QUEUE, env) })
  const provider = new LoggerProvider({ resource, processors: [processor] })
  const logger = provider.getLogger('otp.log')
  return {
    send(line) {
      const record = recordOf(line)
      if (record !== undefined) context.with(UNTRACED, () => logger.emit(record))
    },
    async shutdown(timeoutMs) {
      // What failed before has been told.
      exporter.takeFailure()
      try {
        const ended = context.with(UNTRACED, () => provider.shutdown())
        await callWithTimeout(ended, timeoutMs)
        const failure = exporter.takeFailure()
        if (failure !== undefined) throw failure
      } finally {
        diag.disable()
      }
    },
  }
}
