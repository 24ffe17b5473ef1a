// A queue of ended spans on their way out: it never loses one without counting it, and never sends more than the node can bear.
import { context } from '@opentelemetry/api'
import { callWithTimeout, type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace'
import { SCOPES } from '#vocabulary'
import type { BatchOptions } from '../batch-options.ts'
import { UNTRACED } from '../untraced.ts'

/** What became of the spans of one scope. */
export interface SpanCounts {
  readonly scope: string
  exported: number
  failed: number
  dropped: number
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

/** To put 512 spans into bytes holds the event loop for 3 ms or so: between two batches it is left alone for at least this long. */
const BETWEEN_BATCHES_MS = 200

/** The SDK's own batching processor drops in silence, and under load sends batch after batch: half of a node's time went there. */
export class SpanQueue implements SpanProcessor {
  readonly #exporter: SpanExporter
  readonly #ledger: SpanLedger
  readonly #options: BatchOptions
  #spans: ReadableSpan[] = []
  #timer: NodeJS.Timeout | undefined
  #isHurried = false
  #sentAt = Number.NEGATIVE_INFINITY
  /** The batch under way. */
  #sending: Promise<void> | undefined
  #isShutDown = false

  constructor(exporter: SpanExporter, ledger: SpanLedger, options: BatchOptions) {
    this.#exporter = exporter
    this.#ledger = ledger
    this.#options = { ...options, maxExportBatchSize: Math.min(options.maxExportBatchSize, options.maxQueueSize) }
  }

  /** Whether a trace that begins now may hope to leave whole: half of the queue is kept for what has begun already. */
  get hasRoom(): boolean {
    return this.#spans.length < this.#options.maxQueueSize / 2
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & 1) === 0 || this.#isShutDown) return
    const counts = this.#ledger.of(span.instrumentationScope.name)
    if (this.#spans.length >= this.#options.maxQueueSize) {
      counts.dropped++
      return
    }
    counts.queued++
    this.#spans.push(span)
    if (!this.#isHurried) this.#schedule()
  }

  /** Soon for a full batch, after its delay for another. */
  #schedule(): void {
    if (this.#sending !== undefined || this.#spans.length === 0) return
    const isFull = this.#spans.length >= this.#options.maxExportBatchSize
    if (this.#timer !== undefined && !isFull) return
    clearTimeout(this.#timer)
    this.#isHurried = isFull
    const delayMs = isFull ? Math.max(0, this.#sentAt + BETWEEN_BATCHES_MS - performance.now()) : this.#options.scheduledDelayMillis
    this.#timer = context.with(UNTRACED, () => setTimeout(this.#onTimer, delayMs))
    this.#timer.unref()
  }

  readonly #onTimer = (): void => {
    this.#forgetTimer()
    // Counted where it fails.
    this.#send().catch(() => undefined)
  }

  #forgetTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isHurried = false
  }

  /** One batch. Rejects when it could not be sent. */
  #send(): Promise<void> {
    this.#sentAt = performance.now()
    const spans = this.#spans.splice(0, this.#options.maxExportBatchSize)
    const sent = new Promise<ExportResult>((resolve) => context.with(UNTRACED, () => this.#exporter.export(spans, resolve)))
    this.#sending = callWithTimeout(sent, this.#options.exportTimeoutMillis)
      .catch((error: Error): ExportResult => ({ code: ExportResultCode.FAILED, error }))
      .then(({ code, error }) => {
        this.#sending = undefined
        this.#settle(spans, code === ExportResultCode.SUCCESS ? 'exported' : 'failed')
        this.#schedule()
        if (code !== ExportResultCode.SUCCESS) throw error ?? new Error('the exporter failed')
      })
    return this.#sending
  }

  #settle(spans: readonly ReadableSpan[], outcome: 'exported' | 'failed'): void {
    for (const span of spans) {
      const counts = this.#ledger.of(span.instrumentationScope.name)
      counts.queued--
      counts[outcome]++
    }
  }

  /** Sends all there is now, one batch after the other. Rejects when one of them could not be sent. */
  async forceFlush(): Promise<void> {
    let failure: Error | undefined
    const note = (error: Error) => {
      failure = error
    }
    await this.#sending?.catch(note)
    while (this.#spans.length > 0) {
      this.#forgetTimer()
      await this.#send().catch(note)
    }
    if (failure !== undefined) throw failure
  }

  async shutdown(): Promise<void> {
    this.#isShutDown = true
    try {
      await this.forceFlush()
    } finally {
      this.#forgetTimer()
      await this.#exporter.shutdown()
    }
  }
}
