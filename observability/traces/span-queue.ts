// Ended spans on their way out, counted by scope: those that left, those that could not be sent, and those that found the queue full.
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace'
import { SCOPES } from '#vocabulary'
import type { BatchOptions } from '../batch-options.ts'
import { type ExportCounts, ExportQueue } from '../export-queue.ts'

/** What became of the spans of one scope. */
export interface SpanCounts extends ExportCounts {
  readonly scope: string
  queued: number
}

/** Spans of other instrumentation in the same OS process. */
const FOREIGN = 'other'

/** Counts by scope, shared by the queues of a node. */
export class SpanLedger {
  readonly #counts = new Map<string, SpanCounts>(
    [...SCOPES, FOREIGN].map((scope) => [scope, { scope, exported: 0, failed: 0, dropped: 0, queued: 0 }]),
  )

  of(scope: string): SpanCounts {
    return (this.#counts.get(scope) ?? this.#counts.get(FOREIGN)) as SpanCounts
  }

  all(): readonly SpanCounts[] {
    return [...this.#counts.values()]
  }
}

/** What the SDK hands ended spans to. */
export class SpanQueue implements SpanProcessor {
  readonly #exporter: SpanExporter
  readonly #ledger: SpanLedger
  readonly #queue: ExportQueue<ReadableSpan>
  #isShutDown = false

  constructor(exporter: SpanExporter, ledger: SpanLedger, options: BatchOptions) {
    this.#exporter = exporter
    this.#ledger = ledger
    const settled = (spans: readonly ReadableSpan[], error: Error | undefined) => {
      for (const span of spans) {
        const counts = this.#countsOf(span)
        counts.queued--
        counts[error === undefined ? 'exported' : 'failed']++
      }
    }
    this.#queue = new ExportQueue({ send: (spans, done) => exporter.export(spans, done), settled }, options)
  }

  /** Whether a trace that begins now may hope to leave whole. */
  get hasRoom(): boolean {
    return this.#queue.hasRoom
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & 1) === 0 || this.#isShutDown) return
    this.#countsOf(span)[this.#queue.add(span) ? 'queued' : 'dropped']++
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

  #countsOf(span: ReadableSpan): SpanCounts {
    return this.#ledger.of(span.instrumentationScope.name)
  }
}
