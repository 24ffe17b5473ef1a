// The observer's API over three nodes, one of them silent: shapes, paging, and clear answers to nonsense.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EventStream } from '#base'
import { createHttpServer, healthRoutes, observerRoutes } from '#http'
import { genServer, type NodeEvents } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const Lot = genServer({
  name: 'lot',
  init: (title: string) => ({ title }),
  casts: { crash: (state) => (state.title === '' ? state : fail()) },
})
const fail = (): never => {
  throw new Error('asked to crash')
}
const names = ['n1', 'n2', 'n3']
let box: Box
let app: ReturnType<typeof createHttpServer>
const rethrow = (error: Error): never => {
  throw error
}
const requests: NodeEvents['http.request_completed'][] = []

beforeEach(async () => {
  box = await Box.formed({ names, node: { behaviours: [Lot], membersExpected: 3, supervisor: { name: 'lots', maxRestarts: 100 } } })
  for (let i = 0; i < 9; i++) await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot, `t${i}`] }))
  await box.clock.advance(10)
  const events = new EventStream<NodeEvents>()
  requests.length = 0
  events.subscribe('test', { 'http.request_completed': (event) => requests.push(event) })
  app = createHttpServer({ clock: box.clock, events, onUnexpected: rethrow })
  observerRoutes(app, box.node('n1').parts)
  healthRoutes(app, {
    render: async (accept) => ({ contentType: 'text/plain', body: `metrics for ${accept}` }),
    isReady: () => box.node('n1').isReady,
  })
})

afterEach(async () => {
  await app.close()
  for (const running of box.live()) await box.stop(running.name)
})

// biome-ignore lint/suspicious/noExplicitAny: answers are checked as they are read.
async function get(url: string): Promise<{ status: number; type: string; body: any }> {
  const response = await box.through(app.inject(url))
  return { status: response.statusCode, type: String(response.headers['content-type']), body: response.json() }
}

describe('the cluster', () => {
  test('lists every member with its status, incarnation and processes', async () => {
    const { body } = await get('/observer/v1/cluster')
    expect(body.members.map(({ name, status }: { name: string; status: string }) => `${name} ${status}`)).toEqual([
      'n1 up',
      'n2 up',
      'n3 up',
    ])
    for (const member of body.members) {
      expect(member.processes).toBeGreaterThan(3)
      expect(member.incarnation).toMatch(/^[0-9a-z]+$/)
    }
    expect(body).toMatchObject({ node: 'n1', expected: 3, answered: names, missing: [] })
    expect(Date.parse(body.collectedAt)).not.toBeNaN()
  })

  test('says who has not answered within a second, and why', async () => {
    box.pause('n2')
    const startedAt = box.clock.now()
    const { body } = await get('/observer/v1/cluster')
    expect(box.clock.now() - startedAt).toBeLessThan(1200)
    expect(body.answered).toEqual(['n1', 'n3'])
    expect(body.missing).toEqual([{ node: 'n2', reason: 'timeout' }])
    expect(body.members[1]).toMatchObject({ name: 'n2', processes: null })
    box.resume('n2')
  })

  test('shows a dead node as down, and asks it no more', async () => {
    box.crash('n3')
    await box.clock.until(() => box.node('n1').cluster.alive.size === 2 && box.node('n1').registry.count() === 9)
    const { body } = await get('/observer/v1/cluster')
    expect(body.members[2]).toMatchObject({ name: 'n3', status: 'down', processes: null })
    expect(body).toMatchObject({ answered: ['n1', 'n2'], missing: [] })
  })

  test('is summed up at /observer, with links to the rest', async () => {
    const { body } = await get('/observer')
    expect(body.cluster).toMatchObject({ members: 3, up: 3, expected: 3, names: 9, restarts: 0, takeovers: 0 })
    for (const link of Object.values<string>(body.links)) expect((await get(link)).status).toBe(200)
  })
})

describe('the registry', () => {
  test('pages by prefix in order', async () => {
    const first = (await get('/observer/v1/registry?prefix=lot-&limit=4')).body
    expect(first.names.map(({ name }: { name: string }) => name)).toEqual(['lot-0', 'lot-1', 'lot-2', 'lot-3'])
    expect(first.next).toBe('lot-3')
    const rest = (await get(`/observer/v1/registry?prefix=lot-&limit=10&after=${first.next}`)).body
    expect(rest.names).toHaveLength(5)
    expect(rest.next).toBeNull()
    const [entry] = first.names
    expect(entry).toEqual({
      name: 'lot-0',
      node: entry.node,
      pid: expect.stringMatching(`^${entry.node}\\.[0-9a-z]+\\.[0-9]+$`),
      epoch: 1,
      behaviour: 'lot',
      ageMs: expect.any(Number),
      supervised: true,
    })
  })
})

describe('processes, supervisors and events', () => {
  test('processes come from all nodes, the fullest mailbox first', async () => {
    const { body } = await get('/observer/v1/processes?limit=100')
    expect(new Set(body.processes.map(({ node }: { node: string }) => node))).toEqual(new Set(names))
    expect(body.processes.filter(({ behaviour }: { behaviour: string }) => behaviour === 'lot')).toHaveLength(9)
    expect((await get('/observer/v1/processes?limit=2')).body.processes).toHaveLength(2)
  })

  test('supervisors tell their limits, and how much of them is used', async () => {
    box.node('n1').cast(Lot.named('lot-0'), 'crash')
    await box.clock.advance(100)
    const { body } = await get('/observer/v1/supervisors')
    const lots = body.supervisors.filter(({ supervisor }: { supervisor: string }) => supervisor === 'node/lots')
    expect(lots).toHaveLength(3)
    expect(lots.reduce((sum: number, { restartsInPeriod }: { restartsInPeriod: number }) => sum + restartsInPeriod, 0)).toBe(1)
    expect(lots.reduce((sum: number, { children }: { children: { active: number } }) => sum + children.active, 0)).toBe(9)
  })

  test('events of all nodes can be followed by their cursor', async () => {
    const first = (await get('/observer/v1/events?after=0&limit=10000')).body
    expect(new Set(first.events.map(({ node }: { node: string }) => node))).toEqual(new Set(names))
    expect(first.events.filter(({ type }: { type: string }) => type === 'registry.registered')).toHaveLength(9)
    box.node('n1').cast(Lot.named('lot-1'), 'crash')
    await box.clock.advance(100)
    const next = (await get(`/observer/v1/events?after=${first.next}`)).body
    expect(next.events.map(({ type }: { type: string }) => type)).toEqual([
      'process.exited',
      'process.spawned',
      'supervisor.child_restarted',
      'registry.registered',
    ])
    expect(next.events[0].data).toMatchObject({
      class: 'error',
      child: 'lot-1',
      reason: { message: 'asked to crash' },
      handling: 'cast crash',
    })
  })
})

describe('the placement', () => {
  test('plan says what would move, from where to where, and why it does not', async () => {
    expect((await get('/observer/v1/placement/plan')).body).toMatchObject({ mode: 'passive', deviation: 0, moves: [], node: 'n1' })
    const before = box.node('n1').registry.lookup('lot-0')?.node.split('.')[0] as string
    const elsewhere = names.find((name) => name !== before) as string
    await box.through(box.node('n1').supervisor.moveChild('lot-0', elsewhere))
    await box.clock.advance(100)
    const { body } = await get('/observer/v1/placement/plan?limit=5')
    expect(body.moves).toEqual([{ name: 'lot-0', behaviour: 'lot', from: elsewhere, to: before, reason: 'placement', held: 'passive' }])
    expect(body).toMatchObject({
      threshold: 0.1,
      counts: { now: 0, passive: 1, not_movable: 0, balanced: 0, cooling: 0, settling: 0 },
      answered: ['n1'],
      missing: [],
    })
    expect(body.deviation).toBeCloseTo(1 / 3)
  })

  test('plan names children of who is no member any more as moving', async () => {
    await box.through(box.node('n1').supervisor.setMembers(['n1', 'n2']))
    await box.clock.advance(200)
    const { body } = await get('/observer/v1/placement/plan?limit=1')
    expect(body.counts.settling).toBeGreaterThan(1)
    expect(body.settledInMs).toBeGreaterThan(0)
    expect(body.moves).toMatchObject([{ from: 'n3', reason: 'not_a_member', held: 'settling' }])
  })
})

describe('nonsense', () => {
  test.each([
    ['/observer/v1/registry?limit=0', 400, 'limit'],
    ['/observer/v1/registry?limit=10001', 400, 'limit'],
    ['/observer/v1/registry?limit=many', 400, 'limit'],
    ['/observer/v1/registry?perfix=lot', 400, 'there is no such field; there are: prefix, after, limit'],
    ['/observer/v1/processes?limit=-1', 400, 'limit'],
    ['/observer/v1/placement/plan?limit=0', 400, 'limit'],
    ['/observer/v1/events?after=yesterday', 400, 'expected a number or the \\"next\\" of an earlier answer'],
    ['/observer/v1/nothing', 404, 'GET /observer lists what there is'],
    ['/observer/v1/%ff', 400, ''],
  ])('%s is answered with a problem document', async (url, status, detail) => {
    const answer = await get(url)
    expect(answer.status).toBe(status)
    expect(answer.type).toContain('application/problem+json')
    expect(answer.body).toMatchObject({ status, title: expect.any(String) })
    expect(JSON.stringify(answer.body)).toContain(detail)
  })
})

describe('health', () => {
  test('alive is who answers; ready is who has joined and does not leave', async () => {
    expect((await get('/healthz')).body).toEqual({ status: 'ok' })
    expect((await get('/readyz')).status).toBe(200)
    box.node('n1').cluster.leave()
    expect(await get('/readyz')).toMatchObject({ status: 503, type: expect.stringContaining('application/problem+json') })
  })

  test('a node that drains is alive, and not ready until it is resumed', async () => {
    await box.through(box.node('n1').drain())
    expect([(await get('/healthz')).status, (await get('/readyz')).status]).toEqual([200, 503])
    box.node('n1').resume()
    expect((await get('/readyz')).status).toBe(200)
  })

  test('tells how it stands with the lease, on which readiness does not depend', async () => {
    let isReady = true
    const lease = { name: 'nats', state: 'lost', mayOwn: false, leaseAgeMs: 20_000, limitMs: 14_000, why: 'nobody answered' } as const
    const leased = createHttpServer({ clock: box.clock, events: new EventStream<NodeEvents>(), onUnexpected: rethrow })
    healthRoutes(leased, { render: async () => ({ contentType: 'text/plain', body: '' }), isReady: () => isReady, lease: () => lease })
    const ready = await leased.inject('/readyz')
    expect([ready.statusCode, ready.json()]).toEqual([200, { status: 'ready', arbiter: lease }])
    isReady = false
    const unready = await leased.inject('/readyz')
    expect([unready.statusCode, unready.json().detail]).toEqual([
      503,
      'the node has not joined yet, drains, or is leaving; its lease of nats is lost: nobody answered',
    ])
    await leased.close()
    expect((await get('/readyz')).body).toEqual({ status: 'ready' })
  })

  test('a server that is to end closes connections behind its answers', async () => {
    let isEnding = false
    const ending = createHttpServer({
      clock: box.clock,
      events: new EventStream<NodeEvents>(),
      onUnexpected: rethrow,
      isEnding: () => isEnding,
    })
    healthRoutes(ending, { render: async () => ({ contentType: 'text/plain', body: '' }), isReady: () => !isEnding })
    expect((await ending.inject('/readyz')).headers.connection).toBe('keep-alive')
    isEnding = true
    for (const url of ['/readyz', '/healthz', '/nothing']) expect((await ending.inject(url)).headers.connection).toBe('close')
    await ending.close()
  })

  test('the metrics page is made for what the scraper accepts', async () => {
    const response = await app.inject({ url: '/metrics', headers: { accept: 'application/openmetrics-text' } })
    expect(response.body).toBe('metrics for application/openmetrics-text')
  })

  test('every request is a fact with its route, not its address', async () => {
    await get('/observer/v1/registry?prefix=secret-name')
    expect(requests).toEqual([expect.objectContaining({ method: 'GET', route: '/observer/v1/registry', status: 200 })])
  })
})
