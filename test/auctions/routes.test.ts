// The auctions over HTTP: what each request answers, and what each wrong one is told.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { House } from './support/house.ts'

let house: House

beforeEach(async () => {
  house = await House.open()
})

afterEach(() => house.close())

const open = (lot: object) => house.ask('POST', '/lots', { title: 'Moon rock', ...lot })
const bid = (id: string, amount: unknown, bidder: unknown = 'ada') => house.ask('POST', `/lots/${id}/bids`, { bidder, amount })

describe('opening a lot', () => {
  test('answers 201 with its id, node and pid, and where it is', async () => {
    const { status, body } = await open({ id: 'lot-1' })
    expect([status, body]).toEqual([201, { id: 'lot-1', node: 'n1', pid: house.node.registry.lookup('lot-1')?.toString() }])
  })

  test('makes an id if none is given', async () => {
    expect((await open({})).body.id).toMatch(/^lot-[0-9a-f]{8}$/)
  })

  test('answers 409 if the id exists, with the lot that has it', async () => {
    const { body: first } = await open({ id: 'lot-1' })
    const { status, type, body } = await open({ id: 'lot-1' })
    expect([status, type]).toEqual([409, 'application/problem+json'])
    expect(body).toMatchObject({ code: 'ERR_OTP_AUCTIONS_LOT_EXISTS', pid: first.pid, status: 409, title: 'Conflict', type: 'about:blank' })
  })

  test('answers 503 and when to try again while no node may take it', async () => {
    house.node.cluster.leave()
    const { status, retryAfter, body } = await open({ id: 'lot-1' })
    expect([status, retryAfter, body.code]).toEqual([503, '1', 'ERR_OTP_AUCTIONS_UNAVAILABLE'])
  })

  test.for([
    [{ title: undefined }, 'body.title: expected a text of 1 to 200 characters, got nothing'],
    [{ title: '' }, 'body.title: expected a text of 1 to 200 characters, got ""'],
    [{ title: 7 }, 'body.title: expected a text of 1 to 200 characters, got 7'],
    [{ reserve: -1 }, 'body.reserve: expected a number of 0 or more, got -1'],
    [{ reserve: '5' }, 'body.reserve: expected a number of 0 or more, got "5"'],
    [{ reserv: 5 }, 'body.reserv: there is no such field; there are: id, title, reserve, closesInMs'],
    [{ closesInMs: 0 }, 'body.closesInMs: expected a whole number from 1 to 604800000, got 0'],
    [{ closesInMs: 1.5 }, 'body.closesInMs: expected a whole number from 1 to 604800000, got 1.5'],
    [{ id: 'a b' }, 'body.id: expected 1 to 100 letters, digits, _ . and -, a letter or digit first, got "a b"'],
    [{ id: '' }, 'body.id: expected 1 to 100 letters, digits, _ . and -, a letter or digit first, got ""'],
  ] as const)('refuses %o', async ([lot, detail]) => {
    const { status, type, body } = await open(lot)
    expect([status, type, body.code, body.detail]).toEqual([400, 'application/problem+json', 'ERR_OTP_HTTP_INVALID', detail])
  })

  test.for([
    [undefined, 'body: expected a JSON object, got null'],
    ['[]', 'body: expected a JSON object, got []'],
    ['"lot"', 'body: expected a JSON object, got "lot"'],
    ['{"title"', 'not valid JSON'],
  ] as const)('refuses the body %s', async ([payload, detail]) => {
    const { status, body } = await house.ask('POST', '/lots', payload)
    expect([status, body.detail]).toEqual([400, expect.stringContaining(detail)])
  })
})

describe('a node that takes nothing new', () => {
  test.for(['drain', 'leave'] as const)(
    'refuses what would change something with 503 and when to try again, since it is to %s',
    async (how) => {
      await open({ id: 'lot-1' })
      if (how === 'drain') house.node.cluster.drain(true)
      else house.node.cluster.leave()
      for (const [url, body] of [
        ['/lots', { title: 'Moon rock' }],
        ['/lots/lot-1/bids', { bidder: 'ada', amount: 5 }],
      ] as const) {
        const answer = await house.ask('POST', url, body)
        expect([answer.status, answer.type, answer.retryAfter]).toEqual([503, 'application/problem+json', '1'])
        expect(answer.body).toMatchObject({ code: 'ERR_OTP_AUCTIONS_UNAVAILABLE', detail: expect.stringContaining('ask another node') })
      }
    },
  )

  test('still says how lots stand', async () => {
    await open({ id: 'lot-1' })
    house.node.cluster.drain(true)
    expect((await house.ask('GET', '/lots/lot-1')).status).toBe(200)
    expect((await house.ask('GET', '/lots')).status).toBe(200)
  })

  test('takes bids again when it is resumed', async () => {
    await open({ id: 'lot-1' })
    house.node.cluster.drain(true)
    house.node.resume()
    expect((await bid('lot-1', 5)).status).toBe(200)
  })
})

describe('looking', () => {
  test('shows how a lot stands and where it lives', async () => {
    const { body: opened } = await open({ id: 'lot-1', reserve: 5 })
    await bid('lot-1', 7)
    const { status, body } = await house.ask('GET', '/lots/lot-1')
    const stands = { title: 'Moon rock', reserve: 5, status: 'open', high: 7, bidder: 'ada', bids: 1, closesAt: null, closedAt: null }
    expect([status, body]).toEqual([200, { ...opened, ...stands }])
  })

  test('answers 404 for an unknown lot', async () => {
    const { status, body } = await house.ask('GET', '/lots/lot-9')
    expect([status, body.code, body.detail]).toEqual([404, 'ERR_OTP_AUCTIONS_UNKNOWN_LOT', "there is no lot 'lot-9'; GET /lots lists them"])
  })

  test('shows the bids that were accepted, and a bid with an id once', async () => {
    await open({ id: 'lot-1' })
    for (const amount of [7, 7, 5]) await house.ask('POST', '/lots/lot-1/bids', { bidder: 'ada', amount, id: `ada-${amount}` })
    await bid('lot-1', 9, 'joe')
    const { status, body } = await house.ask('GET', '/lots/lot-1/bids')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'open',
      bids: 2,
      history: [
        { bidder: 'ada', amount: 7, id: 'ada-7' },
        { bidder: 'joe', amount: 9 },
      ],
    })
  })

  test('lists lots alone, in order, by prefix and in pages', async () => {
    for (const id of ['b-2', 'a-1', 'b-1', 'b-3']) await open({ id })
    const page = async (query: string) => {
      const { body } = await house.ask('GET', `/lots${query}`)
      return [(body.lots as { id: string }[]).map(({ id }) => id), body.next]
    }
    expect(await page('')).toEqual([['a-1', 'b-1', 'b-2', 'b-3'], null])
    expect(await page('?prefix=b-&limit=2')).toEqual([['b-1', 'b-2'], 'b-2'])
    expect(await page('?prefix=b-&limit=2&after=b-2')).toEqual([['b-3'], null])
  })

  test.for([
    ['?limit=0', 'querystring.limit: expected a whole number from 1 to 10000, got 0'],
    ['?limit=many', 'querystring.limit: expected a whole number from 1 to 10000, got "many"'],
    ['?perfix=b', 'querystring.perfix: there is no such field; there are: prefix, after, limit'],
  ] as const)('refuses %s', async ([query, detail]) => {
    const { status, body } = await house.ask('GET', `/lots${query}`)
    expect([status, body.detail]).toEqual([400, detail])
  })
})

describe('bidding', () => {
  beforeEach(async () => {
    await open({ id: 'lot-1', reserve: 5, closesInMs: 60_000 })
  })

  test('a bid above the highest is accepted', async () => {
    expect(await bid('lot-1', 6)).toMatchObject({ status: 200, body: { outcome: 'accepted', high: 6, bidder: 'ada' } })
  })

  test('a bid that is not above the reserve or the highest is refused with what it lost against', async () => {
    const { status, type, body } = await bid('lot-1', 5)
    expect([status, type]).toEqual([409, 'application/problem+json'])
    expect(body).toMatchObject({ code: 'ERR_OTP_AUCTIONS_BID_REFUSED', outcome: 'too_low', high: 5, bidder: null })
    expect(body.detail).toBe("lot 'lot-1' did not take 5: a bid has to be above 5")
    await bid('lot-1', 8, 'joe')
    expect((await bid('lot-1', 8)).body).toMatchObject({ outcome: 'too_low', high: 8, bidder: 'joe' })
  })

  test('a closed lot takes no bid', async () => {
    await bid('lot-1', 8, 'joe')
    await house.box.clock.advance(61_000)
    expect(await bid('lot-1', 9)).toMatchObject({ status: 409, body: { outcome: 'closed', high: 8, bidder: 'joe' } })
  })

  test.for([
    [{ bidder: 'ada', amount: 'ten' }, 'body.amount: expected a number above 0, got "ten"'],
    [{ bidder: 'ada', amount: '10' }, 'body.amount: expected a number above 0, got "10"'],
    ['{"bidder":"ada","amount":1e999}', 'body.amount: expected a number above 0, got Infinity'],
    [{ bidder: 'ada', amount: null }, 'body.amount: expected a number above 0, got null'],
    [{ bidder: 'ada', amount: true }, 'body.amount: expected a number above 0, got true'],
    [{ bidder: 'ada', amount: 0 }, 'body.amount: expected a number above 0, got 0'],
    [{ bidder: 'ada', amount: -3 }, 'body.amount: expected a number above 0, got -3'],
    [{ bidder: 'ada' }, 'body.amount: expected a number above 0, got nothing'],
    [{ amount: 10 }, 'body.bidder: expected a text of 1 to 100 characters, got nothing'],
    [{ bidder: 3, amount: 10 }, 'body.bidder: expected a text of 1 to 100 characters, got 3'],
    [{ bidder: 'ada', amount: 10, currency: 'EUR' }, 'body.currency: there is no such field; there are: bidder, amount, id'],
  ] as const)('refuses %o, and the lot hears nothing of it', async ([payload, detail]) => {
    const { status, body } = await house.ask('POST', '/lots/lot-1/bids', payload)
    expect([status, body.code, body.detail]).toEqual([400, 'ERR_OTP_HTTP_INVALID', detail])
    expect((await house.ask('GET', '/lots/lot-1')).body).toMatchObject({ high: 5, bids: 0 })
  })

  test('on an unknown lot answers 404', async () => {
    expect(await bid('lot-9', 10)).toMatchObject({ status: 404, body: { code: 'ERR_OTP_AUCTIONS_UNKNOWN_LOT' } })
  })

  test('on a lot that does not answer in time answers 504', async () => {
    expect(await bid('mute', 10)).toMatchObject({ status: 504, body: { code: 'ERR_OTP_AUCTIONS_NO_ANSWER', title: 'No answer in time' } })
  })

  test('on a lot that crashes meanwhile answers 503 and when to try again', async () => {
    const { status, retryAfter, body } = await bid('fragile', 10)
    expect([status, retryAfter, body.detail]).toEqual([503, '1', "lot 'fragile' crashed while it was asked; try again"])
  })
})

describe('where chaos is not allowed', () => {
  test('it answers 404 and says how to allow it, whatever else is wrong', async () => {
    const careful = await House.open({ chaosAllowed: false })
    for (const url of ['/chaos/crash-lot', '/chaos/storm']) {
      for (const payload of [undefined, {}, { nonsense: 1 }]) {
        const { status, type, body } = await careful.ask('POST', url, payload)
        expect([status, type, body.code]).toEqual([404, 'application/problem+json', 'ERR_OTP_AUCTIONS_CHAOS_OFF'])
        expect(body.detail).toContain('OTP_CHAOS=allowed')
      }
    }
    await careful.close()
  })
})

test('a lot whose node is gone is not unknown: it answers 503 until it is taken over, and then lives here', async () => {
  const pair = await House.open({ names: ['n1', 'n2'] })
  const ids = Array.from({ length: 20 }, (_, index) => `lot-${index}`)
  for (const id of ids) await pair.ask('POST', '/lots', { id, title: 'x' })
  const { body } = await pair.ask('GET', '/lots')
  const { id } = (body.lots as { id: string; node: string }[]).find(({ node }) => node === 'n2') ?? { id: 'none' }
  pair.box.crash('n2')
  const { status, retryAfter } = await pair.ask('GET', `/lots/${id}`)
  expect([status, retryAfter]).toEqual([503, '1'])
  await pair.box.clock.until(() => pair.node.registry.lookup(id)?.node === pair.node.id)
  expect((await pair.ask('GET', `/lots/${id}`)).body).toMatchObject({ id, node: 'n1', status: 'open' })
  await pair.close()
})
