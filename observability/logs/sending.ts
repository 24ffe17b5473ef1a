// Whether log records are sent over OTLP besides being written: what `OTEL_LOGS_EXPORTER` says. Pure.
import { type Environment, hasEndpoint, isDisabled } from '../otlp.ts'

/** `problem`: what was asked for and cannot be, for the log. */
export interface LogSending {
  readonly isWanted: boolean
  readonly problem?: string
}

/** Unlike OpenTelemetry's default nothing is sent unless it is asked for: the lines on standard output are the record. */
export function logSending(env: Environment): LogSending {
  const exporter = env['OTEL_LOGS_EXPORTER'] || 'none'
  if (exporter === 'none' || isDisabled(env)) return { isWanted: false }
  if (exporter !== 'otlp') {
    return { isWanted: false, problem: `OTEL_LOGS_EXPORTER=${exporter} is not known here: expected otlp or none. No log record is sent.` }
  }
  if (hasEndpoint('LOGS', env)) return { isWanted: true }
  const missing = 'OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_LOGS_ENDPOINT'
  return { isWanted: false, problem: `OTEL_LOGS_EXPORTER=otlp needs an address, ${missing}. No log record is sent.` }
}
