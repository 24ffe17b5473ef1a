// Log records on their way out, counted: those that left, those that could not be sent, and those that found the queue full.
import { diag } from '@opentelemetry/api'
import type { LogRecordExporter, LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { BatchOptions } from '../batch-options.ts'
import { type ExportCounts, ExportQueue } from '../export-queue.ts'

/** What the SDK hands log records to. */
export class RecordQueue implements LogRecordProcessor {
  readonly counts: ExportCounts = { exported: 0, failed: 0, dropped: 0 }
  readonly #exporter: LogRecordExporter
  readonly #queue: ExportQueue<ReadableLogRecord>
  #isShutDown = false

  constructor(exporter: LogRecordExporter, options: BatchOptions) {
    this.#exporter = exporter
    const settled = (records: readonly ReadableLogRecord[], error: Error | undefined) => {
      this.counts[error === undefined ? 'exported' : 'failed'] += records.length
      if (error !== undefined && !this.#isShutDown) diag.error(`could not send a batch of ${records.length} log records: ${error.message}`)
    }
    this.#queue = new ExportQueue({ send: (records, done) => exporter.export(records, done), settled }, options)
  }

  onEmit(record: ReadableLogRecord): void {
    if (!this.#isShutDown && !this.#queue.add(record)) this.counts.dropped++
  }

  /** Sends all there is now. Rejects when something could not be sent. */
  forceFlush(): Promise<void> {
    return this.#queue.flush()
  }

  async shutdown(): Promise<void> {
    this.#isShutDown = true
    try {
      await this.#queue.flush()
    } finally {
      await this.#exporter.shutdown()
    }
  }
}
