// A queue of ended spans on their way out that never loses one without counting it.
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace'
import { SPANS } from '#vocabulary'

/** What became of the spans of one scope. */
export interface SpanCounts {
  readonly scope: string
  exported: number
  failed: number
  dropped: number
  queued: number
}

const SCOPES: ReadonlySet<string> = new Set(Object.values(SPANS).map(({ scope }) => scope))
/** Spans of other instrumentation in the same OS process. */
const FOREIGN = 'other'

/** Counts by scope, shared by the queues of a node. */
export class SpanLedger {
  readonly #counts = new Map<string, SpanCounts>(
    [...SCOPES, FOREIGN].map((scope) => [scope, { scope, exported: 0, failed: 0, dropped: 0, queued: 0 }]),
  )

  of(span: ReadableSpan): SpanCounts {
    const { name } = span.instrumentationScope
    return this.#counts.get(SCOPES.has(name) ? name : FOREIGN) as SpanCounts
  }

  all(): readonly SpanCounts[] {
    return [...this.#counts.values()]
  }
}

/** How much a queue holds and hands over at once. */
export interface SpanQueueOptions {
  readonly maxQueueSize: number
  readonly maxExportBatchSize: number
  readonly scheduledDelayMillis: number
}

/** The SDK's batching processor, which drops silently, behind a gate that knows how full it is. */
export class SpanQueue implements SpanProcessor {
  readonly #inner: BatchSpanProcessor
  readonly #ledger: SpanLedger
  readonly #max: number
  #size = 0

  constructor(exporter: SpanExporter, ledger: SpanLedger, options: SpanQueueOptions) {
    this.#ledger = ledger
    this.#max = options.maxQueueSize
    const counting: SpanExporter = {
      export: (spans, done) => {
        this.#size -= spans.length
        exporter.export(spans, (result) => {
          this.#settle(spans, result)
          done(result)
        })
      },
      shutdown: () => exporter.shutdown(),
      forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    }
    this.#inner = new BatchSpanProcessor({ exporter: counting, ...options })
  }

  #settle(spans: readonly ReadableSpan[], result: ExportResult): void {
    const outcome = result.code === ExportResultCode.SUCCESS ? 'exported' : 'failed'
    for (const span of spans) {
      const counts = this.#ledger.of(span)
      counts.queued--
      counts[outcome]++
    }
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & 1) === 0) return
    const counts = this.#ledger.of(span)
    if (this.#size >= this.#max) {
      counts.dropped++
      return
    }
    this.#size++
    counts.queued++
    this.#inner.onEnd(span)
  }

  forceFlush(): Promise<void> {
    return this.#inner.forceFlush()
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown()
  }
}
