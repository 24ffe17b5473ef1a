// Log records on their way out over OTLP: to a receiver, to none, and to one that does not answer.
import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { ExportResultCode, isTracingSuppressed } from '@opentelemetry/core'
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startTelemetry } from '#observability'
import { startLogSender } from '#observability/logs/sender.ts'
import { createLogger } from '#observability/logs.ts'
import { resourceOf } from '#observability/resource.ts'
import { examples } from './support/facts.ts'
import { eventStream, identity, snapshot } from './support/node.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

type Done = Parameters<LogRecordExporter['export']>[1]

/** An exporter that keeps what it gets and answers as it was told; told nothing, it answers once it is. */
class Exporter implements LogRecordExporter {
  readonly got: ReadableLogRecord[][] = []
  readonly asked = Promise.withResolvers<void>()
  #answer: ExportResultCode | undefined
  #waiting: Done = () => {}

  constructor(answer?: ExportResultCode) {
    this.#answer = answer
  }

  export(records: ReadableLogRecord[], done: Done): void {
    this.got.push(records)
    this.#waiting = done
    this.asked.resolve()
    if (this.#answer !== undefined) done({ code: this.#answer })
  }

  answer(code: ExportResultCode): void {
    this.#answer = code
    this.#waiting({ code })
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

/** A log whose lines are kept, and sent by a sender with this exporter. */
function log(exporter: LogRecordExporter, env: Record<string, string> = {}) {
  const lines: string[] = []
  const said: string[] = []
  const complaint = Promise.withResolvers<void>()
  const logger = createLogger({
    node: identity,
    level: 'info',
    destination: { write: (line) => lines.push(line) },
    afterwards: (line) => sender.send(line),
  })
  const say = (message: string) => {
    said.push(message)
    logger.error({ event: 'telemetry.sdk' }, message)
    complaint.resolve()
  }
  const silent = () => {}
  const diagnostics = { error: say, warn: say, info: silent, debug: silent, verbose: silent }
  const sender = startLogSender({ resource: resourceOf(identity), env, exporter, diagnostics })
  return { logger, lines, said, complaint: complaint.promise, sender }
}

describe('a sender', () => {
  test('sends what is queued when it ends, with who speaks', async () => {
    const exporter = new Exporter(ExportResultCode.SUCCESS)
    const { logger, sender } = log(exporter)
    logger.info('first')
    logger.warn('second')
    expect(exporter.got).toEqual([])
    await sender.shutdown(1000)
    const records = exporter.got.flat()
    expect(records.map(({ body, severityText }) => [body, severityText])).toEqual([
      ['first', 'info'],
      ['second', 'warn'],
    ])
    expect(records[0]?.resource.attributes).toMatchObject({ 'service.name': 'otp-labs', 'otp.node.name': 'n1' })
  })

  test('follows the level of the log, also when it is changed', async () => {
    const exporter = new Exporter(ExportResultCode.SUCCESS)
    const { logger, sender } = log(exporter)
    logger.debug('unheard')
    logger.level = 'debug'
    logger.debug('heard')
    await sender.shutdown(1000)
    expect(exporter.got.flat().map(({ body }) => body)).toEqual(['heard'])
  })

  test('keeps as many as its queue holds while nobody takes them, and every line is written', async () => {
    const exporter = new Exporter()
    const { logger, lines, sender } = log(exporter, { OTEL_BLRP_MAX_QUEUE_SIZE: '100', OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '10' })
    for (let index = 0; index < 10_000; index++) logger.info(`record ${index}`)
    expect(lines).toHaveLength(10_000)
    await exporter.asked.promise
    exporter.answer(ExportResultCode.SUCCESS)
    await sender.shutdown(5000)
    expect(exporter.got.flat().map(({ body }) => body)).toEqual(Array.from({ length: 100 }, (_, index) => `record ${index}`))
    expect(sender.counts()).toEqual({ exported: 100, failed: 0, dropped: 9900 })
  })

  test('holds the end up no longer than it was given when nobody answers', async () => {
    const { logger, sender } = log(new Exporter())
    logger.info('hello')
    await expect(sender.shutdown(20)).rejects.toThrow()
  })

  test('says that a batch could not be sent, and does not send that', async () => {
    const exporter = new Exporter(ExportResultCode.FAILED)
    const { logger, said, lines, complaint, sender } = log(exporter, { OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '1' })
    logger.info('hello')
    await complaint
    expect(lines).toHaveLength(1 + said.length)
    await sender.shutdown(1000)
    expect(exporter.got.flat().map(({ body }) => body)).toEqual(['hello'])
    expect(said).toEqual(['could not send a batch of 1 log records: the exporter failed'])
    expect(sender.counts()).toEqual({ exported: 0, failed: 1, dropped: 0 })
  })

  test('rejects when what was queued at the end could not be sent', async () => {
    const { logger, sender } = log(new Exporter(ExportResultCode.FAILED))
    logger.info('hello')
    await expect(sender.shutdown(1000)).rejects.toThrow('the exporter failed')
  })

  test('sends outside of the trace in which a line was written', async () => {
    const exported = Promise.withResolvers<Context>()
    const exporter = new Exporter(ExportResultCode.SUCCESS)
    vi.spyOn(exporter, 'export').mockImplementation(() => exported.resolve(context.active()))
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    try {
      const { logger, sender } = log(exporter, { OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '1' })
      const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }
      context.with(trace.setSpanContext(ROOT_CONTEXT, span), () => logger.info('hello'))
      const active = await exported.promise
      expect([isTracingSuppressed(active), trace.getSpanContext(active)]).toEqual([true, undefined])
      await sender.shutdown(1).catch(() => undefined)
    } finally {
      context.disable()
    }
  })

  test('takes no more when it has ended', async () => {
    const exporter = new Exporter(ExportResultCode.SUCCESS)
    const { logger, lines, sender } = log(exporter)
    await sender.shutdown(1000)
    logger.info('late')
    expect([lines.length, exporter.got.length]).toEqual([1, 0])
  })
})

interface Sent {
  readonly url: string | undefined
  readonly body: string
}

async function receiver(): Promise<{ server: Server; endpoint: string; posted: Sent[] }> {
  const posted: Sent[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      posted.push({ url: request.url, body: Buffer.concat(parts).toString('utf8') })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, posted }
}

describe('telemetry', () => {
  const start = (env: Record<string, string>) => {
    const lines: string[] = []
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    const telemetry = startTelemetry({
      node: identity,
      logLevel: 'info',
      logDestination: { write: (line) => lines.push(line) },
      env: process.env,
    })
    return { lines, started: telemetry }
  }

  test.for(['otlp', 'none'])('sends its records where it makes traces and where it makes none: %s', async (traces) => {
    const { server, endpoint, posted } = await receiver()
    const { lines, started } = start({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_TRACES_EXPORTER: traces,
    })
    const telemetry = await started
    expect(telemetry.tracing === undefined).toBe(traces === 'none')
    const events = eventStream()
    telemetry.attach(events, () => snapshot())
    events.emit('supervisor.child_restarted', examples['supervisor.child_restarted'][0])
    await telemetry.shutdown(5000)
    await new Promise((resolve) => server.close(resolve))
    expect(lines).toHaveLength(1)
    const line = JSON.parse(lines[0] as string)
    const { body } = posted.find(({ url }) => url === '/v1/logs') as Sent
    const [{ resource, scopeLogs }] = JSON.parse(body).resourceLogs
    expect(JSON.stringify(resource)).toContain('n1.lq3f9a')
    const [record] = scopeLogs[0].logRecords
    expect(record).toMatchObject({ severityText: 'warn', body: { stringValue: line.msg }, eventName: 'supervisor.child_restarted' })
    expect([record.traceId, record.spanId]).toEqual([line.trace_id, line.span_id])
    const spans = posted.filter(({ url }) => url === '/v1/traces').map(({ body: text }) => text)
    expect(spans.length).toBe(traces === 'none' ? 0 : 1)
    for (const text of spans) expect(text).toContain(`"traceId":"${record.traceId}"`)
  })

  test('goes on where its collector is away, and says at the end what was not sent', async () => {
    const { lines, started } = start({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_TRACES_EXPORTER: 'none',
    })
    const telemetry = await started
    telemetry.logger.info('hello')
    await telemetry.shutdown(50)
    expect(JSON.parse(lines[0] as string).msg).toBe('hello')
    expect(JSON.parse(lines.at(-1) as string)).toMatchObject({ event: 'telemetry.shutdown', msg: 'not every log record could be sent' })
  })

  /** What a process of its own has loaded of OpenTelemetry when its telemetry runs. */
  const loadedBy = (env: Record<string, string>): string[] => {
    const program = `
      import { registerHooks } from 'node:module'
      const loaded = new Set()
      registerHooks({ resolve: (specifier, context, next) => {
        if (specifier.startsWith('@opentelemetry/')) loaded.add(specifier)
        return next(specifier, context)
      } })
      const { startTelemetry } = await import('./observability/index.ts')
      await startTelemetry({ node: ${JSON.stringify(identity)}, logLevel: 'silent', env: process.env })
      console.log(JSON.stringify([...loaded]))`
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...env },
    })
    return JSON.parse(output)
  }

  test('loads nothing to send records with unless it is asked to, and nothing of traces where it makes none', () => {
    const address = { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://127.0.0.1:9' }
    // prom-client's own.
    expect(loadedBy(address)).toEqual(['@opentelemetry/api'])
    const loaded = loadedBy({ ...address, OTEL_LOGS_EXPORTER: 'otlp' })
    expect(loaded).toContain('@opentelemetry/sdk-logs')
    expect(loaded).not.toContain('@opentelemetry/sdk-node')
  })

  test.for([
    [{ OTEL_LOGS_EXPORTER: 'console' }, 'expected otlp or none'],
    [{ OTEL_LOGS_EXPORTER: 'otlp' }, 'needs an address'],
  ] as const)('warns of %o', async ([env, words]) => {
    const { lines, started } = start({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: '' })
    await (await started).shutdown(50)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', event: 'telemetry.sdk', msg: expect.stringContaining(words) },
    ])
  })
})
