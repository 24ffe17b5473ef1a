// Handoffs under way as the observer's API tells them: each once, with its phase, and by the node it comes to where the one it leaves is silent.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { handoffsUnderWay } from '#src/http/observer/handoffs-under-way.ts'
import { crate } from '#test/support/crate.ts'
import { type House, Lot, misfits, type OpenApi, openHouse, Vault } from './support/house.ts'

const { Crate, goOn } = crate()
const SIZE = 8 * 1024 * 1024
const PATH = '/observer/v1/handoffs'

let house: House
let api: OpenApi

beforeEach(async () => {
  house = await openHouse({}, { behaviours: [Lot, Vault, Crate] })
  api = (await house.get('/observer/v1/openapi.json')).body
  const { box } = house
  await box.through(box.node('n1').supervisor.startChild({ id: 'crate', start: [Crate, SIZE] }))
  await box.through(box.node('n1').supervisor.moveChild('crate', 'n2'))
  await box.clock.advance(300)
})

afterEach(() => house.close())

const move = () => void house.box.node('n2').supervisor.moveChild('crate', 'n3')

test('a handoff that waits for its process is in its first phase, and told as long as it is', async () => {
  const { box } = house
  expect((await house.get(PATH)).body).toMatchObject({ underWay: [], underWayCount: 0 })
  box.node('n2').cast(Crate.named('crate'), 'hang')
  await box.clock.advance(10)
  move()
  await box.clock.advance(1000)
  const answer = await house.get(PATH)
  expect(misfits(api, PATH, 'get', answer)).toEqual([])
  const { underWay, underWayCount } = answer.body
  expect([underWay.length, underWayCount]).toEqual([1, 1])
  expect(underWay[0]).toMatchObject({
    name: 'crate',
    behaviour: 'crate',
    from: 'n2',
    to: 'n3',
    reason: 'manual',
    direction: 'out',
    phase: 'prepare',
    bytes: null,
    arrivedBytes: 0,
  })
  expect(underWay[0].phaseMs).toBe(underWay[0].forMs)
  expect(underWay[0].forMs).toBeGreaterThanOrEqual(1000)
  expect((await house.get('/observer/v1/dump')).body.handoffs.underWay).toMatchObject([{ name: 'crate', phase: 'prepare' }])

  goOn()
  await box.clock.advance(2000)
  const { body } = await house.get(PATH)
  expect(body).toMatchObject({ underWay: [], underWayCount: 0 })
  expect(body.ended[0]).toMatchObject({ name: 'crate', to: 'n3', outcome: 'completed', handoffId: underWay[0].handoffId })
})

test('one whose state goes over is told once, with what has arrived; if its node falls silent, by the other', async () => {
  const { box } = house
  box.network.lag('n3', 100)
  move()
  await box.clock.advance(700)
  const { body } = await house.get(PATH)
  expect([body.underWay.length, body.underWayCount]).toEqual([1, 1])
  const [told] = body.underWay
  expect(told).toMatchObject({ from: 'n2', to: 'n3', direction: 'out', phase: 'transfer', reason: 'manual' })
  expect(told.bytes).toBeGreaterThan(SIZE)
  expect([told.arrivedBytes > 0, told.arrivedBytes < told.bytes, told.phaseMs <= told.forMs]).toEqual([true, true, true])

  box.pause('n2')
  await box.clock.advance(300)
  const answer = await house.get(PATH)
  expect(misfits(api, PATH, 'get', answer)).toEqual([])
  expect(answer.body.missing).toEqual([{ node: 'n2', reason: 'timeout' }])
  expect([answer.body.underWay.length, answer.body.underWayCount]).toEqual([1, 1])
  expect(answer.body.underWay[0]).toMatchObject({
    handoffId: told.handoffId,
    from: 'n2',
    to: 'n3',
    direction: 'in',
    phase: 'transfer',
    reason: null,
    bytes: told.bytes,
  })
  box.resume('n2')
  box.network.lag('n3', 0)
  await box.clock.advance(5000)
})

test('what a node leaves out of its list is counted, and not told by the other node as if it were one more', () => {
  const half = (direction: 'out' | 'in', peer: string, forMs: number) => ({
    handoffId: `${direction === 'out' ? 'n1' : peer}.a/${forMs}`,
    name: `crate-${forMs}`,
    behaviour: 'crate',
    direction,
    peer,
    reason: null,
    phase: 'transfer' as const,
    startedAt: 0,
    forMs,
    phaseMs: 0,
    bytes: 1,
    arrivedBytes: 0,
  })
  const none = { count: 0, first: [] }
  const n1 = { node: 'n1', value: { underWay: { out: { count: 2, first: [half('out', 'n2', 5)] }, in: none } } }
  const coming = [half('in', 'n1', 5), half('in', 'n1', 7), half('in', 'n3', 9)]
  const n2 = { node: 'n2', value: { underWay: { out: none, in: { count: 3, first: coming } } } }
  const { underWay, underWayCount } = handoffsUnderWay([n1, n2])
  expect(underWay.map(({ from, to, direction, name }) => `${from} ${to} ${direction} ${name}`)).toEqual([
    'n3 n2 in crate-9',
    'n1 n2 out crate-5',
  ])
  expect(underWayCount).toBe(3)
})
