// A queue on its way out to a collector: it never loses anything without a count, and never sends more than the node can bear.
import { context } from '@opentelemetry/api'
import { callWithTimeout, type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { BatchOptions } from './batch-options.ts'
import { UNTRACED } from './untraced.ts'

/** What has become of what was to leave. */
export interface ExportCounts {
  exported: number
  failed: number
  /** Found the queue full. */
  dropped: number
}

/** Where a queue empties itself to. */
export interface ExportTarget<T> {
  /** Sends one batch; `done` is called once, when it is known how that went. */
  send(batch: T[], done: (result: ExportResult) => void): void
  /** Hears of each batch what became of it. `error`: why it failed. */
  settled(batch: readonly T[], error: Error | undefined): void
}

/** To put 512 spans into bytes holds the event loop for 3 ms or so: between two batches it is left alone for at least this long. */
const BETWEEN_BATCHES_MS = 200

/** The SDK's own batching processors drop in silence, and under load send batch after batch: half of a node's time went there. */
export class ExportQueue<T> {
  readonly #target: ExportTarget<T>
  readonly #options: BatchOptions
  #waiting: T[] = []
  #timer: NodeJS.Timeout | undefined
  #isHurried = false
  #sentAt = Number.NEGATIVE_INFINITY
  /** The batch under way. */
  #sending: Promise<void> | undefined

  constructor(target: ExportTarget<T>, options: BatchOptions) {
    this.#target = target
    this.#options = { ...options, maxExportBatchSize: Math.min(options.maxExportBatchSize, options.maxQueueSize) }
  }

  /** Whether half of the queue is free: the other half is kept for what has begun already. */
  get hasRoom(): boolean {
    return this.#waiting.length < this.#options.maxQueueSize / 2
  }

  /** False where it is full. */
  add(item: T): boolean {
    if (this.#waiting.length >= this.#options.maxQueueSize) return false
    this.#waiting.push(item)
    if (!this.#isHurried) this.#schedule()
    return true
  }

  /** Soon for a full batch, after its delay for another. */
  #schedule(): void {
    if (this.#sending !== undefined || this.#waiting.length === 0) return
    const isFull = this.#waiting.length >= this.#options.maxExportBatchSize
    if (this.#timer !== undefined && !isFull) return
    clearTimeout(this.#timer)
    this.#isHurried = isFull
    const delayMs = isFull ? Math.max(0, this.#sentAt + BETWEEN_BATCHES_MS - performance.now()) : this.#options.scheduledDelayMillis
    this.#timer = context.with(UNTRACED, () => setTimeout(this.#onTimer, delayMs))
    this.#timer.unref()
  }

  readonly #onTimer = (): void => {
    this.#forgetTimer()
    // The target hears of it where it fails.
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
    const batch = this.#waiting.splice(0, this.#options.maxExportBatchSize)
    const sent = new Promise<ExportResult>((resolve) => context.with(UNTRACED, () => this.#target.send(batch, resolve)))
    this.#sending = callWithTimeout(sent, this.#options.exportTimeoutMillis)
      .catch((error: Error): ExportResult => ({ code: ExportResultCode.FAILED, error }))
      .then(({ code, error }) => {
        this.#sending = undefined
        const failure = code === ExportResultCode.SUCCESS ? undefined : (error ?? new Error('the exporter failed'))
        this.#target.settled(batch, failure)
        this.#schedule()
        if (failure !== undefined) throw failure
      })
    return this.#sending
  }

  /** Sends all there is now, one batch after the other. Rejects when one of them could not be sent. */
  async flush(): Promise<void> {
    let failure: Error | undefined
    const note = (error: Error) => {
      failure = error
    }
    try {
      await this.#sending?.catch(note)
      while (this.#waiting.length > 0) {
        this.#forgetTimer()
        await this.#send().catch(note)
      }
    } finally {
      this.#forgetTimer()
    }
    if (failure !== undefined) throw failure
  }
}
