// A peer that reads slowly: what is sent to it is refused in time, memory stays bounded, and the cluster holds together.
import { afterEach, expect, test } from 'vitest'
import { type ExitError, genServer, NodeRef, reply } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const QUEUED = 100_000
const Sink = genServer({
  name: 'sink',
  init: () => 0,
  calls: {
    take: (count, _bytes: Uint8Array) => reply(count + 1, count + 1),
    large: (count) => reply(new Uint8Array(10_000), count),
  },
  casts: { take: (count, _bytes: Uint8Array) => count + 1 },
})
const bytes = new Uint8Array(10_000)
let box: Box

afterEach(async () => {
  for (const { name } of box.live()) await box.stop(name)
})

async function formed(): Promise<NodeRef<typeof Sink>> {
  box = await Box.formed({
    names: ['n1', 'n2'],
    node: { children: [{ id: 'sink', start: [Sink], name: 'sink' }] },
    transport: { maxQueuedBytes: QUEUED },
    note: ['process.dead_letter', 'cluster.link_down'],
  })
  return new NodeRef<typeof Sink>(box.node('n2').id, 'sink', 'sink')
}

const linkOf = (name: string) => [...box.node(name).cluster.links][0]
const outcomes = async (calls: readonly Promise<unknown>[]) =>
  (await box.through(Promise.allSettled(calls))).map((each) =>
    each.status === 'rejected' ? (each.reason as ExitError).reason : 'answered',
  )

test('past the limit calls fail with overloaded and casts are dead letters; when the peer has read, all goes on', async () => {
  const sink = await formed()
  const n1 = box.node('n1')
  const calls = Array.from({ length: 20 }, () => n1.call(sink, 'take', bytes))
  for (let i = 0; i < 5; i++) n1.cast(sink, 'take', bytes)
  expect(linkOf('n1')?.queuedBytes).toBeLessThan(QUEUED + 20_000)
  const reasons = await outcomes(calls)
  expect(reasons.slice(0, 10)).toEqual(Array(10).fill('answered'))
  expect(reasons.slice(10)).toEqual(Array(10).fill('overloaded'))
  expect(box.events('process.dead_letter').map(({ reason }) => reason)).toEqual(Array(15).fill('overloaded'))
  expect(await box.through(n1.call(sink, 'take', bytes))).toBe(11)
})

test('an answer that has no room is told to its caller as overloaded', async () => {
  const sink = await formed()
  const n1 = box.node('n1')
  const reasons = await outcomes(Array.from({ length: 30 }, () => n1.call(sink, 'large', undefined)))
  expect(new Set(reasons)).toEqual(new Set(['answered', 'overloaded']))
  expect(linkOf('n2')?.queuedBytes).toBe(0)
})

test('a peer that stands still costs no more than the limit, and heartbeats still go out', async () => {
  const sink = await formed()
  box.pause('n2')
  const n1 = box.node('n1')
  for (let round = 0; round < 400; round++) {
    n1.cast(sink, 'take', bytes)
    await box.clock.advance(10)
  }
  expect(linkOf('n1')?.isOverloaded).toBe(true)
  expect(linkOf('n1')?.queuedBytes).toBeLessThan(QUEUED + 20_000)
  expect(box.events('process.dead_letter').length).toBeGreaterThan(380)
  expect(box.events('cluster.link_down')).toEqual([])
  box.resume('n2')
  await box.clock.advance(1000)
  expect(await box.through(n1.call(sink, 'take', bytes))).toBeGreaterThan(5)
})
