// How much the queues of spans hold: what the standard variables say of messages, and more for what is always kept.
import { diag } from '@opentelemetry/api'

/** How much a queue holds and hands over at once; times in ms. */
export interface SpanQueueOptions {
  readonly maxQueueSize: number
  readonly maxExportBatchSize: number
  /** How long a batch that is not full waits. */
  readonly scheduledDelayMillis: number
  /** How long the exporter may take. */
  readonly exportTimeoutMillis: number
}

/** Where nobody says otherwise. */
const MESSAGE_QUEUE: SpanQueueOptions = {
  maxQueueSize: 4096,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 2000,
  exportTimeoutMillis: 30_000,
}

/** Of lives and of the cluster: no variable makes it smaller. */
export const KEPT_QUEUE: SpanQueueOptions = {
  maxQueueSize: 20_000,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 1000,
  exportTimeoutMillis: 30_000,
}

/** Of messages: `OTEL_BSP_MAX_QUEUE_SIZE`, `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, `OTEL_BSP_SCHEDULE_DELAY` and `OTEL_BSP_EXPORT_TIMEOUT`. */
export function batchingOf(env: Readonly<Record<string, string | undefined>>): SpanQueueOptions {
  const number = (name: string, otherwise: number): number => {
    const text = env[name]
    if (text === undefined || text === '') return otherwise
    if (/^[1-9][0-9]*$/.test(text)) return Number(text)
    diag.warn(`${name}=${text} is no whole number above 0: it is ${otherwise}`)
    return otherwise
  }
  return {
    maxQueueSize: number('OTEL_BSP_MAX_QUEUE_SIZE', MESSAGE_QUEUE.maxQueueSize),
    maxExportBatchSize: number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', MESSAGE_QUEUE.maxExportBatchSize),
    scheduledDelayMillis: number('OTEL_BSP_SCHEDULE_DELAY', MESSAGE_QUEUE.scheduledDelayMillis),
    exportTimeoutMillis: number('OTEL_BSP_EXPORT_TIMEOUT', MESSAGE_QUEUE.exportTimeoutMillis),
  }
}
