// Names that processes register for themselves: unique in the cluster, gone with their process, never taken over.
import { afterEach, expect, test } from 'vitest'
import { type ChildSpec, genServer, type Pid, reply } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const Clerk = genServer({ name: 'clerk', init: () => 0, calls: { count: (state) => reply(state, state + 1) } })
const clerk = { id: 'clerk', start: [Clerk], name: 'clerk', restart: 'temporary' } as const satisfies ChildSpec<typeof Clerk>
const names = ['n1', 'n2', 'n3']
let box: Box

afterEach(async () => {
  for (const running of box.live()) await box.stop(running.name)
})

async function formed(): Promise<Box> {
  box = await Box.formed({ names, node: { behaviours: [Clerk], children: [clerk] }, note: ['registry.conflict'] })
  return box
}

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
