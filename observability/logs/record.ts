// A line of the log as a record of OpenTelemetry's, with the names that its semantic conventions have for exceptions. Pure.
import { type Attributes, type LogRecord, ROOT_CONTEXT, SeverityNumber, TraceFlags, trace } from '@opentelemetry/api'
import { ATTR_EXCEPTION_MESSAGE, ATTR_EXCEPTION_STACKTRACE, ATTR_EXCEPTION_TYPE } from '@opentelemetry/semantic-conventions'

const SEVERITIES: ReadonlyMap<unknown, SeverityNumber> = new Map([
  ['trace', SeverityNumber.TRACE],
  ['debug', SeverityNumber.DEBUG],
  ['info', SeverityNumber.INFO],
  ['warn', SeverityNumber.WARN],
  ['error', SeverityNumber.ERROR],
  ['fatal', SeverityNumber.FATAL],
])

/** What telemetry says of itself: to send that its collector is away would give it more to say. */
const OF_THE_SDK = 'telemetry.sdk'

/** Who logs may name a field as the log names its own, with anything in it. */
type Line = Readonly<Record<string, unknown>>

/** The record of a line as it was written; `undefined` for one that is only written. Fields that have no place of their own are attributes. */
export function recordOf(line: string): LogRecord | undefined {
  const { level, time, msg, trace_id, span_id, exception, ...fields } = JSON.parse(line) as Line
  const { event } = fields
  if (event === OF_THE_SDK) return undefined
  const at = new Date(String(time))
  return {
    ...(Number.isNaN(at.getTime()) ? {} : { timestamp: at }),
    severityNumber: SEVERITIES.get(level) ?? SeverityNumber.UNSPECIFIED,
    severityText: String(level),
    ...(msg === undefined ? {} : { body: msg }),
    // `event` is an attribute, too: not every store keeps the name of an event.
    ...(typeof event === 'string' ? { eventName: event } : {}),
    attributes: isThrown(exception) ? { ...fields, ...attributesOf(exception) } : { ...fields, exception },
    context: typeof trace_id === 'string' && typeof span_id === 'string' ? inSpan(trace_id, span_id) : ROOT_CONTEXT,
  }
}

interface Thrown {
  readonly type?: string
  readonly message?: string
  readonly stacktrace?: string
}

/** `exception` is what facts of crashes have; another line may call anything so. */
const isThrown = (exception: unknown): exception is Thrown => typeof exception === 'object' && exception !== null && 'message' in exception

function attributesOf({ type, message, stacktrace }: Thrown): Attributes {
  return { [ATTR_EXCEPTION_TYPE]: type, [ATTR_EXCEPTION_MESSAGE]: message, [ATTR_EXCEPTION_STACKTRACE]: stacktrace }
}

/** Only what belongs to a kept trace has ids on its line. */
const inSpan = (traceId: string, spanId: string) => trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED })
