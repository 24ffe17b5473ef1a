// Traces of a real cluster, as a collector gets them, and their log records: one bid over two nodes, and a restart that leads back to its crash.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { endCommands } from './support/os.ts'
import { Run } from './support/run.ts'

interface Span {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly attributes: Readonly<Record<string, unknown>>
  readonly node: string
}

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

const HANDOFF = [
  'otp.handoff',
  'otp.handoff.prepare',
  'otp.handoff.transfer',
  'otp.handoff.activate',
  'otp.handoff.forward',
  'otp.handoff.receive',
] as const

interface LogRecord {
  readonly traceId?: string
  readonly spanId?: string
}

const spans: Span[] = []
const records: LogRecord[] = []
let collector: Server
let run: Run

beforeAll(async () => {
  collector = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const sent: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
      if (request.url === '/v1/logs') collectLogs(sent as LogExport)
      else collect(sent as Export)
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const { port } = collector.address() as AddressInfo
  run = await Run.start(['--no-load'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_LOGS_EXPORTER: 'otlp',
    // What is written nowhere moves with its state.
    OTP_STATE_STORE: 'none',
  })
}, 40_000)

afterAll(async () => {
  await run.stop()
  await endCommands()
  collector.close()
}, 40_000)

test('a bid through a node that does not own the lot is one trace over two nodes', async () => {
  const { names } = await run.get<{ names: { name: string; node: string }[] }>('n1', '/observer/v1/registry?prefix=lot-&limit=100')
  const far = names.find(({ node }) => node === 'n2') as { name: string }
  expect((await run.post('n1', `/lots/${far.name}/bids`, { bidder: 'ada', amount: 10 })).status).toBe(200)
  const trace = await eventually('the three spans of a bid', 10_000, () => {
    const request = spans.find(({ kind, attributes }) => kind === SERVER && String(attributes['url.path']).includes(far.name))
    const all = spans.filter(({ traceId }) => traceId === request?.traceId)
    return all.length >= 3 && all
  })
  const request = trace.find(({ parentSpanId }) => parentSpanId === '') as Span
  const call = trace.find(({ parentSpanId, kind }) => parentSpanId === request.spanId && kind === CLIENT) as Span
  const handling = trace.find(({ parentSpanId, kind }) => parentSpanId === call.spanId && kind === SERVER) as Span
  expect([request.node, call.node, handling.node]).toEqual(['n1', 'n1', 'n2'])
  expect(request.attributes['http.route']).toBe('/lots/:id/bids')
  expect(handling.name).toContain('bid')
}, 20_000)

test("a restart's span links to the crash that led to it", async () => {
  const { body } = await run.post('n1', '/chaos/crash-lot')
  const restart = await eventually('the restart', 10_000, () =>
    spans.find(({ name, attributes }) => name === 'otp.supervisor.restart' && attributes['otp.child'] === body['id']),
  )
  const [link] = restart.links
  const crash = await eventually('the crash', 10_000, () => spans.find(({ spanId }) => spanId === link?.spanId))
  expect(crash.traceId).toBe(link?.traceId)
  expect(crash.node).toBe(restart.node)
  await eventually('a log record of a span in each of both traces', 10_000, () =>
    [crash, restart].every((of) => records.some(({ traceId, spanId }) => traceId === of.traceId && spans.some(isIn(of, spanId)))),
  )
  // The request that asked for the crash was traced: it is the handling of its message that the restart leads back to.
  const [request] = spans.filter(({ attributes }) => attributes['http.route'] === '/chaos/crash-lot')
  expect(request).toBeDefined()
}, 20_000)

test('a handoff is one trace over two nodes: four phases where it leaves, and its arrival where it goes on', async () => {
  process.kill(run.node('n3').pid, 'SIGTERM')
  const handoff = await eventually('a whole handoff', 10_000, () => {
    for (const ofOne of Map.groupBy(spans, ({ traceId }) => traceId).values()) {
      const byName = new Map(ofOne.map((span) => [span.name, span]))
      if (HANDOFF.every((name) => byName.has(name))) return byName
    }
    return undefined
  })
  const root = handoff.get('otp.handoff')
  const ids = new Set([...handoff.values()].map(({ attributes }) => attributes['otp.handoff.id']))
  expect([root?.parentSpanId, ids.size]).toEqual(['', 1])
  const [, ...parts] = HANDOFF.map((name) => handoff.get(name))
  expect(parts.map((span) => [span?.name, span?.parentSpanId === root?.spanId, span?.node === 'n3'])).toEqual([
    ['otp.handoff.prepare', true, true],
    ['otp.handoff.transfer', true, true],
    ['otp.handoff.activate', true, true],
    ['otp.handoff.forward', true, true],
    ['otp.handoff.receive', true, false],
  ])
  expect(handoff.get('otp.handoff.prepare')?.attributes['otp.node.to']).toMatch(new RegExp(`^${handoff.get('otp.handoff.receive')?.node}`))
}, 20_000)

const isIn =
  ({ traceId }: Span, spanId: string | undefined) =>
  (span: Span): boolean =>
    span.traceId === traceId && span.spanId === spanId

// ---- OTLP's JSON

const SERVER = 2
const CLIENT = 3

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<Span, 'attributes' | 'node'> & { readonly attributes: readonly Attribute[] })[]
    }[]
  }[]
}

interface LogExport {
  readonly resourceLogs: readonly { readonly scopeLogs: readonly { readonly logRecords: readonly LogRecord[] }[] }[]
}

function collectLogs({ resourceLogs }: LogExport): void {
  for (const { logRecords } of resourceLogs.flatMap(({ scopeLogs }) => scopeLogs)) records.push(...logRecords)
}

function collect({ resourceSpans }: Export): void {
  for (const { resource, scopeSpans } of resourceSpans) {
    const node = String(plain(resource.attributes)['otp.node.name'])
    for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
      spans.push({ ...span, parentSpanId: span.parentSpanId ?? '', links: span.links ?? [], attributes: plain(span.attributes), node })
    }
  }
}

function plain(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
