// Names that processes register for themselves: unique in the cluster, gone with their process, never taken over.
import { afterEach, expect, test } from 'vitest'
import { CodedError } from '#base'
import { type ChildSpec, genServer, type Pid, type RegisterMessage, reply, type UnregisterMessage } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const Clerk = genServer({ name: 'clerk', init: () => 0, calls: { count: (state) => reply(state, state + 1) } })
const clerk = { id: 'clerk', start: [Clerk], name: 'clerk', restart: 'temporary' } as const satisfies ChildSpec<typeof Clerk>
const names = ['n1', 'n2', 'n3']
let box: Box

afterEach(async () => {
  for (const running of box.live()) await box.stop(running.name)
})

async function formed(): Promise<Box> {
  box = await Box.formed({ names, node: { behaviours: [Clerk], children: [clerk] }, note: ['registry.conflict', 'registry.refused'] })
  return box
}

/** Notes what it is told of names of the cluster. */
const heard: string[] = []
const Listener = genServer({
  name: 'listener',
  init: () => undefined,
  infos: {
    register: (state, { key, pid, value, registry }: RegisterMessage<string, unknown>) => {
      heard.push(`${registry}: ${key} is ${pid}${value === undefined ? '' : ` with ${JSON.stringify(value)}`}`)
      return state
    },
    unregister: (state, { key, pid }: UnregisterMessage<string>) => {
      heard.push(`${key} is not ${pid}`)
      return state
    },
  },
})

const pidOf = (name: string): Pid => box.node(name).runtime.whereis('clerk') as Pid
const holders = (key: string) => names.filter((name) => box.isLive(name)).map((name) => box.node(name).registry.lookup(key)?.toString())

test('the registering node reads its own write at once, the others as soon as it has come to them', async () => {
  await formed()
  expect(box.node('n1').registry.register('till', pidOf('n1'))).toEqual({ ok: true })
  expect(box.node('n1').registry.lookup('till')).toBeDefined()
  await box.clock.until(() => holders('till').every((pid) => pid === pidOf('n1').toString()), 100)
  expect(await box.through(box.node('n3').call(Clerk.named('till'), 'count'))).toBe(0)
})

test('a name that is taken is refused with its holder', async () => {
  await formed()
  box.node('n1').registry.register('till', pidOf('n1'))
  await box.clock.advance(100)
  const result = box.node('n2').registry.register('till', pidOf('n2'))
  expect(result).toMatchObject({ ok: false, reason: 'already_registered' })
  expect(box.node('n2').registry.unregister('till')).toBe(false)
  expect(box.events('registry.refused')).toMatchObject([
    { by: 'n2', name: 'till', op: 'register' },
    { by: 'n2', name: 'till', op: 'unregister' },
  ])
})

test('only a live process of this node can be registered', async () => {
  await formed()
  expect(() => box.node('n1').registry.register('till', pidOf('n2'))).toThrow(/expected a live process of node n1/)
  expect(() => box.node('n1').registry.register('', pidOf('n1'))).toThrow(/expected a name of 1 to 255 characters, got 0 characters/)
})

test('a name goes with its process, and with unregister', async () => {
  await formed()
  box.node('n1').registry.register('till', pidOf('n1'))
  box.node('n1').registry.register('safe', pidOf('n1'))
  await box.clock.advance(50)
  expect(box.node('n1').registry.unregister('safe')).toBe(true)
  expect(box.node('n1').registry.unregister('safe')).toBe(false)
  await box.clock.until(() => holders('safe').every((pid) => pid === undefined), 100)
  box.node('n1').runtime.exit(pidOf('n1'), pidOf('n1'), 'kill')
  await box.clock.until(() => holders('till').every((pid) => pid === undefined), 100)
})

test('a name of a dead node has no owner, and may be registered by another', async () => {
  await formed()
  box.node('n3').registry.register('till', pidOf('n3'))
  await box.clock.advance(100)
  box.crash('n3')
  await box.clock.until(() => holders('till').every((pid) => pid === undefined), 3000)
  expect(box.node('n1').registry.register('till', pidOf('n1'))).toEqual({ ok: true })
  await box.clock.advance(3000)
  expect(new Set(holders('till'))).toEqual(new Set([pidOf('n1').toString()]))
})

test('a name that others cleaned up while its node was cut off is claimed again by its live process', async () => {
  await formed()
  box.node('n3').registry.register('till', pidOf('n3'))
  await box.clock.advance(100)
  box.network.partition([['n1', 'n2'], ['n3']])
  await box.clock.advance(10_000)
  expect(box.node('n1').registry.lookup('till')).toBeUndefined()
  box.network.heal()
  await box.clock.until(() => holders('till').every((pid) => pid === pidOf('n3').toString()), 30_000)
})

test('of two claims made during a partition one stays, and the process of the other ends', async () => {
  await formed()
  box.network.partition([['n1', 'n2'], ['n3']])
  await box.clock.advance(8000)
  const loserOrWinner = [pidOf('n1'), pidOf('n3')]
  expect(box.node('n1').registry.register('till', pidOf('n1'))).toEqual({ ok: true })
  expect(box.node('n3').registry.register('till', pidOf('n3'))).toEqual({ ok: true })
  box.network.heal()
  await box.clock.until(() => new Set(holders('till')).size === 1 && holders('till')[0] !== undefined, 30_000)
  await box.clock.advance(3000)
  const alive = [box.node('n1'), box.node('n3')].filter((node) => node.runtime.whereis('clerk') !== undefined)
  expect(alive).toHaveLength(1)
  expect(loserOrWinner.map(String)).toContain(holders('till')[0])
  expect(box.events('registry.conflict').length).toBeGreaterThan(0)
})

test('an entry tells the value with which a process was registered, on every node', async () => {
  await formed()
  const { registry } = box.node('n1')
  registry.register('till', pidOf('n1'), { drawer: 3 })
  await box.clock.advance(50)
  const entry = { name: 'till', pid: pidOf('n1'), value: { drawer: 3 }, epoch: 1, behaviour: 'clerk' }
  for (const name of names) {
    const seen = box.node(name).registry
    expect(seen.entry('till')).toMatchObject({ ...entry, pid: { node: entry.pid.node, serial: entry.pid.serial } })
    expect(seen.values('till')).toEqual([{ drawer: 3 }])
    expect(seen.keys(pidOf('n1'))).toEqual(['till'])
    expect(seen.entry('nobody')).toBeUndefined()
    expect(seen.values('nobody')).toEqual([])
  }
})

test('a value is changed by its own node alone, and the change comes to all', async () => {
  await formed()
  box.node('n1').registry.register('till', pidOf('n1'), 1)
  await box.clock.advance(50)
  expect(box.node('n2').registry.updateValue('till', () => 9)).toBeUndefined()
  expect(box.node('n1').registry.updateValue('till', (value) => (value as number) + 1)).toEqual({ value: 2, previous: 1 })
  await box.clock.advance(50)
  expect(names.map((name) => box.node(name).registry.values('till'))).toEqual([[2], [2], [2]])
})

test('a process may have many names; they all go with it', async () => {
  await formed()
  const { registry } = box.node('n1')
  for (const key of ['a', 'b', 'c']) registry.register(key, pidOf('n1'))
  registry.unregister('b')
  await box.clock.advance(50)
  expect(box.node('n3').registry.keys(pidOf('n1'))).toEqual(['a', 'c'])
  expect(box.node('n3').registry.count()).toBe(2)
  box.node('n1').runtime.exit(pidOf('n1'), pidOf('n1'), 'kill')
  await box.clock.until(() => box.node('n3').registry.count() === 0, 100)
  expect(box.node('n3').registry.keys(pidOf('n2'))).toEqual([])
})

test('match, select and their counts take predicates over values and entries', async () => {
  await formed()
  for (const [index, name] of names.entries()) box.node(name).registry.register(`till-${name}`, pidOf(name), index)
  await box.clock.advance(50)
  const { registry } = box.node('n2')
  expect(registry.match('till-n2', (value) => value === 1).map(({ name }) => name)).toEqual(['till-n2'])
  expect(registry.countMatch('till-n2', (value) => value === 7)).toBe(0)
  const many = registry.select(({ value }) => (value as number) > 0)
  expect(many.map(({ name }) => name).toSorted()).toEqual(['till-n2', 'till-n3'])
  expect(registry.countSelect(({ pid }) => pid.node === box.node('n3').id)).toBe(1)
  expect([...registry.countByNode().values()]).toEqual([1, 1, 1])
})

test('unregisterMatch gives a name up only where the value says so', async () => {
  await formed()
  const { registry } = box.node('n1')
  registry.register('till', pidOf('n1'), 'open')
  expect(registry.unregisterMatch('till', (value) => value === 'closed')).toBe(false)
  expect(registry.unregisterMatch('till', (value) => value === 'open')).toBe(true)
  expect(registry.lookup('till')).toBeUndefined()
})

test('dispatch calls with the entry of a name, and not at all for nobody', async () => {
  await formed()
  box.node('n1').registry.register('till', pidOf('n1'), 5)
  const seen: unknown[] = []
  box.node('n1').registry.dispatch('till', ([{ value }]) => seen.push(value))
  box.node('n1').registry.dispatch('nobody', ([{ value }]) => seen.push(value))
  expect(seen).toEqual([5])
})

test('metadata is the same on all nodes, the last word counts, and it outlives the node that said it', async () => {
  await formed()
  box.node('n3').registry.putMeta('currency', 'EUR')
  await box.clock.advance(50)
  box.node('n1').registry.putMeta('currency', ['EUR', 'CHF'])
  await box.clock.advance(50)
  expect(names.map((name) => box.node(name).registry.meta('currency'))).toEqual(names.map(() => ['EUR', 'CHF']))
  expect(box.node('n1').registry.entries()).toEqual([])
  expect(box.node('n1').registry.countByNode()).toEqual(new Map())
  box.node('n3').registry.putMeta('last', true)
  await box.clock.advance(50)
  box.crash('n3')
  await box.clock.advance(10_000)
  expect(box.node('n2').registry.meta('last')).toBe(true)
  box.start('n3')
  await box.clock.until(() => box.node('n3').isReady, 20_000)
  expect(box.node('n3').registry.meta('currency')).toEqual(['EUR', 'CHF'])
  box.node('n3').registry.deleteMeta('currency')
  await box.clock.advance(50)
  expect(names.map((name) => box.node(name).registry.meta('currency'))).toEqual([undefined, undefined, undefined])
  expect(box.node('n1').registry.count()).toBe(0)
  expect(box.node('n1').registry.entries()).toEqual([])
})

test('metadata set on both sides of a partition is the same everywhere once it heals', async () => {
  await formed()
  box.network.partition([['n1'], ['n2', 'n3']])
  await box.clock.advance(8000)
  box.node('n1').registry.putMeta('side', 'left')
  box.node('n2').registry.putMeta('side', 'right')
  box.network.heal()
  await box.clock.until(() => new Set(names.map((name) => box.node(name).registry.meta('side'))).size === 1, 30_000)
})

test('what is no plain data is refused where it is said, and a name of the cluster’s own keys is none', async () => {
  await formed()
  const { registry } = box.node('n1')
  for (const wrong of [
    () => registry.register('till', pidOf('n1'), () => 0),
    () => registry.putMeta('x', Symbol('x')),
    () => registry.register('\0members', pidOf('n1')),
  ]) {
    expect(wrong).toThrow(CodedError)
  }
  expect(registry.count()).toBe(0)
})

test('a process that is started with a name of the cluster has it before it runs, and is refused if it is taken', async () => {
  await formed()
  const { runtime, registry } = box.node('n2')
  const name = registry.via('till', 'open')
  const start = (child: string) => runtime.spawn(Clerk.body, undefined, { cause: 'call', name, child })
  expect(start('one')).toMatchObject({ ok: true })
  expect(start('two')).toMatchObject({ ok: false, reason: 'already_started' })
  await box.clock.advance(50)
  expect(box.node('n1').registry.values('till')).toEqual(['open'])
})

test('listeners hear of names that come, go and change their process, wherever that is', async () => {
  heard.length = 0
  const listener = { id: 'listener', start: [Listener], name: 'listener' } as const
  box = await Box.formed({
    names,
    node: { behaviours: [Clerk], children: [clerk, listener], registry: { listeners: ['listener', 'nobody'] } },
  })
  box.node('n3').registry.register('till', pidOf('n3'), 7)
  await box.clock.advance(50)
  expect(heard).toEqual(names.map(() => `cluster: till is ${pidOf('n3')} with 7`))
  heard.length = 0
  box.node('n3').registry.updateValue('till', () => 8)
  box.node('n3').registry.putMeta('no', 'name')
  await box.clock.advance(50)
  expect(heard).toEqual([])
  const before = pidOf('n3')
  box.node('n3').registry.unregister('till')
  await box.clock.advance(50)
  expect(heard).toEqual(names.map(() => `till is not ${before}`))
})
