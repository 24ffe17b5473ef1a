// Where spans are sent, and in which of OTLP's encodings over HTTP: the standard variables say.
import { diag } from '@opentelemetry/api'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import type { SpanExporter } from '@opentelemetry/sdk-trace'

/** `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL`, else `OTEL_EXPORTER_OTLP_PROTOCOL`: `http/protobuf` (the default) or `http/json`. Addresses and headers are read by the exporters themselves. */
export function otlpExporter(env: Readonly<Record<string, string | undefined>> = process.env): SpanExporter {
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || 'http/protobuf'
  if (protocol === 'http/json') return new JsonExporter()
  if (protocol !== 'http/protobuf') {
    diag.warn(`OTLP over ${protocol} is not spoken here: expected http/protobuf or http/json. Spans are sent as http/protobuf.`)
  }
  return new ProtobufExporter()
}
