// Where log records are sent, and in which of OTLP's encodings over HTTP: the standard variables say.
import { diag } from '@opentelemetry/api'
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import type { LogRecordExporter } from '@opentelemetry/sdk-logs'
import { type Environment, otlpProtocol } from '../otlp.ts'

/** Addresses and headers are read by the exporters themselves. */
export function otlpLogExporter(env: Environment): LogRecordExporter {
  const { protocol, problem } = otlpProtocol('LOGS', env)
  if (problem !== undefined) diag.warn(problem)
  return protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter()
}
