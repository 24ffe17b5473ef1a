// Who gets in: tokens, origins, hosts and rates; and what every answer says of how it may be used.
import { afterEach, describe, expect, test } from 'vitest'
import { type House, MANAGE, openHouse, READ } from './support/house.ts'

let house: House

afterEach(() => house.close())

const CLUSTER = '/observer/v1/cluster'

describe('tokens', () => {
  test('where there is one, nothing is read without it, and the manage token reads too', async () => {
    house = await openHouse({ readToken: READ, manageToken: MANAGE })
    const status = async (authorization?: string) => (await house.get(CLUSTER, authorization === undefined ? {} : { authorization })).status
    expect(await status()).toBe(401)
    expect(await status(`Bearer ${READ}`)).toBe(200)
    expect(await status(`bearer ${MANAGE}`)).toBe(200)
    for (const wrong of [`Bearer ${READ}x`, `Basic ${READ}`, 'Bearer', 'Bearer ', READ, `Bearer ${READ} ${READ}`]) {
      expect([wrong, await status(wrong)]).toEqual([wrong, 401])
    }
  })

  test('an address does not get in with one in the query', async () => {
    house = await openHouse({ readToken: READ })
    expect((await house.get(`${CLUSTER}?token=${READ}`)).status).toBe(401)
  })
})

describe('pages of others', () => {
  test('do not get in by their origin', async () => {
    house = await openHouse()
    const status = async (origin: string) => (await house.get(CLUSTER, { origin })).status
    expect(await status('http://localhost:80')).toBe(200)
    for (const origin of ['http://evil.example', 'null', 'http://localhost:81', 'http://localhost.evil.example', '::']) {
      expect([origin, await status(origin)]).toEqual([origin, 403])
    }
  })

  test('nor by a name of theirs that leads to this host, where no token is needed', async () => {
    house = await openHouse()
    const status = async (host: string) => (await house.get(CLUSTER, { host })).status
    for (const host of ['localhost', '127.0.0.1:4000', '[::1]:4000']) expect([host, await status(host)]).toEqual([host, 200])
    for (const host of ['evil.example', 'localhost.evil.example:4000', '10.0.0.1']) expect([host, await status(host)]).toEqual([host, 403])
  })

  test('and no answer lets scripts in, is framed, or is kept', async () => {
    house = await openHouse()
    const { headers } = await house.get(CLUSTER)
    expect(headers['content-security-policy']).toContain("script-src 'self'")
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
  })
})

describe('a browser', () => {
  const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

  test('is sent to the page, which needs no token, and others get the summary', async () => {
    house = await openHouse({
      readToken: READ,
      page: (scope) =>
        void scope.get('/observer/', { config: { access: 'public' } }, (_request, reply) => reply.type('text/html').send('"page"')),
    })
    expect(await house.get('/observer', page)).toMatchObject({ status: 302, headers: { location: '/observer/' } })
    expect((await house.get('/observer/', page)).status).toBe(200)
    expect((await house.get('/observer')).status).toBe(401)
    expect((await house.get('/observer', { authorization: `Bearer ${READ}` })).body.cluster.members).toBe(3)
  })

  test('gets the summary where there is no page', async () => {
    house = await openHouse()
    expect((await house.get('/observer', page)).body.cluster.members).toBe(3)
  })
})

test('more requests a second than one address may send are told to wait', async () => {
  house = await openHouse({ requestsPerSecond: 5 })
  const statuses = []
  for (let i = 0; i < 8; i++) statuses.push((await house.app.inject('/observer/v1/capabilities')).statusCode)
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429])
  await house.box.clock.advance(1000)
  const { status } = await house.get('/observer/v1/capabilities')
  expect(status).toBe(200)
})
