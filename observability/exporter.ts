// Where spans are sent, and in which of OTLP's encodings over HTTP: the standard variables say.
import { diag } from '@opentelemetry/api'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { type Environment, otlpProtocol } from './otlp.ts'

/** Addresses and headers are read by the exporters themselves. */
export function otlpExporter(env: Environment = process.env): SpanExporter {
  const { protocol, problem } = otlpProtocol('TRACES', env)
  if (problem !== undefined) diag.warn(problem)
  return protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter()
}
