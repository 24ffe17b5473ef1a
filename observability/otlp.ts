// What the standard variables say of OTLP: whether a signal is to be sent, where to, and in which of its encodings over HTTP. Pure.

/** The environment of an OS process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What is sent, as the variables name it. */
type Signal = 'TRACES' | 'LOGS'

/** One of OTLP's encodings over HTTP; `problem`: what was said and is not spoken here, for the log. */
export interface OtlpProtocol {
  readonly protocol: 'http/protobuf' | 'http/json'
  readonly problem?: string
}

/** `OTEL_SDK_DISABLED`. */
export const isDisabled = (env: Environment): boolean => env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true'

/** Whether there is an address for a signal: its own, or that of all. */
export const hasEndpoint = (signal: Signal, env: Environment): boolean =>
  Boolean(env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] || env['OTEL_EXPORTER_OTLP_ENDPOINT'])

/** `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL` or its like, else `OTEL_EXPORTER_OTLP_PROTOCOL`, else `http/protobuf`. */
export function otlpProtocol(signal: Signal, env: Environment): OtlpProtocol {
  const protocol = env[`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || 'http/protobuf'
  if (protocol === 'http/protobuf' || protocol === 'http/json') return { protocol }
  const problem = `OTLP over ${protocol} is not spoken here: expected http/protobuf or http/json. ${signal.toLowerCase()} are sent as http/protobuf.`
  return { protocol: 'http/protobuf', problem }
}
