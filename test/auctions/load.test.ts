// The load driver's own parts: what it is told, what it counts, and which node it asks.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '#otp-labs'
import { readLoadOptions } from '#src/auctions/load/options.ts'
import { percentile, Tally } from '#src/auctions/load/tally.ts'
import { Targets } from '#src/auctions/load/targets.ts'

describe('its options', () => {
  test('have defaults for all but the targets', () => {
    const options = readLoadOptions(['--targets', 'http://127.0.0.1:4001,http://127.0.0.1:4002/'])
    expect(options).toEqual({ targets: ['http://127.0.0.1:4001', 'http://127.0.0.1:4002'], rate: 150, lots: 40, durationMs: undefined })
  })

  test.for([
    [[], '--targets is needed'],
    [['--targets', '127.0.0.1:4001'], "expected addresses such as http://127.0.0.1:4001, got '127.0.0.1:4001'"],
    [['--targets', 'http://a:1', '--rate', 'fast'], "--rate: expected a number from 0.1 to 10000, got 'fast'"],
    [['--targets', 'http://a:1', '--lots', '0'], "--lots: expected a number from 1 to 10000, got '0'"],
    [['--targets', 'http://a:1', '--duration', ''], '--duration: expected a number'],
    [['--target', 'http://a:1'], "Unknown option '--target'"],
  ] as const)('%o are refused', ([args, message]) => {
    expect(() => readLoadOptions(args)).toThrow(message)
  })
})

describe('its tally', () => {
  test('reports counts since the start, and the last second', () => {
    const tally = new Tally(0)
    for (let ms = 1; ms <= 100; ms++) tally.answered(ms)
    tally.accepted = 100
    tally.failed('timeout')
    tally.failed('timeout')
    tally.failed('http_404')
    const counts = { type: 'load', accepted: 100, tooLow: 0, closed: 0, retries: 0, errors: 3, errorsByKind: { timeout: 2, http_404: 1 } }
    expect(tally.report(2000, 40)).toEqual({ ...counts, bidsPerSecond: 50, p50Ms: 50, p99Ms: 99, lots: 40 })
    expect(tally.report(3000, 40)).toEqual({ ...counts, bidsPerSecond: 0, p50Ms: 0, p99Ms: 0, lots: 40 })
  })

  test('takes percentiles by nearest rank', () => {
    expect([percentile([], 0.5), percentile([7], 0.99), percentile([1, 2, 3, 4], 0.5), percentile([1, 2, 3, 4], 0.51)]).toEqual([
      0, 7, 2, 3,
    ])
  })
})

describe('its targets', () => {
  const servers: Server[] = []

  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  async function serve(status: number): Promise<string> {
    const server = createServer((_request, response) => response.writeHead(status, { connection: 'close' }).end(JSON.stringify({ status })))
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  test.for([200, 201, 404, 409])('%i is an answer', async (status) => {
    const targets = new Targets(systemClock, [await serve(status)], () => undefined)
    expect(await targets.ask('GET', '/')).toEqual({ ok: true, status, body: { status } })
  })

  test('what one node cannot answer now is asked of another', async () => {
    const retries: string[] = []
    const addresses = [await serve(503), await serve(200)]
    const targets = new Targets(systemClock, addresses, (kind) => retries.push(kind))
    const answers = await Promise.all(Array.from({ length: 20 }, () => targets.ask('GET', '/')))
    expect(answers.every((answer) => answer.ok && answer.status === 200)).toBe(true)
    expect(new Set(retries)).toEqual(new Set(['unavailable']))
  })

  test('a node that cannot be reached is left alone for a while', async () => {
    const gone = await serve(200)
    await new Promise((resolve) => servers[0]?.close(resolve))
    const retries: string[] = []
    const targets = new Targets(systemClock, [gone, await serve(200)], (kind) => retries.push(kind))
    for (let i = 0; i < 30; i++) expect((await targets.ask('POST', '/', {})).ok).toBe(true)
    expect(retries.length).toBeLessThanOrEqual(2)
  })
})
