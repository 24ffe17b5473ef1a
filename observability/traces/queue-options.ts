// How much the queues of spans hold: what the standard variables say of messages, and more for what is always kept.
import { type BatchOptions, batchOptions } from '../batch-options.ts'
import type { Environment } from '../otlp.ts'

/** Where nobody says otherwise. */
const MESSAGE_QUEUE: BatchOptions = {
  maxQueueSize: 4096,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 2000,
  exportTimeoutMillis: 30_000,
}

/** Of lives and of the cluster: no variable makes it smaller. */
export const KEPT_QUEUE: BatchOptions = {
  maxQueueSize: 20_000,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 1000,
  exportTimeoutMillis: 30_000,
}

/** Of messages: `OTEL_BSP_MAX_QUEUE_SIZE`, `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, `OTEL_BSP_SCHEDULE_DELAY` and `OTEL_BSP_EXPORT_TIMEOUT`. */
export const batchingOf = (env: Environment): BatchOptions => batchOptions('OTEL_BSP', MESSAGE_QUEUE, env)
