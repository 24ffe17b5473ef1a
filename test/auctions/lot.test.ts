// A lot by itself: bids only rise, it closes once and by its own timer, and tells for a while who got it.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Lot } from '#auctions'
import { ExitError, type Node, type Pid, systemClock } from '#otp-labs'
import type { Bid } from '#src/auctions/lot.ts'
import { stateView } from '#src/introspect/state-view.ts'
import { Box } from '#test/support/box.ts'

let box: Box
let node: Node

beforeEach(async () => {
  box = await Box.formed({ names: ['n1'], node: { behaviours: [Lot] } })
  node = box.node('n1')
})

afterEach(async () => {
  await box.stop('n1')
})

/** The lot's timer runs by the box's clock; when it is to close, it reckons by the machine's. */
async function open(closesInMs?: number): Promise<void> {
  const closesAt = closesInMs === undefined ? undefined : systemClock.wall() + closesInMs
  await box.through(
    node.supervisor.startChild({ id: 'lot-1', start: [Lot, { title: 'Moon rock', reserve: 5, closesAt }], restart: 'transient' }),
  )
}

const lot = Lot.named('lot-1')
const bid = (amount: number, bidder = 'ada') => box.through(node.call(lot, 'bid', { bidder, amount }))
const look = () => box.through(node.call(lot, 'look'))

test('bids only rise, and begin above the reserve', async () => {
  await open()
  expect(await bid(5)).toEqual({ outcome: 'too_low', high: 5, bidder: undefined })
  expect(await bid(6)).toEqual({ outcome: 'accepted', high: 6, bidder: 'ada' })
  expect(await bid(6, 'joe')).toEqual({ outcome: 'too_low', high: 6, bidder: 'ada' })
  expect(await bid(7.5, 'joe')).toEqual({ outcome: 'accepted', high: 7.5, bidder: 'joe' })
  expect(await look()).toEqual({ title: 'Moon rock', reserve: 5, closesAt: undefined, status: 'open', high: 7.5, bidder: 'joe', bids: 2 })
})

test('a bid that is asked again with its id counts once, and is accepted again, whatever has come between', async () => {
  await open(60_000)
  const again = (id: string, amount: number) => box.through(node.call(lot, 'bid', { bidder: 'ada', amount, id }))
  expect(await again('a-1', 6)).toEqual({ outcome: 'accepted', high: 6, bidder: 'ada' })
  await bid(8, 'joe')
  expect(await again('a-1', 6)).toEqual({ outcome: 'accepted', high: 8, bidder: 'joe' })
  expect(await again('a-2', 7)).toEqual({ outcome: 'too_low', high: 8, bidder: 'joe' })
  await box.clock.advance(60_000)
  expect(await again('a-1', 6)).toMatchObject({ outcome: 'accepted' })
  expect(await again('a-2', 9)).toMatchObject({ outcome: 'closed' })
  expect((await box.through(node.call(lot, 'history'))).history).toEqual([
    { id: 'a-1', bidder: 'ada', amount: 6 },
    { bidder: 'joe', amount: 8 },
  ])
})

test('it remembers the last 256 bids that were accepted, and counts all', async () => {
  await open()
  for (let amount = 10; amount < 310; amount++) await bid(amount)
  const { bids, history } = await box.through(node.call(lot, 'history'))
  expect([bids, history.length, history.at(0)?.amount, history.at(-1)?.amount]).toEqual([300, 256, 54, 309])
})

test('the observer sees how it stands, and its last ten bids', async () => {
  await open()
  for (let amount = 6; amount < 18; amount++) await bid(amount)
  const view = await box.through(stateView(node.runtime, node.registry.lookup('lot-1') as Pid))
  const { closesAt: _, ...stands } = await look()
  expect(view).toMatchObject({ ok: true, behaviour: 'lot', value: stands })
  const { lastBids } = (view as unknown as { value: { lastBids: Bid[] } }).value
  expect(lastBids.map(({ amount }) => amount)).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16, 17])
})

test('without a closing time it stays open', async () => {
  await open()
  await box.clock.advance(3_600_000)
  expect(await bid(6)).toMatchObject({ outcome: 'accepted' })
})

test('it closes at its time, not before, and keeps who had the highest bid', async () => {
  await open(60_000)
  await bid(9)
  await box.clock.advance(58_000)
  expect(await look()).toMatchObject({ status: 'open' })
  await box.clock.advance(2000)
  expect(await look()).toMatchObject({ status: 'closed', high: 9, bidder: 'ada' })
  expect(await bid(10, 'joe')).toEqual({ outcome: 'closed', high: 9, bidder: 'ada' })
})

test('closed, it is shown for 30 s; then its process ends and its name is free', async () => {
  await open(1000)
  await box.clock.advance(30_000)
  expect(await look()).toMatchObject({ status: 'closed' })
  await box.clock.advance(1500)
  expect(node.registry.lookup('lot-1')).toBeUndefined()
  await expect(look()).rejects.toThrow(new ExitError('noproc', "call 'look' failed"))
  await open()
  expect(await look()).toMatchObject({ status: 'open' })
})

test('a lot that is started after its time closes at once', async () => {
  await open(-5000)
  await box.clock.advance(1)
  expect(await look()).toMatchObject({ status: 'closed' })
})

test('a lot that crashes starts again from its argument, its closing time included', async () => {
  await open(60_000)
  await bid(9)
  await box.clock.advance(30_000)
  const before = node.registry.lookup('lot-1')
  node.cast(lot, 'crash')
  await box.clock.advance(100)
  expect(node.registry.lookup('lot-1')).not.toEqual(before)
  expect(await look()).toMatchObject({ status: 'open', high: 5, bids: 0 })
  // By the machine's clock no time has passed: from its second start it is a minute again.
  await box.clock.advance(60_000)
  expect(await look()).toMatchObject({ status: 'closed' })
})
