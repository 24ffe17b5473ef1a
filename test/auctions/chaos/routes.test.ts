// Faults over HTTP: each does what it says, says so, and does nothing where it is not allowed.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Stone } from '#auctions'
import type { Pid } from '#otp-labs'
import { House } from '../support/house.ts'

let house: House

beforeEach(async () => {
  house = await House.open()
})

afterEach(() => house.close())

const open = (lot: object) => house.ask('POST', '/lots', { title: 'Moon rock', ...lot })
const chaos = (fault: string, body?: object) => house.ask('POST', `/chaos/${fault}`, body)

describe('chaos', () => {
  test('crashes the lot that is named, which starts again under another pid', async () => {
    const { body: lot } = await open({ id: 'lot-1' })
    expect(await house.ask('POST', '/chaos/crash-lot', { id: 'lot-1' })).toMatchObject({ status: 202, body: lot })
    const { status, body } = await house.ask('GET', '/lots/lot-1')
    expect(status).toBe(200)
    expect(body.pid).not.toBe(lot.pid)
  })

  test('crashes any lot if none is named', async () => {
    await open({ id: 'lot-1' })
    expect(await house.ask('POST', '/chaos/crash-lot')).toMatchObject({ status: 202, body: { id: 'lot-1' } })
    expect(await house.ask('POST', '/chaos/crash-lot', {})).toMatchObject({ status: 202, body: { id: 'lot-1' } })
  })

  test('answers 404 if there is no such lot, or none at all', async () => {
    for (const payload of [{ id: 'lot-9' }, {}, undefined]) {
      const { status, body } = await house.ask('POST', '/chaos/crash-lot', payload)
      expect([status, body.code]).toEqual([404, 'ERR_OTP_AUCTIONS_UNKNOWN_LOT'])
    }
    expect((await house.ask('POST', '/chaos/storm')).status).toBe(404)
  })

  test('makes one storm at a time', async () => {
    await open({ id: 'lot-1' })
    expect(await house.ask('POST', '/chaos/storm')).toMatchObject({ status: 202, body: { crashes: 50, perSecond: 20 } })
    expect(await house.ask('POST', '/chaos/storm')).toMatchObject({ status: 409, body: { code: 'ERR_OTP_AUCTIONS_STORM_UNDER_WAY' } })
  })

  test.for([
    [{ crashes: 0 }, 'body.crashes: expected a whole number from 1 to 10000, got 0'],
    [{ crashes: '5' }, 'body.crashes: expected a whole number from 1 to 10000, got "5"'],
    [{ perSecond: 0.5 }, 'body.perSecond: expected a whole number from 1 to 1000, got 0.5'],
    [{ rate: 1 }, 'body.rate: there is no such field; there are: crashes, perSecond'],
  ] as const)('refuses the storm %o', async ([payload, detail]) => {
    const { status, body } = await house.ask('POST', '/chaos/storm', payload)
    expect([status, body.detail]).toEqual([400, detail])
  })
})

describe('stones', () => {
  test('are started, and fall behind with what they are given to do', async () => {
    const { status, body } = await chaos('stones', { count: 2, work: 3, ms: 1000 })
    const stones = body.stones as { id: string; node: string }[]
    expect([status, stones.map(({ node }) => node)]).toEqual([202, ['n1', 'n1']])
    const waiting = () => stones.map(({ id }) => house.node.runtime.lookup(house.node.registry.lookup(id) as Pid)?.depth)
    expect(waiting()).toEqual([2, 2])
  })

  test('save their state for a move, unless they were asked not to', () => {
    const { handoff } = Stone
    expect(handoff?.load(handoff.save({ moves: true }), 1)).toEqual({ moves: true })
    expect(() => handoff?.save({ moves: false })).toThrow('a handoff that fails was asked for')
  })
})

describe('supervisors', () => {
  const places = () => ['brittle-1', 'brittle-2'].map((name) => String(house.node.runtime.whereis(name)))

  test('are started once, and the child of each crashes and comes back', async () => {
    const asked = { supervisors: 2, crashes: 1, perSecond: 1000 }
    expect(await chaos('supervisors', asked)).toMatchObject({ status: 202, body: asked })
    const before = places()
    expect(new Set(before).size).toBe(2)
    await vi.waitUntil(() => places().every((place, index) => place !== before[index] && place !== 'undefined'))
    expect(await chaos('supervisors', asked)).toMatchObject({ status: 202 })
    const named = house.node.snapshot().behaviours.find(({ behaviour }) => behaviour === 'brittle')
    expect(named).toMatchObject({ live: 2 })
  })

  test('crash in one storm at a time', async () => {
    expect(await chaos('supervisors')).toMatchObject({ status: 202, body: { supervisors: 3, crashes: 30, perSecond: 10 } })
    expect(await chaos('supervisors')).toMatchObject({ status: 409, body: { code: 'ERR_OTP_AUCTIONS_STORM_UNDER_WAY' } })
  })
})

test('a cut names peers and a time', async () => {
  expect(await chaos('cut', { peers: ['n2', 'n3'], ms: 500 })).toMatchObject({ status: 202 })
  expect(house.cuts).toEqual([
    ['n2', 500],
    ['n3', 500],
  ])
  expect((await chaos('cut', {})).body.detail).toContain('body.peers: expected a list of 1 to 100 names of nodes')
})

test('calls of nobody are answered by nobody', async () => {
  expect(await chaos('call-nobody', { calls: 5, perSecond: 100 })).toMatchObject({ status: 202, body: { calls: 5, perSecond: 100 } })
  await house.box.clock.advance(200)
})

test('labels are behaviours that are all different', async () => {
  expect(await chaos('labels', { behaviours: 3 })).toMatchObject({ status: 202 })
  const behaviours = house.node.snapshot().behaviours.map(({ behaviour }) => behaviour)
  expect(behaviours).toEqual(expect.arrayContaining(['label-0', 'label-1', 'label-2']))
})

test('a block keeps the event loop busy for as long as it says', async () => {
  expect(await chaos('block', { ms: 20 })).toMatchObject({ status: 202, body: { ms: 20, times: 1, everyMs: 2000 } })
})
