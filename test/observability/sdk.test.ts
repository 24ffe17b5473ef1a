// The SDK of a node: bursts lose nothing uncounted, and the environment decides whether there is one.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ExportResultCode } from '@opentelemetry/core'
import { InMemorySpanExporter, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startTelemetry } from '#observability'
import { resourceOf } from '#observability/resource.ts'
import { startTraceSdk } from '#observability/sdk.ts'
import { examples } from './support/facts.ts'
import { eventStream, identity, snapshot } from './support/node.ts'

/** Keeps what it was given; shutting down does not forget it. */
class Memory extends InMemorySpanExporter {
  readonly got: ReadableSpan[] = []

  override export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.got.push(...spans)
    done({ code: ExportResultCode.SUCCESS })
  }
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('10,000 spans that end in one tick', () => {
  test('are all exported', async () => {
    const memory = new Memory()
    const sdk = startTraceSdk({ resource: resourceOf(identity), exporter: () => memory })
    for (let index = 0; index < 10_000; index++) sdk.lifecycle.startSpan('otp.supervisor.restart').end()
    await sdk.flush(5000)
    expect(memory.got).toHaveLength(10_000)
    expect(sdk.spanCounts()[1]).toEqual({ scope: 'otp.lifecycle', exported: 10_000, failed: 0, dropped: 0, queued: 0 })
    await sdk.shutdown(1000)
  })

  test('are counted where they do not fit', async () => {
    const memory = new Memory()
    const sdk = startTraceSdk({ resource: resourceOf(identity), exporter: () => memory, keptQueue: { maxQueueSize: 4000 } })
    for (let index = 0; index < 10_000; index++) sdk.cluster.startSpan('otp.child.takeover').end()
    const [, , before] = sdk.spanCounts()
    expect(before?.scope).toBe('otp.cluster')
    expect(before === undefined ? 0 : before.dropped + before.queued + before.exported).toBe(10_000)
    await sdk.flush(5000)
    const [, , after] = sdk.spanCounts()
    expect(after).toEqual({ ...before, exported: memory.got.length, queued: 0 })
    expect(after?.dropped).toBeGreaterThan(0)
    await sdk.shutdown(1000)
  })

  test('of messages push no restart out', async () => {
    const memory = new Memory()
    const sdk = startTraceSdk({ resource: resourceOf(identity), exporter: () => memory, messageQueue: { maxQueueSize: 100 } })
    for (let index = 0; index < 10_000; index++) sdk.message.startSpan('otp.call lot.bid').end()
    sdk.lifecycle.startSpan('otp.supervisor.restart').end()
    await sdk.flush(5000)
    expect(memory.got.filter(({ name }) => name === 'otp.supervisor.restart')).toHaveLength(1)
    expect(sdk.spanCounts()[0]?.dropped).toBeGreaterThan(9000)
    await sdk.shutdown(1000)
  })
})

test('spans that their collector refuses are counted as failed', async () => {
  const refusing: SpanExporter = { export: (_, done) => done({ code: ExportResultCode.FAILED }), shutdown: async () => {} }
  const sdk = startTraceSdk({ resource: resourceOf(identity), exporter: () => refusing })
  sdk.cluster.startSpan('otp.child.takeover').end()
  await sdk.flush(1000).catch(() => {})
  expect(sdk.spanCounts()[2]).toEqual({ scope: 'otp.cluster', exported: 0, failed: 1, dropped: 0, queued: 0 })
  await sdk.shutdown(1000)
})

test('a collector that does not answer holds the end up no longer than it was given', async () => {
  const silent: SpanExporter = { export: () => {}, shutdown: async () => {} }
  const sdk = startTraceSdk({ resource: resourceOf(identity), exporter: () => silent })
  sdk.lifecycle.startSpan('otp.process.crash').end()
  await expect(sdk.shutdown(20)).rejects.toThrow()
})

describe('the resource', () => {
  test('says which node speaks', () => {
    expect(resourceOf(identity).attributes).toMatchObject({
      'service.name': 'otp-labs',
      'service.version': '1.2.3',
      'service.instance.id': 'n1.lq3f9a',
      'otp.node.name': 'n1',
      'otp.node.role': 'node',
      'otp.node.zone': 'a',
    })
  })

  test('takes what the environment says first', () => {
    vi.stubEnv('OTEL_SERVICE_NAME', 'shop')
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'service.name=other,deployment.environment.name=test')
    expect(resourceOf(identity).attributes).toMatchObject({ 'service.name': 'shop', 'deployment.environment.name': 'test' })
  })
})

describe('telemetry', () => {
  const quiet = { node: identity, logLevel: 'silent' }

  test('makes no traces without an address to send them to', async () => {
    for (const env of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'true' }]) {
      const telemetry = await startTelemetry({ ...quiet, env })
      expect(telemetry.tracing).toBeUndefined()
      await telemetry.shutdown(100)
    }
  })

  test('hears a node from its first fact on, in traces, metrics and logs', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9')
    const lines: string[] = []
    const telemetry = await startTelemetry({
      node: identity,
      logLevel: 'info',
      logDestination: { write: (line) => lines.push(line) },
      env: process.env,
    })
    const events = eventStream()
    telemetry.attach(events, () => snapshot())
    events.emit('supervisor.started', examples['supervisor.started'][0])
    events.emit('supervisor.child_restarted', examples['supervisor.child_restarted'][0])
    const { trace_id } = JSON.parse(lines.find((line) => line.includes('child_restarted')) ?? '{}')
    expect(trace_id).toMatch(/^[0-9a-f]{32}$/)
    const { body } = await telemetry.render('application/openmetrics-text')
    expect(body).toContain(`cause="crash"} 1 # {trace_id="${trace_id}"`)
    expect(body).toContain('otp_telemetry_span_queue{scope="otp.lifecycle"} 1')
    expect(telemetry.tracing).toBeDefined()
    await telemetry.shutdown(50)
    expect(lines.at(-1)).toContain('not every span could be sent')
  })

  test.for([
    ['always_off', undefined, false],
    ['parentbased_traceidratio', '0', false],
    ['parentbased_traceidratio', '1', true],
    [undefined, undefined, true],
  ] as const)('samples requests by %s %s', async ([sampler, ratio, isKept]) => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9')
    vi.stubEnv('OTEL_TRACES_SAMPLER', sampler)
    vi.stubEnv('OTEL_TRACES_SAMPLER_ARG', ratio)
    const telemetry = await startTelemetry({ ...quiet, env: process.env })
    const request = telemetry.tracing?.serve('GET /', undefined, {}, () => {
      expect(telemetry.tracing?.send('call', 'lot', 'bid') !== undefined).toBe(isKept)
    })
    expect(request?.carrier !== undefined).toBe(isKept)
    await telemetry.shutdown(50)
  })

  test('sends its spans as protobuf over HTTP, with the headers of the environment', async () => {
    const posted: { url: string | undefined; type: string | undefined; key: unknown; body: string }[] = []
    const collector = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const { headers, url } = request
        posted.push({ url, type: headers['content-type'], key: headers['x-key'], body: Buffer.concat(parts).toString('latin1') })
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
      })
    })
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(collector.address() as AddressInfo).port}`)
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-key=abc')
    const telemetry = await startTelemetry({ ...quiet, env: process.env })
    const events = eventStream()
    telemetry.attach(events, () => snapshot())
    events.emit('supervisor.child_restarted', examples['supervisor.child_restarted'][0])
    await telemetry.shutdown(5000)
    await new Promise((resolve) => collector.close(resolve))
    expect(posted).toEqual([
      { url: '/v1/traces', type: 'application/x-protobuf', key: 'abc', body: expect.stringContaining('otp.supervisor.restart') },
    ])
    expect(posted[0]?.body).toContain('n1.lq3f9a')
  })

  test('counts a listener that throws, and goes on', async () => {
    const telemetry = await startTelemetry({ ...quiet, env: {} })
    const events = eventStream()
    telemetry.attach(events, () => snapshot())
    events.subscribe('observer', {
      'node.leaving': () => {
        throw new Error('full')
      },
    })
    events.emit('node.leaving', examples['node.leaving'][0])
    expect((await telemetry.render()).body).toContain('otp_telemetry_subscribers_detached_total{subscriber="observer"} 1')
    await telemetry.shutdown(100)
  })
})
