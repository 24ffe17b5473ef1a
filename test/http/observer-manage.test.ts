// The manage scope: what it does, that each use is a fact, and that nothing of it works without its token.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { NodeEvents } from '#otp-labs'
import { type House, Lot, MANAGE, misfits, type OpenApi, openHouse, READ } from './support/house.ts'

let house: House
let managed: NodeEvents['observer.managed'][]

beforeEach(async () => {
  managed = []
  house = await openHouse({ readToken: READ, manageToken: MANAGE })
  for (const name of ['n1', 'n2', 'n3']) {
    house.box.node(name).events.subscribe('test', { 'observer.managed': (event) => managed.push(event) })
  }
})

afterEach(() => house.close())

const asReader = { authorization: `Bearer ${READ}` }
const asManager = { authorization: `Bearer ${MANAGE}` }

async function lot(name: string): Promise<{ pid: string; node: string }> {
  const { body } = await house.get(`/observer/v1/registry?prefix=${name}`, asReader)
  return body.names[0]
}

const order = (url: string, body?: unknown) => house.post(`/observer/v1/${url}`, body, asManager)

describe('an operator', () => {
  test('kills a process, wherever it lives, and its supervisor starts it again', async () => {
    for (const name of ['lot-0', 'lot-1', 'lot-2', 'lot-3']) {
      const { pid, node } = await lot(name)
      const answer = await order(`processes/${pid}/kill`)
      expect(answer).toMatchObject({ status: 200, body: { action: 'kill', target: pid, on: node, result: null } })
      await house.box.clock.advance(300)
      expect((await lot(name)).pid).not.toBe(pid)
      expect(managed.at(-1)).toMatchObject({ action: 'kill', target: pid, outcome: 'ok', via: 'n1', from: '127.0.0.1' })
      expect(managed.at(-1)?.who).toMatch(/^token [0-9a-f]{8}$/)
    }
    expect(JSON.stringify(managed)).not.toContain(MANAGE)
  })

  test('suspends a process and lets it go on', async () => {
    const { pid } = await lot('lot-4')
    expect((await order(`processes/${pid}/suspend`)).status).toBe(200)
    const call = house.box.node('n1').call(Lot.named('lot-4'), 'bid')
    await house.box.clock.advance(300)
    expect((await house.get(`/observer/v1/processes/${pid}`, asReader)).body.process).toMatchObject({ status: 'suspended', mailbox: 1 })
    expect((await order(`processes/${pid}/resume`)).status).toBe(200)
    expect(await house.box.through(call)).toBe(1)
  })

  test('does not suspend a supervisor, nor touch what the node itself is made of', async () => {
    const { body } = await house.get('/observer/v1/tree', asReader)
    const observer = body.entries.find(({ id }: { id: string }) => id === 'observer')
    for (const what of ['kill', 'suspend']) expect((await order(`processes/${observer.pid}/${what}`)).status).toBe(409)
    expect((await order(`processes/${body.entries[0].pid}/kill`)).status).toBe(409)
    expect((await order(`supervisors/${body.entries[0].pid}/restart-child`, { child: 'observer' })).status).toBe(409)
    const shelf = body.entries.find(({ id }: { id: string }) => id === 'shelf')
    expect(await order(`processes/${shelf.pid}/suspend`)).toMatchObject({ status: 409, body: { code: 'ERR_OTP_HTTP_NOT_DONE' } })
  })

  test('starts a child again, of a static supervisor and of a dynamic one', async () => {
    const { entries } = (await house.get('/observer/v1/tree?node=n2', asReader)).body
    const shelf = entries.find(({ id }: { id: string }) => id === 'shelf')
    const vault = entries.find(({ id }: { id: string }) => id === 'vault')
    const answer = await order(`supervisors/${shelf.pid}/restart-child`, { child: 'vault' })
    expect(answer).toMatchObject({ status: 200, body: { on: 'n2', result: { pid: expect.any(String) } } })
    expect(answer.body.result.pid).not.toBe(vault.pid)
    expect(await order(`supervisors/${shelf.pid}/restart-child`, { child: 'nobody' })).toMatchObject({ status: 404 })
    expect(await order(`supervisors/${vault.pid}/restart-child`, { child: 'vault' })).toMatchObject({ status: 404 })

    const { pid, node } = await lot('lot-5')
    const lots = (await house.get(`/observer/v1/supervisors?prefix=node/lots&node=${node}`, asReader)).body.supervisors[0]
    expect((await order(`supervisors/${lots.pid}/restart-child`, { child: 'lot-5' })).status).toBe(200)
    await house.box.clock.advance(300)
    expect((await lot('lot-5')).pid).not.toBe(pid)
  })

  test('is told what a node cannot do, and the try is a fact too', async () => {
    const sampling = await order('nodes/n2/sampling', { scope: 'otp.message', ratio: 0.5 })
    expect(sampling).toMatchObject({ status: 501, body: { code: 'ERR_OTP_HTTP_NOT_DONE' } })
    expect(await order('nodes/n2/log-level', { level: 'debug' })).toMatchObject({ status: 501 })
    expect(await order('quarantine/nobody/release')).toMatchObject({ status: 404 })
    expect(managed.map(({ action, target, outcome }) => `${action} ${target} ${outcome}`)).toEqual([
      'set_sampling n2 not_wired',
      'set_log_level n2 not_wired',
      'release nobody not_found',
    ])
  })

  test('finds each use in the event log', async () => {
    const { pid } = await lot('lot-6')
    await order(`processes/${pid}/kill`, { reason: 'shutdown' })
    const { events } = (await house.get('/observer/v1/events?type=observer.*', asReader)).body
    expect(events).toEqual([
      expect.objectContaining({ type: 'observer.managed', data: expect.objectContaining({ action: 'kill', target: pid }) }),
    ])
  })
})

test('what a node can do is asked of it with what it takes', async () => {
  const done: unknown[] = []
  const other = await openHouse(
    { manageToken: MANAGE },
    {
      controls: {
        drain: async (options) => {
          done.push(options)
          return { moved: 3 }
        },
        setSampling: (scope, ratio) => scope === 'otp.message' && done.push([scope, ratio]) > 0,
        setLogLevel: (level) => {
          done.push(level)
        },
      },
    },
  )
  const ask = (url: string, body?: unknown) => other.post(`/observer/v1/nodes/${url}`, body, asManager)
  const api: OpenApi = (await other.get('/observer/v1/openapi.json')).body
  const drained = await ask('n3/drain', { deadlineMs: 5000 })
  expect(drained).toMatchObject({ status: 200, body: { action: 'drain', on: 'n3', result: { moved: 3 } } })
  expect(misfits(api, '/observer/v1/nodes/{name}/drain', 'post', drained)).toEqual([])
  expect((await ask('n1/sampling', { scope: 'otp.message', ratio: 0.1 })).status).toBe(200)
  expect((await ask('n1/sampling', { scope: 'otp.luck', ratio: 0.1 })).status).toBe(404)
  expect((await ask('n1/log-level', { level: 'debug' })).status).toBe(200)
  expect(done).toEqual([{ action: 'drain', deadlineMs: 5000 }, ['otp.message', 0.1], 'debug'])
  await other.close()
})

describe('without the manage token', () => {
  const everyOrder = async () => {
    const api: OpenApi = (await house.get('/observer/v1/openapi.json', asReader)).body
    const { pid } = await lot('lot-1')
    return Object.entries(api.paths)
      .filter(([, methods]) => 'post' in methods)
      .map(([path]) => path.replace('{name}', 'n1').replace('{pid}', pid))
  }

  test('nothing is done: the read token may not, no token and a wrong one are nobody', async () => {
    const orders = await everyOrder()
    expect(orders.length).toBeGreaterThan(9)
    for (const url of orders) {
      expect([url, (await house.post(url, {}, asReader)).status]).toEqual([url, 403])
      expect([url, (await house.post(url, {})).status]).toEqual([url, 401])
      expect([url, (await house.post(url, {}, { authorization: `Bearer ${MANAGE}x` })).status]).toEqual([url, 401])
    }
    expect(managed).toEqual([])
  })

  test('and where none is set there is nothing to manage', async () => {
    const orders = await everyOrder()
    const other = await openHouse({ readToken: READ })
    for (const url of orders) expect([url, (await other.post(url, {}, asReader)).status]).toEqual([url, 404])
    await other.close()
  })
})
