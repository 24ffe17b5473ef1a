// A line of the log as a record: where each field goes, and which line goes nowhere.
import { isSpanContextValid, SeverityNumber, trace } from '@opentelemetry/api'
import { describe, expect, test } from 'vitest'
import { recordOf } from '#observability/logs/record.ts'
import { logSending } from '#observability/logs/sending.ts'
import { createLogger, createLogs, LOG_LEVELS, REDACTED } from '#observability/logs.ts'
import { type Environment, otlpProtocol } from '#observability/otlp.ts'
import { everyExample, examples } from './support/facts.ts'
import { eventStream, identity } from './support/node.ts'

const IDS = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) }

/** What is written, and the records of it. */
function watch() {
  const lines: string[] = []
  const sent: string[] = []
  const destination = { write: (line: string) => lines.push(line) }
  const afterwards = (line: string) => {
    expect(lines.at(-1)).toBe(line)
    sent.push(line)
  }
  const logger = createLogger({ node: identity, level: 'trace', destination, afterwards })
  const events = eventStream()
  events.subscribe('logs', createLogs(logger, { spanOf: () => IDS, burst: 1000 }).table)
  return { logger, events, lines, sent, records: () => sent.map((line) => recordOf(line)) }
}

describe('a record', () => {
  test('of every fact has its words, its name, its fields and its span', () => {
    const { events, lines, sent, records } = watch()
    for (const { type, event } of everyExample) events.emit(type, event)
    expect(sent).toEqual(lines)
    for (const [index, record] of records().entries()) {
      const { level, time, msg, event, trace_id, span_id, exception: _, ...fields } = JSON.parse(lines[index] as string)
      expect(record).toMatchObject({ body: msg, eventName: event, severityText: level, timestamp: new Date(time) })
      expect(record?.attributes).toMatchObject({ ...fields, event, node_name: 'n1' })
      const span = trace.getSpanContext(record?.context as never)
      expect(span).toMatchObject({ traceId: trace_id, spanId: span_id })
      expect(isSpanContextValid(span as never)).toBe(true)
      for (const moved of ['level', 'time', 'msg', 'trace_id', 'span_id']) expect(record?.attributes).not.toHaveProperty(moved)
    }
  })

  test('of a crash names its exception as the semantic conventions do', () => {
    const { events, records } = watch()
    events.emit('process.exited', examples['process.exited'][0])
    const [record] = records()
    expect(record?.attributes).toMatchObject({
      reason: 'TypeError: no such lot',
      'exception.type': 'TypeError',
      'exception.message': 'no such lot',
      'exception.stacktrace': expect.stringContaining('facts.ts'),
    })
    expect(record?.attributes).not.toHaveProperty('exception')
  })

  test('of any other line has its fields as they are, and no span', () => {
    const { logger, records } = watch()
    logger.info({ http: { host: 'a', port: 1 }, exception: { why: 'a word' } }, 'ready')
    const [record] = records()
    expect(record).toMatchObject({ body: 'ready', attributes: { http: { host: 'a', port: 1 }, exception: { why: 'a word' } } })
    expect(record).not.toHaveProperty('eventName')
    expect(trace.getSpanContext(record?.context as never)).toBeUndefined()
  })

  test('of a line with fields that are named as the log names its own is one that can be sent', () => {
    const { logger, records } = watch()
    logger.info({ time: 'soon', level: 3, event: { a: 1 }, trace_id: 7 }, 'odd')
    const [record] = records()
    expect(record).toMatchObject({
      body: 'odd',
      severityText: '3',
      severityNumber: SeverityNumber.UNSPECIFIED,
      attributes: { event: { a: 1 } },
    })
    for (const absent of ['timestamp', 'eventName']) expect(record).not.toHaveProperty(absent)
    expect(trace.getSpanContext(record?.context as never)).toBeUndefined()
  })

  test.for(LOG_LEVELS.filter((level) => level !== 'silent'))('has the severity of %s', (level) => {
    const { logger, records } = watch()
    logger[level]('a word')
    expect(records()).toMatchObject([{ severityText: level, severityNumber: SeverityNumber[level.toUpperCase() as 'INFO'] }])
  })

  test.for(REDACTED)('holds nothing that is called %s', (name) => {
    const { logger, records } = watch()
    logger.info({ [name]: 's1', config: { [name]: 's2' } }, 'started')
    expect(JSON.stringify(records())).not.toMatch(/"s[12]"/)
    expect(records()[0]?.attributes).toMatchObject({ [name]: '[redacted]', config: { [name]: '[redacted]' } })
  })

  test('is not made of what telemetry says of itself', () => {
    const { logger, lines, records } = watch()
    logger.error({ event: 'telemetry.sdk' }, 'connect ECONNREFUSED')
    expect([lines.length, records()]).toEqual([1, [undefined]])
  })
})

describe('OTEL_LOGS_EXPORTER', () => {
  const address = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' }

  test.for<[Environment]>([
    [{}],
    [address],
    [{ ...address, OTEL_LOGS_EXPORTER: '' }],
    [{ ...address, OTEL_LOGS_EXPORTER: 'none' }],
    [{ ...address, OTEL_LOGS_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' }],
    [{ OTEL_LOGS_EXPORTER: 'console', OTEL_SDK_DISABLED: 'TRUE' }],
  ])('asks for nothing: %o', ([env]) => {
    expect(logSending(env)).toEqual({ isWanted: false })
  })

  test.for<[Environment]>([
    [{ ...address, OTEL_LOGS_EXPORTER: 'otlp' }],
    [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://x', OTEL_LOGS_EXPORTER: 'otlp' }],
    [{ ...address, OTEL_LOGS_EXPORTER: 'otlp', OTEL_TRACES_EXPORTER: 'none' }],
  ])('asks for records: %o', ([env]) => {
    expect(logSending(env)).toEqual({ isWanted: true })
  })

  test.for([
    [{ ...address, OTEL_LOGS_EXPORTER: 'console' }, 'OTEL_LOGS_EXPORTER=console'],
    [{ OTEL_LOGS_EXPORTER: 'otlp' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_LOGS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://x' }, 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT'],
  ] as const)('asks for what cannot be: %o', ([env, words]) => {
    expect(logSending(env)).toEqual({ isWanted: false, problem: expect.stringContaining(words) })
  })
})

test.for([
  [{}, 'http/protobuf'],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, 'http/json'],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/protobuf' }, 'http/protobuf'],
  [{ OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' }, 'http/protobuf'],
] as const)('the encoding of %o is %s', ([env, protocol]) => {
  expect(otlpProtocol('LOGS', env)).toEqual({ protocol })
})

test('an encoding that is not spoken is told, and the default taken', () => {
  expect(otlpProtocol('LOGS', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toEqual({
    protocol: 'http/protobuf',
    problem: expect.stringMatching(/OTLP over grpc .* logs are sent as http\/protobuf/),
  })
})
