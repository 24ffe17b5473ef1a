// How much a queue on its way out holds, and how soon it is emptied: what the standard variables say of it.
import { diag } from '@opentelemetry/api'
import type { Environment } from './otlp.ts'

/** How much a queue holds and hands over at once; times in ms. */
export interface BatchOptions {
  readonly maxQueueSize: number
  readonly maxExportBatchSize: number
  /** How long a batch that is not full waits. */
  readonly scheduledDelayMillis: number
  /** How long the exporter may take. */
  readonly exportTimeoutMillis: number
}

/** `OTEL_BSP_…` or `OTEL_BLRP_…`: `MAX_QUEUE_SIZE`, `MAX_EXPORT_BATCH_SIZE`, `SCHEDULE_DELAY` and `EXPORT_TIMEOUT`. What is no number above 0 is passed over with a warning. */
export function batchOptions(prefix: 'OTEL_BSP' | 'OTEL_BLRP', otherwise: BatchOptions, env: Environment): BatchOptions {
  const number = (suffix: string, byDefault: number): number => {
    const name = `${prefix}_${suffix}`
    const text = env[name]
    if (text === undefined || text === '') return byDefault
    if (/^[1-9][0-9]*$/.test(text)) return Number(text)
    diag.warn(`${name}=${text} is no whole number above 0: it is ${byDefault}`)
    return byDefault
  }
  return {
    maxQueueSize: number('MAX_QUEUE_SIZE', otherwise.maxQueueSize),
    maxExportBatchSize: number('MAX_EXPORT_BATCH_SIZE', otherwise.maxExportBatchSize),
    scheduledDelayMillis: number('SCHEDULE_DELAY', otherwise.scheduledDelayMillis),
    exportTimeoutMillis: number('EXPORT_TIMEOUT', otherwise.exportTimeoutMillis),
  }
}
