// Children that follow their placement when nodes come: how many, how fast, and how few when a node flaps.
import { afterEach, describe, expect, test } from 'vitest'
import { genServer, type NodeOptions, reply } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const Lot = genServer({ name: 'lot', init: () => 0, calls: { bid: (state) => reply(state + 1, state + 1) }, handoff: true })
const names = ['n1', 'n2', 'n3']
type Rebalance = NonNullable<NonNullable<NodeOptions['supervisor']>['rebalance']>
let box: Box

afterEach(async () => {
  for (const running of box.live()) await box.stop(running.name)
})

async function formed(rebalance: Rebalance, count: number, only: readonly string[] = ['n1', 'n2']): Promise<void> {
  box = new Box({
    names,
    node: { behaviours: [Lot], supervisor: { processRedistribution: 'active', rebalance } },
    note: ['handoff.started', 'handoff.ended', 'child.taken_over', 'registry.conflict'],
  })
  for (const name of only) box.start(name)
  await box.clock.until(() => box.live().every((node) => node.parts.replicator.isJoined && node.cluster.alive.size === only.length), 20_000)
  const ids = Array.from({ length: count }, (_, i) => `lot-${i}`)
  await box.through(Promise.all(ids.map((id) => box.node('n1').supervisor.startChild({ id, start: [Lot] }))))
}

async function comes(name: string): Promise<void> {
  box.start(name)
  await box.clock.until(() => box.live().every((node) => node.isReady && node.cluster.alive.size === box.live().length), 30_000)
}

const owned = (name: string) => box.node('n1').registry.countByNode().get(box.node(name).id) ?? 0
const rebalanced = () => box.events('handoff.ended').filter(({ reason, outcome }) => reason === 'rebalance' && outcome === 'completed')
const isQuiet = (count: number) => box.violations('lot').length === 0 && box.node('n1').registry.count() === count
const plan = () => box.through(box.node('n1').parts.redistributor.plan())

describe('a node that comes', () => {
  test('is given its share with its state, when nobody has come or gone for a while, and each child moves once', async () => {
    await formed({ stableMs: 8000 }, 200)
    for (let i = 0; i < 200; i++) await box.through(box.node('n1').call(Lot.named(`lot-${i}`), 'bid'))
    await comes('n3')
    await box.clock.advance(7000)
    expect(box.events('handoff.started')).toEqual([])
    const { moves: planned, settledInMs } = await plan()
    expect([planned.every(({ held }) => held === 'settling'), settledInMs > 0 && settledInMs <= 2000]).toEqual([true, true])
    await box.clock.until(() => isQuiet(200) && owned('n3') > 40, 20_000)
    await box.clock.advance(90_000)
    expect(
      rebalanced()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(planned.map(({ key }) => key).toSorted())
    expect(owned('n3')).toBe(planned.length)
    expect(await box.through(box.node('n1').call(Lot.named(planned[0]?.key as string), 'bid'))).toBe(2)
    expect((await plan()).moves).toEqual([])
    expect(box.events('registry.conflict')).toEqual([])
  })

  test('is given no more in a second, nor at a time, than was said', async () => {
    await formed({ stableMs: 2000, perSecond: 10, concurrency: 3 }, 120)
    await comes('n3')
    const before = box.noted.length
    await box.clock.until(() => owned('n3') > 30, 60_000)
    const facts = box.noted.slice(before)
    for (const name of ['n1', 'n2']) {
      const own = facts.filter(({ node }) => node === name)
      let open = 0
      for (const { type } of own) {
        open += type === 'handoff.started' ? 1 : type === 'handoff.ended' ? -1 : 0
        expect(open).toBeLessThanOrEqual(3)
      }
      const starts = own.filter(({ type }) => type === 'handoff.started').map(({ at }) => at)
      for (const at of starts) expect(starts.filter((other) => other >= at && other < at + 890).length).toBeLessThanOrEqual(10)
    }
  })

  test('and another one, meanwhile: what was planned for the first is not begun any more', async () => {
    await formed({ stableMs: 3000, perSecond: 5 }, 120, ['n1'])
    await comes('n2')
    await box.clock.until(() => rebalanced().length > 0, 10_000)
    await comes('n3')
    await box.clock.advance(500)
    const sofar = box.events('handoff.started').length
    await box.clock.advance(1500)
    expect(box.events('handoff.started')).toHaveLength(sofar)
    await box.clock.until(() => owned('n2') > 25 && owned('n3') > 25, 60_000)
    await box.clock.advance(60_000)
    expect(isQuiet(120)).toBe(true)
    const moves = new Map<string, number>()
    for (const { name } of rebalanced()) moves.set(name, (moves.get(name) ?? 0) + 1)
    expect(Math.max(...moves.values())).toBeLessThanOrEqual(2)
  })
})

describe('a node that flaps', () => {
  test('faster than the others wait brings no move at all, but the takeovers of what it had', async () => {
    await formed({}, 100)
    for (let round = 0; round < 10; round++) {
      await comes('n3')
      await box.clock.advance(3000)
      box.crash('n3')
      await box.clock.until(() => box.live().every((node) => node.cluster.alive.size === 2), 20_000)
      await box.clock.advance(2000)
    }
    expect(box.events('handoff.started')).toEqual([])
    expect(box.events('child.taken_over')).toEqual([])
    expect(isQuiet(100)).toBe(true)
  })

  test('more slowly than that brings one move of each child in its cool-down at most', async () => {
    await formed({ coolDownMs: 60_000 }, 100)
    for (let round = 0; round < 6; round++) {
      await comes('n3')
      await box.clock.advance(20_000)
      box.crash('n3')
      await box.clock.until(() => box.live().every((node) => node.cluster.alive.size === 2), 20_000)
      await box.clock.until(() => isQuiet(100), 20_000)
    }
    // Three minutes, and about 33 children that belong there.
    const share = 50
    expect(rebalanced().length).toBeGreaterThan(0)
    expect(rebalanced().length).toBeLessThanOrEqual(3 * share)
    const at = new Map<string, number>()
    for (const { type, event, at: when } of box.noted) {
      if (type !== 'handoff.started' || !('reason' in event) || event.reason !== 'rebalance' || !('name' in event)) continue
      const name = String(event.name)
      expect(when - (at.get(name) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(60_000)
      at.set(name, when)
    }
  })

  test('and stays at last is given its share when its children have cooled', async () => {
    await formed({ coolDownMs: 30_000 }, 100)
    await comes('n3')
    await box.clock.until(() => owned('n3') > 20, 30_000)
    box.crash('n3')
    await box.clock.until(() => isQuiet(100), 20_000)
    await comes('n3')
    await box.clock.advance(15_000)
    expect(owned('n3')).toBe(0)
    expect((await plan()).moves.every(({ held }) => held === 'cooling')).toBe(true)
    await box.clock.until(() => owned('n3') > 20, 40_000)
    expect(isQuiet(100)).toBe(true)
  })
})

test('a node that was drained and resumed gets its children back; while it drains nothing is planned for it', async () => {
  await formed({ stableMs: 2000, coolDownMs: 5000 }, 90, names)
  const before = owned('n3')
  await box.through(box.node('n3').drain())
  await box.clock.advance(20_000)
  expect([owned('n3'), (await plan()).moves]).toEqual([0, []])
  box.node('n3').resume()
  await box.clock.until(() => owned('n3') === before, 30_000)
  expect(isQuiet(90)).toBe(true)
})

test('in the passive mode the plan says what would move, and nothing does', async () => {
  box = new Box({ names, node: { behaviours: [Lot] }, note: ['handoff.started'] })
  for (const name of ['n1', 'n2']) box.start(name)
  await box.clock.until(() => box.live().every((node) => node.isReady && node.cluster.alive.size === 2), 20_000)
  for (let i = 0; i < 60; i++) await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot] }))
  await comes('n3')
  await box.clock.advance(30_000)
  const { moves, mode, settledInMs } = await plan()
  expect([mode, settledInMs]).toEqual(['passive', 0])
  expect(moves.length).toBeGreaterThan(8)
  expect(moves.every(({ to, held }) => to === box.node('n3').id && held === 'passive')).toBe(true)
  expect(box.events('handoff.started')).toEqual([])
})
