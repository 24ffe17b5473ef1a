// The contract of the observer's API: every route answers in the shape that it describes, with a node that is gone and one that is silent, too.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type House, Lot, MANAGE, misfits, names, type OpenApi, openHouse } from './support/house.ts'

let house: House
let api: OpenApi

beforeEach(async () => {
  house = await openHouse({ manageToken: MANAGE })
  api = (await house.get('/observer/v1/openapi.json')).body
})

afterEach(() => house.close())

const asManager = { authorization: `Bearer ${MANAGE}` }

async function pidOf(name: string): Promise<string> {
  const { body } = await house.get(`/observer/v1/registry?prefix=${name}`)
  return body.names[0].pid
}

/** Every route that is read, with a process that is there. */
async function everyRead(): Promise<[path: string, url: string][]> {
  const pid = await pidOf('lot-1')
  return Object.entries(api.paths)
    .filter(([, methods]) => methods.get !== undefined)
    .map(([path]) => [path, path.replace('{name}', 'n1').replace('{pid}', pid)])
}

async function crashSome(): Promise<void> {
  for (const name of ['lot-0', 'lot-1', 'lot-2']) house.box.node('n1').cast(Lot.named(name), 'crash')
  house.box.node('n1').cast(Lot.named('lot-3'), 'otherwise')
  await house.box.clock.advance(1500)
}

describe('the shapes', () => {
  test('of all answers are as described', async () => {
    await crashSome()
    const reads = await everyRead()
    expect(reads.length).toBeGreaterThan(17)
    for (const [path, url] of reads) {
      const answer = await house.get(url)
      expect([path, answer.status, misfits(api, path, 'get', answer)]).toEqual([path, 200, []])
      expect(answer.body).toMatchObject({ node: 'n1', incarnation: expect.any(String), collectedAt: expect.any(String) })
    }
  })

  test('hold with one node gone and one silent, who are counted as what they are, and delay nobody', async () => {
    await crashSome()
    house.box.crash('n3')
    await house.box.clock.until(() => house.box.node('n1').cluster.alive.size === 2)
    const reads = await everyRead()
    house.box.pause('n2')
    const first = house.box.clock.now()
    const { body } = await house.get('/observer/v1/cluster')
    expect(house.box.clock.now() - first).toBeLessThan(1100)
    expect(body.missing).toEqual([{ node: 'n2', reason: 'timeout' }])
    for (const [path, url] of reads) {
      if (path.includes('{pid}') && !url.includes('/n1.')) continue
      const startedAt = house.box.clock.now()
      const answer = await house.get(url)
      expect([path, answer.status, misfits(api, path, 'get', answer)]).toEqual([path, 200, []])
      // The silent one was late before: it is given little time until it is back.
      expect([path, house.box.clock.now() - startedAt < (path.endsWith('dump') ? 2500 : 250)]).toEqual([path, true])
    }
    expect((await house.get('/observer/v1/nodes/n2')).status).toBe(504)
    expect((await house.get('/observer/v1/nodes/n3')).status).toBe(503)
    expect((await house.get('/observer/v1/nodes/n9')).status).toBe(404)
    house.box.resume('n2')
    await house.box.clock.advance(2000)
    await house.get('/observer/v1/nodes/n2')
    expect((await house.get('/observer/v1/takeovers')).body.missing).toEqual([])
  })

  test('of problems are as described', async () => {
    for (const [path, url] of [
      ['/observer/v1/processes', '/observer/v1/processes?sort=luck'],
      ['/observer/v1/processes', '/observer/v1/processes?after=nowhere'],
      ['/observer/v1/processes/{pid}', '/observer/v1/processes/n1.zzz.1'],
      ['/observer/v1/processes/{pid}', '/observer/v1/processes/nobody'],
      ['/observer/v1/tree', '/observer/v1/tree?root=nothing'],
      ['/observer/v1/tree', '/observer/v1/tree?after=e30'],
      ['/observer/v1/supervisors', '/observer/v1/supervisors?after=x'],
    ] as const) {
      const answer = await house.get(url)
      expect([url, answer.status >= 400 && answer.status < 500, misfits(api, path, 'get', answer)]).toEqual([url, true, []])
    }
  })
})

describe('the cluster', () => {
  test('shows as a matrix how each node sees the others', async () => {
    const { body } = await house.get('/observer/v1/cluster')
    expect(body.agree).toBe(true)
    expect(body.views).toHaveLength(3)
    expect(body.views[1].sees).toEqual({ n1: 'up', n2: 'up', n3: 'up' })
    house.box.node('n3').cluster.leave()
    await house.box.clock.advance(300)
    house.box.network.stall('n2')
    const later = (await house.get('/observer/v1/cluster')).body
    expect(later.members.map(({ status }: { status: string }) => status)).toContain('leaving')
  })
})

describe('processes', () => {
  test('are paged in every order without a gap or a repeat', async () => {
    await crashSome()
    for (const sort of ['mailbox', 'oldest', 'rate', 'handled', 'busy', 'restarts', 'age']) {
      const whole = (await house.get(`/observer/v1/processes?sort=${sort}&limit=1000`)).body
      const pids: string[] = []
      let after = ''
      do {
        const { body } = await house.get(`/observer/v1/processes?sort=${sort}&limit=4&behaviour=lot${after}`)
        pids.push(...body.processes.map(({ pid }: { pid: string }) => pid))
        expect(body.matching).toBe(9)
        after = body.next === null ? '' : `&after=${encodeURIComponent(body.next)}`
      } while (after !== '')
      expect([sort, new Set(pids).size, pids.length]).toEqual([sort, 9, 9])
      const lots = whole.processes.filter(({ behaviour }: { behaviour: string }) => behaviour === 'lot')
      expect([sort, pids]).toEqual([sort, lots.map(({ pid }: { pid: string }) => pid)])
    }
  })

  test('are filtered by behaviour, supervisor, node and name', async () => {
    const count = async (query: string) => (await house.get(`/observer/v1/processes?limit=100&${query}`)).body.processes.length
    expect(await count('behaviour=vault')).toBe(3)
    expect(await count('behaviour=vault&node=n2')).toBe(1)
    expect(await count('supervisor=node/shelf')).toBe(3)
    expect(await count('name=lot-4')).toBe(1)
    expect(await count('name=nobody')).toBe(0)
  })

  test('tell their rate from the second look on', async () => {
    const rate = async () => {
      const { body } = await house.get('/observer/v1/processes?name=lot-5&sort=rate')
      return [body.windowMs, body.processes[0].perSecond]
    }
    expect(await rate()).toEqual([0, null])
    for (let i = 0; i < 20; i++)
      void house.box
        .node('n1')
        .call(Lot.named('lot-5'), 'bid')
        .catch(() => undefined)
    await house.box.clock.advance(2000)
    const [windowMs, perSecond] = await rate()
    expect(windowMs).toBeGreaterThanOrEqual(2000)
    expect(Math.round((perSecond * windowMs) / 1000)).toBe(20)
  })

  test('show from near to whom they are tied and how they crashed last', async () => {
    await crashSome()
    const { body } = await house.get(`/observer/v1/processes/${await pidOf('lot-3')}`)
    expect(body.process).toMatchObject({ child: 'lot-3', names: ['lot-3'], restarts: 1, showsState: true, links: 1 })
    expect(body.process.linkedWith).toEqual([body.process.parent])
    expect(body.process.lastCrash).toMatchObject({ reason: 'Error: crashed otherwise', handling: 'cast otherwise' })
    expect(body.process.lastCrash.flight).toEqual([{ kind: 'cast', name: 'otherwise', ageMs: 0 }])
  })

  test('show of their state what their behaviour allows, and nothing else', async () => {
    const lot = await house.get(`/observer/v1/processes/${await pidOf('lot-6')}/state`)
    expect(lot.body).toMatchObject({ behaviour: 'lot', state: { title: 't6', bids: 0 }, truncated: false })
    const vault = (await house.get('/observer/v1/processes?behaviour=vault&node=n3')).body.processes[0].pid
    const refused = await house.get(`/observer/v1/processes/${vault}/state`)
    expect(refused).toMatchObject({ status: 403, body: { code: 'ERR_OTP_HTTP_STATE_NOT_SHOWN' } })
    expect(JSON.stringify([lot.body, refused.body])).not.toContain('secret')
  })

  test('that do not come to it in time are told as silent', async () => {
    void house.box
      .node('n1')
      .call(Lot.named('lot-7'), 'slow')
      .catch(() => undefined)
    await house.box.clock.advance(10)
    expect(await house.get(`/observer/v1/processes/${await pidOf('lot-7')}/state`)).toMatchObject({
      status: 504,
      body: { code: 'ERR_OTP_HTTP_PROCESS_SILENT' },
    })
  })
})

describe('the tree', () => {
  test('of any node is told depth first, whole or in pages or a part of it', async () => {
    for (const node of names) {
      const whole = (await house.get(`/observer/v1/tree?node=${node}`)).body
      expect(whole).toMatchObject({ of: node, next: null })
      expect(whole.entries[0]).toMatchObject({ depth: 0, id: 'node', type: 'supervisor' })
      const byPid = new Map(whole.entries.map((entry: { pid: string }) => [entry.pid, entry]))
      for (const { depth, parent } of whole.entries.slice(1))
        expect(byPid.get(parent)).toMatchObject({ depth: depth - 1, type: 'supervisor' })
      const paged = []
      for (let after = ''; ; ) {
        const { body } = await house.get(`/observer/v1/tree?node=${node}&limit=2${after}`)
        paged.push(...body.entries)
        if (body.next === null) break
        after = `&after=${body.next}`
      }
      expect(paged.map(({ id }) => id)).toEqual(whole.entries.map(({ id }: { id: string }) => id))
      const part = (await house.get(`/observer/v1/tree?node=${node}&root=node/shelf`)).body.entries
      expect(part.map(({ depth, id }: { depth: number; id: string }) => `${depth} ${id}`)).toEqual(['0 shelf', '1 vault'])
      const shallow = (await house.get(`/observer/v1/tree?node=${node}&depth=1`)).body.entries
      expect(Math.max(...shallow.map(({ depth }: { depth: number }) => depth))).toBe(1)
    }
  })

  test('goes on behind where an entry was that is gone', async () => {
    const { body } = await house.get('/observer/v1/tree?node=n1&root=node/lots&limit=3')
    const [, , last] = body.entries
    const rest = async () => (await house.get(`/observer/v1/tree?node=n1&root=node/lots&limit=100&after=${body.next}`)).body.entries
    const before = (await rest()).map(({ id }: { id: string }) => id)
    await house.box.through(house.box.node('n1').supervisor.terminateChild(last.id))
    await house.box.clock.advance(300)
    expect((await rest()).map(({ id }: { id: string }) => id)).toEqual(before)
  })
})

describe('supervisors', () => {
  test('tell their last twenty restarts with cause, reason and pids', async () => {
    for (let i = 0; i < 25; i++) {
      house.box.node('n1').cast(Lot.named('lot-0'), 'crash')
      await house.box.clock.advance(50)
    }
    await house.box.clock.advance(1000)
    const node = (await pidOf('lot-0')).split('.')[0]
    const { body } = await house.get(`/observer/v1/supervisors?prefix=node/lots&node=${node}`)
    expect(body.supervisors).toHaveLength(1)
    const [lots] = body.supervisors
    expect(lots.restarts).toBe(25)
    expect(lots.recent).toHaveLength(20)
    expect(lots.recent[0]).toMatchObject({ child: 'lot-0', cause: 'crash', class: 'error', reason: 'Error: asked to crash' })
    expect(lots.recent[0].oldPid).toBe(lots.recent[1].newPid)
  })

  test('are paged over all nodes', async () => {
    const all = (await house.get('/observer/v1/supervisors')).body.supervisors
    const paged = []
    for (let after = ''; ; ) {
      const { body } = await house.get(`/observer/v1/supervisors?limit=2${after}`)
      paged.push(...body.supervisors)
      if (body.next === null) break
      after = `&after=${body.next}`
    }
    expect(paged.map(({ pid }) => pid)).toEqual(all.map(({ pid }: { pid: string }) => pid))
    expect(all).toHaveLength(9)
  })
})

describe('crashes', () => {
  test('are grouped by behaviour, error and top frame over all nodes', async () => {
    await crashSome()
    const { body } = await house.get('/observer/v1/crashes')
    expect(body.groups.map(({ error, count }: { error: string; count: number }) => `${count} ${error}`).sort()).toEqual([
      '1 Error: crashed otherwise',
      '3 Error: asked to crash',
    ])
    const asked = body.groups.find(({ count }: { count: number }) => count === 3)
    expect(asked.frame).toMatch(/^fail \(support\/house\.ts\)$/)
    expect(asked.versions).toEqual(['0'])
    expect(asked.sample.stack).toContain('asked to crash')
  })
})

describe('conflicts and takeovers', () => {
  test('are told with both claims, and with where from', async () => {
    const { box } = house
    box.network.partition([['n1', 'n2'], ['n3']])
    await box.clock.advance(8000)
    for (const node of ['n1', 'n3']) void box.node(node).supervisor.startChild({ id: 'twice', start: [Lot, 'x'] })
    await box.clock.advance(3000)
    box.network.heal()
    await box.clock.advance(20_000)
    const { body } = await house.get('/observer/v1/conflicts')
    const twice = body.conflicts.find(({ name }: { name: string }) => name === 'twice')
    expect(twice).toMatchObject({ winner: { pid: expect.any(String), epoch: expect.any(Number) }, loser: { pid: expect.any(String) } })
    expect(twice.winner.node).not.toBe(twice.loser.node)
    const { takeovers } = (await house.get('/observer/v1/takeovers')).body
    expect(takeovers.map(({ from }: { from: string }) => from)).toContain('n3')
  })
})

describe('what is asked by many', () => {
  test('is worked out once within its refresh interval', async () => {
    const first = (await house.get('/observer/v1/cluster')).body.collectedAt
    expect((await house.get('/observer/v1/cluster')).body.collectedAt).toBe(first)
    await house.box.clock.advance(300)
    expect((await house.get('/observer/v1/cluster')).body.collectedAt).not.toBe(first)
  })

  test('but too many different questions at a time are refused until some are answered', async () => {
    house.box.pause('n2')
    const answers = Promise.all(Array.from({ length: 30 }, (_, i) => house.get(`/observer/v1/processes?limit=${i + 1}`)))
    const statuses = (await answers).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(16)
    expect(statuses.filter((status) => status === 503)).toHaveLength(14)
    house.box.resume('n2')
  })
})

test('a token that manages is known as such', async () => {
  expect((await house.get('/observer/v1/capabilities', asManager)).body).toMatchObject({
    scope: 'manage',
    manage: { isOn: true, drain: true, sampling: false },
  })
  expect((await house.get('/observer/v1/capabilities')).body).toMatchObject({ scope: 'read', authentication: 'none' })
})
