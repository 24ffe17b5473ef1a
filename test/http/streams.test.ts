// Streams: events as they happen, from where a reader left off; and traces of messages within their limits.
import { request } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { connected, goAway } from './support/connected.ts'
import { type House, Lot, MANAGE, openHouse } from './support/house.ts'

interface Told {
  readonly id: string | undefined
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: read as it comes.
  readonly data: any
}

let house: House

afterEach(() => house.close())

const asManager = { authorization: `Bearer ${MANAGE}` }

interface Reading {
  readonly path: string
  readonly headers?: object
  readonly body?: object
  /** Called when the stream is open. */
  readonly onOpen?: () => void
  readonly isEnough: (told: readonly Told[]) => boolean
}

/** Opens a stream, and turns the clock until what it tells is enough. */
async function read({ path, headers = {}, body, onOpen, isEnough }: Reading): Promise<Told[]> {
  const told: Told[] = []
  const connection = connected(house.app.server)
  const sent = request({
    createConnection: () => connection,
    path,
    method: body === undefined ? 'GET' : 'POST',
    headers: { accept: 'text/event-stream', ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
  })
  let text = ''
  let isOver = false
  sent.on('response', (response) => {
    expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8'])
    response.setEncoding('utf8')
    onOpen?.()
    response.on('data', (part: string) => {
      const parts = (text + part).split('\n\n')
      text = parts.pop() ?? ''
      for (const block of parts) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
        if (field('event') !== undefined) told.push({ id: field('id'), event: field('event') ?? '', data: JSON.parse(field('data') ?? '') })
      }
    })
    response.on('end', () => {
      isOver = true
    })
  })
  sent.on('error', () => {
    isOver = true
  })
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  while (!isEnough(told) && !isOver) await house.box.clock.advance(50)
  goAway(connection)
  return told
}

const types = (told: readonly Told[]) => told.filter(({ event }) => event === 'fact').map(({ data }) => data.type)

const bid = (name: string) =>
  void house.box
    .node('n1')
    .call(Lot.named(name), 'bid')
    .catch(() => undefined)

const trace = (body: object, onOpen: () => void) =>
  read({ path: '/observer/v1/trace', headers: asManager, body, onOpen, isEnough: (all) => all.some(({ event }) => event === 'end') })

test('events come as they happen, and a reader goes on where it was', async () => {
  house = await openHouse()
  const path = '/observer/v1/events?type=supervisor.child_restarted,process.exited'
  const onOpen = () => house.box.clock.after(1000, () => house.box.node('n1').cast(Lot.named('lot-0'), 'crash'))
  const first = await read({ path, onOpen, isEnough: (told) => types(told).length >= 2 })
  expect(first[0]).toMatchObject({ event: 'coverage', data: { answered: ['n1', 'n2', 'n3'], missing: [], dropped: 0 } })
  expect(types(first)).toEqual(['process.exited', 'supervisor.child_restarted'])

  house.box.node('n1').cast(Lot.named('lot-1'), 'crash')
  await house.box.clock.advance(500)
  const [exited] = first.filter(({ event }) => event === 'fact')
  const rest = await read({ path, headers: { 'last-event-id': exited?.id }, isEnough: (told) => types(told).length >= 3 })
  expect(types(rest)).toEqual(['supervisor.child_restarted', 'process.exited', 'supervisor.child_restarted'])
  expect(rest.find(({ event }) => event === 'fact')?.data).toEqual(first.at(-1)?.data)
})

test('a stream says who is silent, and goes on with the others', async () => {
  house = await openHouse()
  const told = await read({
    path: '/observer/v1/events',
    onOpen: () => house.box.clock.after(1000, () => house.box.pause('n3')),
    isEnough: (all) => all.filter(({ event }) => event === 'coverage').length >= 2,
  })
  expect(told.at(-1)).toMatchObject({ event: 'coverage', data: { answered: ['n1', 'n2'], missing: [{ node: 'n3', reason: 'timeout' }] } })
  house.box.resume('n3')
})

test('messages of one process are traced, with what its behaviour lets be seen', async () => {
  house = await openHouse({ manageToken: MANAGE })
  for (const name of ['lot-0', 'lot-1', 'lot-2']) {
    const { body } = await house.get(`/observer/v1/registry?prefix=${name}`)
    const { pid, node } = body.names[0]
    const told = await trace({ pid, max: 3 }, () => {
      for (let i = 0; i < 5; i++) bid(name)
      bid('lot-8')
    })
    expect(told.map(({ event }) => event)).toEqual(['message', 'message', 'message', 'end'])
    expect(told[0]?.data).toMatchObject({ node, pid, behaviour: 'lot', kind: 'call', name: 'bid', content: { name: 'bid', payload: null } })
    expect(told.at(-1)?.data).toEqual({ because: 'max', sent: 3, skipped: 0, missing: [] })
  }
  for (const node of house.box.live()) expect(node.runtime.counts('lot').watch).toBeUndefined()
})

test('messages of a behaviour are traced on all nodes, no faster than asked for, and no longer', async () => {
  house = await openHouse({ manageToken: MANAGE })
  let startedAt = 0
  const told = await trace({ behaviour: 'lot', rate: 2, ttlMs: 2000 }, () => {
    startedAt = house.box.clock.now()
    for (let i = 0; i < 9; i++) for (let n = 0; n < 4; n++) bid(`lot-${i}`)
  })
  expect(house.box.clock.now() - startedAt).toBeLessThan(3000)
  const nodes = new Set(told.filter(({ event }) => event === 'message').map(({ data }) => data.node))
  expect(told.at(-1)?.data).toMatchObject({ because: 'ttl', sent: 2 * nodes.size, skipped: 36 - 2 * nodes.size })
  for (const node of house.box.live()) expect(node.runtime.counts('lot').watch).toBeUndefined()
})

test('streams are closed when the server closes', async () => {
  house = await openHouse()
  let isOver = false
  let closed: Promise<void> | undefined
  const onOpen = () => {
    closed = house.app.close().then(() => {
      isOver = true
    })
  }
  await read({ path: '/observer/v1/events', onOpen, isEnough: () => isOver })
  await closed
  expect(isOver).toBe(true)
})

test('a stream is told once when it is over, whoever ended it', async () => {
  house = await openHouse({ manageToken: MANAGE })
  const path = '/observer/v1/events'
  const streamed = () => house.requests.filter(({ isStream }) => isStream).map(({ route, status }) => `${status} ${route}`)
  await read({ path, isEnough: (told) => told.length > 0 })
  await house.box.clock.until(() => streamed().length > 0)
  expect(streamed()).toEqual([`200 ${path}`])

  await trace({ behaviour: 'lot', ttlMs: 1000 }, () => undefined)
  await house.box.clock.until(() => streamed().length > 1)
  await house.box.clock.advance(1000)
  expect(streamed()).toEqual([`200 ${path}`, '200 /observer/v1/trace'])

  // One that the server ends with itself.
  const onOpen = () => void house.app.close()
  await read({ path, onOpen, isEnough: () => streamed().length > 2 })
  expect(streamed()).toEqual([`200 ${path}`, '200 /observer/v1/trace', `200 ${path}`])
})

test('who goes away before an answer was none of a stream is not told as answered', async () => {
  house = await openHouse()
  house.box.pause('n2')
  const connection = connected(house.app.server)
  const sent = request({ createConnection: () => connection, path: '/observer/v1/cluster' })
  sent.on('error', () => undefined)
  sent.end()
  let isAsked = false
  house.app.server.once('request', () => {
    isAsked = true
  })
  await house.box.clock.until(() => isAsked)
  goAway(connection)
  await house.box.clock.advance(3000)
  expect(house.requests).toEqual([])
  house.box.resume('n2')
})

test('a stream that has ended says that it was one, other answers that they were none', async () => {
  house = await openHouse({ manageToken: MANAGE })
  const { body } = await house.get('/observer/v1/registry?prefix=lot-0')
  await trace({ pid: body.names[0].pid, ttlMs: 1000 }, () => undefined)
  await house.get('/observer/v1/events')
  while (house.requests.length < 3) await house.box.clock.advance(50)
  const streamed = (isStream: boolean) => house.requests.filter((request) => request.isStream === isStream).map(({ route }) => route)
  expect(streamed(true).toSorted()).toEqual(['/observer/v1/trace'])
  expect(streamed(false).toSorted()).toEqual(['/observer/v1/events', '/observer/v1/registry'])
})
