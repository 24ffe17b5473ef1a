// Sends over OTLP what has been written: it reads each line, so that nothing leaves that is not on standard output. Loaded only where it is wanted.
import { context, type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api'
import { callWithTimeout } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import { LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs'
import { type BatchOptions, batchOptions } from '../batch-options.ts'
import type { ExportCounts } from '../export-queue.ts'
import type { Environment } from '../otlp.ts'
import { UNTRACED } from '../untraced.ts'
import { otlpLogExporter } from './exporter.ts'
import { recordOf } from './record.ts'
import { RecordQueue } from './record-queue.ts'

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
  /** What has become of the records until now. */
  counts(): Readonly<ExportCounts>
  /** Sends what is queued and ends. Rejects when it takes longer than `timeoutMs`, or when something could not be sent. */
  shutdown(timeoutMs: number): Promise<void>
}

/** OpenTelemetry's own defaults. */
const QUEUE: BatchOptions = { maxQueueSize: 2048, maxExportBatchSize: 512, scheduledDelayMillis: 1000, exportTimeoutMillis: 30_000 }

/** Starts to send; at most one at a time in an OS process, since OpenTelemetry's diagnostics are global. */
export function startLogSender({ resource, env, diagnostics, ...own }: LogSenderOptions): LogSender {
  if (diagnostics !== undefined) diag.setLogger(diagnostics, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  const queue = new RecordQueue(own.exporter ?? otlpLogExporter(env), batchOptions('OTEL_BLRP', QUEUE, env))
  const provider = new LoggerProvider({ resource, processors: [queue] })
  const logger = provider.getLogger('otp.log')
  return {
    send(line) {
      const record = recordOf(line)
      if (record !== undefined) context.with(UNTRACED, () => logger.emit(record))
    },
    counts: () => queue.counts,
    async shutdown(timeoutMs) {
      try {
        const ended = context.with(UNTRACED, () => provider.shutdown())
        await callWithTimeout(ended, timeoutMs)
      } finally {
        diag.disable()
      }
    },
  }
}
