// What the observer's page decides by itself: addresses, rates, streams, which rows are shown. The page as a whole is tested in a browser.
import { describe, expect, test } from 'vitest'
import { matches } from '#src/observer-ui/net/event-filter.ts'
import { HistoryKeeper } from '#src/observer-ui/net/history.ts'
import { parseBlock, readSent, type Sent } from '#src/observer-ui/net/server-sent.ts'
import { bytes, count, duration, rate } from '#src/observer-ui/parts/format.ts'
import { pairs } from '#src/observer-ui/parts/link-pairs.ts'
import { linkTo, parseRoute } from '#src/observer-ui/routes.ts'
import { type Entry, health, keyOf, opened } from '#src/observer-ui/views/tree-rows.ts'

describe('an address', () => {
  test.for([
    ['', { view: 'cluster', pid: undefined, parameters: {} }],
    ['#/nonsense/x?y=1', { view: 'cluster', pid: undefined, parameters: { y: '1' } }],
    ['#/process', { view: 'cluster', pid: undefined, parameters: {} }],
    ['#/processes?behaviour=lot&node=n1', { view: 'processes', pid: undefined, parameters: { behaviour: 'lot', node: 'n1' } }],
    ['#/process/n1.lq3f9a.42', { view: 'process', pid: 'n1.lq3f9a.42', parameters: {} }],
  ] as const)('%s leads where it says', ([hash, route]) => {
    expect(parseRoute(hash)).toEqual(route)
  })

  test('is made so that it leads back', () => {
    expect(parseRoute(linkTo('processes', { name: 'a & b?', node: '' }))).toEqual({
      view: 'processes',
      pid: undefined,
      parameters: { name: 'a & b?' },
    })
    expect(parseRoute(linkTo('process', { pid: 'n1.x.1' })).pid).toBe('n1.x.1')
  })
})

describe('a stream of events', () => {
  test('is read block by block, however it is cut', async () => {
    const text = 'id: a\nevent: fact\ndata: {"x":\ndata: 1}\n\n: a comment\n\ndata: ü\n\n'
    const bytesOf = new TextEncoder().encode(text)
    for (let cut = 1; cut < bytesOf.length; cut++) {
      const sent: Sent[] = []
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(bytesOf.slice(0, cut))
          controller.enqueue(bytesOf.slice(cut))
          controller.close()
        },
      })
      await readSent(new Response(body), (one) => sent.push(one))
      expect(sent).toEqual([
        { id: 'a', event: 'fact', data: '{"x":\n1}' },
        { id: undefined, event: 'message', data: 'ü' },
      ])
    }
  })

  test('says nothing with a comment', () => {
    expect(parseBlock(': still here')).toBeUndefined()
  })
})

describe('the history', () => {
  const member = (name: string, incarnation: string, restarts: number | undefined) => ({
    name,
    incarnation,
    status: 'up' as const,
    processes: 0,
    names: 0,
    load: restarts === undefined ? null : load(restarts),
  })
  const load = (restarts: number) => ({
    version: '1',
    role: 'node',
    zone: '',
    uptimeMs: 1,
    draining: false,
    joined: true,
    arbiter: null,
    restarts,
    takeovers: 0,
    crashes: 0,
    handled: 0,
    calls: 0,
    callsFailed: 0,
    mailboxMessages: 0,
    oldestMessageMs: 7,
    handoffs: { in: 0, out: 0 },
    eventLoopUtilisation: 0.5,
    turnMs: 1,
    rssBytes: 1,
    heapUsedBytes: 1,
  })
  const at = (second: number) => new Date(second * 1000).toISOString()
  const restartsOf = (keeper: HistoryKeeper, name: string) => keeper.history.nodes.get(name)?.map(({ restarts }) => restarts)

  test('makes rates of two answers, and none across two lives of a node or a gap', () => {
    const keeper = new HistoryKeeper()
    keeper.add({ collectedAt: at(1), members: [member('a', 'x', 10)] })
    keeper.add({ collectedAt: at(3), members: [member('a', 'x', 16)] })
    keeper.add({ collectedAt: at(4), members: [member('a', 'y', 2)] })
    keeper.add({ collectedAt: at(5), members: [member('a', 'y', undefined)] })
    keeper.add({ collectedAt: at(6), members: [member('a', 'y', 9)] })
    expect(restartsOf(keeper, 'a')).toEqual([null, 3, null, null, null])
  })

  test('counts an answer once, and starts a node that is new with nothing', () => {
    const keeper = new HistoryKeeper()
    keeper.add({ collectedAt: at(1), members: [member('a', 'x', 1)] })
    keeper.add({ collectedAt: at(1), members: [member('a', 'x', 1)] })
    keeper.add({ collectedAt: at(2), members: [member('a', 'x', 1), member('b', 'x', 1)] })
    keeper.add({ collectedAt: at(3), members: [member('b', 'x', 5)] })
    expect(restartsOf(keeper, 'a')).toEqual([null, 0, null])
    expect(restartsOf(keeper, 'b')).toEqual([null, null, 4])
    expect(keeper.history.times).toEqual([1, 2, 3])
  })

  test('forgets what is older than it draws', () => {
    const keeper = new HistoryKeeper()
    for (let second = 0; second < 500; second++) keeper.add({ collectedAt: at(second), members: [member('a', 'x', second)] })
    expect(keeper.history.times).toHaveLength(180)
    expect(restartsOf(keeper, 'a')).toHaveLength(180)
    expect(restartsOf(keeper, 'a')?.every((value) => value === 1)).toBe(true)
  })
})

describe('a tree', () => {
  const entry = (depth: number, id: string, more: Partial<Entry> = {}): Entry => ({
    depth,
    parent: null,
    id,
    pid: `n1.x.${id}`,
    status: 'running',
    type: 'worker',
    behaviour: 'lot',
    mailbox: 0,
    oldestMs: 0,
    handlingMs: 0,
    restarts: 0,
    lastRestartAt: null,
    supervisor: null,
    ...more,
  })
  const entries = [entry(0, 'root'), entry(1, 'a'), entry(2, 'a1'), entry(3, 'a1x'), entry(1, 'b'), entry(2, 'b1')]
  const ids = (closed: readonly string[]) =>
    opened(entries, new Set(entries.filter(({ id }) => closed.includes(id)).map(keyOf))).map(({ id }) => id)

  test('hides what is under those that are closed, and nothing else', () => {
    expect(ids([])).toEqual(['root', 'a', 'a1', 'a1x', 'b', 'b1'])
    expect(ids(['a'])).toEqual(['root', 'a', 'b', 'b1'])
    expect(ids(['a', 'a1', 'b'])).toEqual(['root', 'a', 'b'])
    expect(ids(['root'])).toEqual(['root'])
  })

  test('shows how each is', () => {
    const supervisor = {
      path: 'a',
      strategy: 'one_for_one',
      specified: 3,
      active: 3,
      restarting: 0,
      maxRestarts: 3,
      periodMs: 1,
      restartsInPeriod: 0,
    }
    expect(health(entry(0, 'a'))).toBe('good')
    expect(health(entry(0, 'a', { status: 'restarting' }))).toBe('bad')
    expect(health(entry(0, 'a', { status: 'suspended' }))).toBe('warn')
    expect(health(entry(0, 'a', { oldestMs: 1001 }))).toBe('warn')
    expect(health(entry(0, 'a', { supervisor }))).toBe('good')
    expect(health(entry(0, 'a', { supervisor: { ...supervisor, active: 2 } }))).toBe('warn')
    expect(health(entry(0, 'a', { status: 'stopped' }))).toBe('plain')
  })
})

test.for([
  ['', 'process.spawned', true],
  ['supervisor.*', 'supervisor.child_restarted', true],
  ['supervisor.*', 'process.exited', false],
  ['exited', 'process.exited', true],
  ['handoff.*, exited', 'process.exited', true],
  [' , ', 'process.exited', false],
] as const)('the filter %j on %s: %s', ([filter, type, isShown]) => {
  expect(matches(type, filter)).toBe(isShown)
})

test('links between two nodes are one line, with the bytes that the better informed counts', () => {
  const link = (peer: string, bytesOut: number, bytesIn: number) => ({
    peer,
    direction: 'out' as const,
    bytesOut,
    bytesIn,
    messagesOut: 0,
    messagesIn: 0,
    pauses: 0,
    sendErrors: 0,
    replicationBytes: 0,
    queuedBytes: 0,
  })
  const lines = pairs([
    { name: 'b', links: [link('a', 5, 5), link('a', 1, 0)] },
    { name: 'a', links: [link('b', 3, 3), link('c', 1, 1)] },
  ])
  expect(lines).toEqual([
    { key: 'a b', ends: ['a', 'b'], total: 11 },
    { key: 'a c', ends: ['a', 'c'], total: 2 },
  ])
})

test('numbers are written for people', () => {
  expect([0, 0.4, 12, 999, 1500, 61_000, 7_200_000, 200_000_000].map(duration)).toEqual([
    '0 ms',
    '< 1 ms',
    '12 ms',
    '999 ms',
    '1.5 s',
    '1 min',
    '2 h',
    '2 d',
  ])
  expect([0, 1023, 1024, 20_480, 5 * 1024 ** 3].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '20 KiB', '5.0 GiB'])
  expect([0, 1200, 1_500_000].map(count)).toEqual(['0', '1,200', '1.5M'])
  expect([0, 0.25, 12.3, 3400].map(rate)).toEqual(['0', '0.3', '12', '3.4K'])
})
