// A node that drains: what becomes of its children, who sees that it does, and how each drain that is not waited for ends.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DrainReport, genServer, Node, type NodeOptions, reply } from '#otp-labs'
import { Box, type BoxOptions } from '#test/support/box.ts'

let onLoad: () => void
let onEnd: () => Promise<void> | undefined

/** Moves with its state. */
const Lot = genServer({
  name: 'lot',
  init: () => 0,
  calls: { bid: (state) => reply(state + 1, state + 1) },
  handoff: {
    version: 1,
    save: (state) => state,
    load: (data) => {
      onLoad()
      return data as number
    },
  },
})
/** Begins anew elsewhere. */
const Plain = genServer({ name: 'plain', trapExit: true, init: () => 0, terminate: () => onEnd() })

const names = ['n1', 'n2', 'n3']
const node: Partial<NodeOptions> = { behaviours: [Lot, Plain], supervisor: { name: 'lots' } }
let box: Box

beforeEach(() => {
  onLoad = () => undefined
  onEnd = () => undefined
})

afterEach(async () => {
  for (const running of box.live()) await box.stop(running.name)
})

async function formed(options: Partial<BoxOptions> = {}): Promise<void> {
  box = await Box.formed({
    names,
    node,
    note: [
      'node.draining',
      'node.resumed',
      'node.drained',
      'handoff.started',
      'handoff.ended',
      'child.relocated',
      'cluster.member_changed',
    ],
    ...options,
  })
}

async function start(behaviour: typeof Lot | typeof Plain, count: number, restart: 'permanent' | 'temporary' = 'permanent'): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => `${behaviour.name}-${restart}-${i}`)
  const starts = ids.map((id) => box.node('n1').supervisor.startChild({ id, start: [behaviour], restart }))
  for (const result of await box.through(Promise.all(starts))) expect(result).toMatchObject({ ok: true })
  await box.clock.advance(100)
}

const on = (name: string) =>
  box
    .node('n1')
    .supervisor.whichChildren()
    .filter((child) => child.node === name)
/** What is wrong with children of either kind: of the other one nothing is looked for. */
const wrong = () =>
  [Lot, Plain].flatMap(({ name }) =>
    box.violations(name).filter((what) => !what.startsWith('the directory says') || what.startsWith(`the directory says ${name}-`)),
  )
const report = (fields: Partial<DrainReport>) => ({ moved: 0, restarted: 0, stopped: 0, gaveUp: 0, ...fields })

describe('drain without leaving', () => {
  test('hands over all children, spread over all other nodes, and the node stays a member that takes nothing new', async () => {
    await formed()
    await start(Lot, 90)
    await start(Plain, 30)
    const count = (kind: string) => on('n3').filter(({ behaviour }) => behaviour === kind).length
    const [lots, plains] = [count('lot'), count('plain')]
    const before = [on('n1').length, on('n2').length]
    const result = await box.through(box.node('n3').drain())
    expect(result).toMatchObject(report({ outcome: 'completed', moved: lots, restarted: plains }))
    await box.clock.advance(1000)
    expect(on('n3')).toEqual([])
    for (const [index, name] of ['n1', 'n2'].entries()) {
      expect(on(name).length - (before[index] as number)).toBeGreaterThan((lots + plains) / 5)
    }
    expect(wrong()).toEqual([])
    expect(names.map((name) => box.node(name).cluster.alive.size)).toEqual([3, 3, 3])
    expect(box.node('n3').isReady).toBe(false)
    expect(box.node('n1').snapshot().members).toMatchObject([{ draining: false }, { draining: false }, { status: 'up', draining: true }])
    expect(box.node('n3').snapshot()).toMatchObject({ draining: true })
    expect(box.node('n2').supervisor.members().toSorted()).toEqual(['n1', 'n2'])
    expect(await box.through(box.node('n3').supervisor.moveChild('lot-permanent-0', 'n3'))).toEqual({ ok: false, outcome: 'no_such_node' })
    expect(box.events('node.drained')).toMatchObject([{ by: 'n3', isLeaving: false, ...result }])
    expect(box.events('cluster.member_changed').filter(({ change }) => change === 'drain')).toMatchObject([
      { name: 'n3', cause: 'gossip' },
      { name: 'n3', cause: 'gossip' },
    ])
    const more = await box.through(
      Promise.all(Array.from({ length: 20 }, (_, i) => box.node('n3').supervisor.startChild({ id: `more-${i}`, start: [Lot] }))),
    )
    expect(more.every(({ ok }) => ok)).toBe(true)
    expect(on('n3')).toEqual([])
  })

  test('asked for twice is one drain; asked for again it answers the same', async () => {
    await formed()
    await start(Lot, 30)
    const [first, second] = [box.node('n3').drain(), box.node('n3').drain()]
    const [one, two] = await box.through(Promise.all([first, second]))
    expect(two).toBe(one)
    expect(await box.through(box.node('n3').drain())).toBe(one)
    expect(box.events('node.draining')).toHaveLength(1)
    expect(box.events('node.drained')).toHaveLength(1)
  })

  test('is taken back by resume: the node is given children again, by who asks for starts', async () => {
    await formed()
    await start(Lot, 30)
    await box.through(box.node('n3').drain())
    expect(box.node('n3').resume()).toBe(true)
    expect(box.node('n3').resume()).toBe(false)
    await box.clock.advance(100)
    expect(box.node('n3').isReady).toBe(true)
    expect(names.map((name) => box.node(name).supervisor.members().toSorted())).toEqual([names, names, names])
    await start(Plain, 30)
    expect(on('n3').length).toBeGreaterThan(0)
    expect(box.events('node.resumed')).toMatchObject([{ by: 'n3' }])
    expect(box.events('cluster.member_changed').filter(({ change }) => change === 'resume')).toHaveLength(2)
  })

  test('refuses starts of who has not heard of it yet', async () => {
    await formed({ delayMs: 100 })
    const drained = box.node('n3').drain()
    const starts = Array.from({ length: 12 }, (_, i) => box.node('n1').supervisor.startChild({ id: `early-${i}`, start: [Lot] }))
    const refused = (await box.through(Promise.all(starts))).filter(({ ok }) => !ok)
    expect(new Set(refused.map((result) => 'reason' in result && result.reason))).toEqual(new Set(['not_ready']))
    expect(await box.through(drained)).toMatchObject(report({ outcome: 'completed' }))
    expect(on('n3')).toEqual([])
  })

  test('ends when it is taken back meanwhile, and what has not gone stays', async () => {
    await formed({ delayMs: 200, node: { ...node, supervisor: { name: 'lots', handoff: { concurrency: 1 } } } })
    await start(Lot, 60)
    const drained = box.node('n3').drain()
    await box.clock.advance(2000)
    expect(box.node('n3').resume()).toBe(true)
    const { outcome, moved, gaveUp } = await box.through(drained)
    expect(outcome).toBe('resumed')
    expect(moved).toBeGreaterThan(0)
    expect(gaveUp).toBeGreaterThan(5)
    await box.clock.advance(5000)
    expect(on('n3').length).toBeGreaterThanOrEqual(gaveUp - 1)
    expect(wrong()).toEqual([])
  })

  test('leaves what nobody else can have where it is, and counts it', async () => {
    await formed()
    await start(Plain, 20, 'temporary')
    const here = on('n3').length
    expect(await box.through(box.node('n3').drain())).toMatchObject(report({ outcome: 'completed', gaveUp: here }))
    await box.clock.advance(1000)
    expect(on('n3')).toHaveLength(here)
  })

  test('gives the rest up at its deadline', async () => {
    onEnd = () => new Promise<void>(() => undefined)
    await formed()
    await start(Plain, 30)
    const before = box.clock.now()
    const result = await box.through(box.node('n3').drain({ deadlineMs: 1000 }))
    expect(result).toMatchObject({ outcome: 'deadline', moved: 0, restarted: 0 })
    expect(result.gaveUp).toBeGreaterThan(0)
    expect(box.clock.now() - before).toBeLessThan(1100)
    for (const running of box.live()) box.crash(running.name)
  })

  test('of a node that dies meanwhile loses no name', async () => {
    await formed({ delayMs: 20 })
    await start(Lot, 60)
    onLoad = () => box.crash('n3')
    void box.node('n3').drain()
    await box.clock.until(() => !box.isLive('n3'), 5000)
    await box.clock.advance(20_000)
    expect(wrong()).toEqual([])
    expect(box.node('n1').registry.count()).toBe(60)
  })

  test('of all nodes leaves everything where it is: there is nobody to hand over to', async () => {
    await formed()
    await start(Lot, 30)
    const results = await box.through(Promise.all(names.map((name) => box.node(name).drain({ deadlineMs: 10_000 }))))
    expect(results.reduce((sum, { gaveUp }) => sum + gaveUp, 0)).toBeGreaterThan(0)
    await box.clock.advance(1000)
    expect(box.node('n1').registry.count()).toBe(30)
    expect(wrong()).toEqual([])
  })
})

test.for([
  [{ handoff: { concurrency: 0 } }, 'supervisor.handoff.concurrency to be a number from 1, got 0'],
  [{ handoff: { drainMs: -1 } }, 'supervisor.handoff.drainMs to be a number from 0, got -1'],
  [{ rebalance: { perSecond: Number.NaN } }, 'supervisor.rebalance.perSecond to be a number from 1, got NaN'],
] as const)('limits that bound nothing are refused: %o', ([supervisor, text]) => {
  expect(() => new Node({ name: 'n1', supervisor })).toThrow(text)
})

describe('a node that leaves', () => {
  test('moves or restarts what it has elsewhere before it stops anything, says how that went, and never asks more than so many at a time', async () => {
    await formed({ delayMs: 10, node: { ...node, supervisor: { name: 'lots', handoff: { concurrency: 4 } } } })
    await start(Lot, 60)
    await start(Plain, 30)
    await start(Plain, 30, 'temporary')
    const count = (is: (id: string) => boolean) => on('n3').filter(({ id }) => is(id)).length
    const moved = count((id) => id.startsWith('lot'))
    const restarted = count((id) => id.startsWith('plain-permanent'))
    const stopped = count((id) => id.startsWith('plain-temporary'))
    await box.stop('n3')
    expect(box.events('node.drained')).toMatchObject([
      { by: 'n3', isLeaving: true, ...report({ outcome: 'completed', moved, restarted, stopped }) },
    ])
    expect(box.events('child.relocated').filter(({ cause }) => cause === 'drain')).toHaveLength(restarted)
    let [open, most] = [0, 0]
    for (const { type } of box.noted.filter((fact) => fact.type.startsWith('handoff'))) {
      open += type === 'handoff.started' ? 1 : -1
      most = Math.max(most, open)
    }
    expect([open, most]).toEqual([0, 4])
    await box.clock.advance(2000)
    expect(wrong()).toEqual([])
    expect(box.node('n1').registry.count()).toBe(120 - stopped)
  })

  test('at its deadline stops the rest in order, and others take it over', async () => {
    await formed({ delayMs: 100, node: { ...node, supervisor: { name: 'lots', handoff: { concurrency: 2, drainMs: 1500 } } } })
    await start(Lot, 60)
    await box.stop('n3')
    const [drained] = box.events('node.drained')
    expect(drained).toMatchObject({ outcome: 'deadline', isLeaving: true })
    expect(drained?.moved).toBeGreaterThan(0)
    expect(drained?.gaveUp).toBeGreaterThan(0)
    expect(drained?.durationMs).toBeLessThan(1600)
    await box.clock.advance(10_000)
    expect(wrong()).toEqual([])
    expect(box.node('n1').registry.count()).toBe(60)
  })

  test('that is hastened gives up waiting at once, and stops in order all the same', async () => {
    await formed()
    await start(Lot, 60)
    box.pause('n2')
    const hurry = new AbortController()
    const startedAt = box.clock.now()
    const stopped = box.node('n3').stop('told twice', { signal: hurry.signal })
    await box.clock.advance(500)
    hurry.abort()
    await box.through(stopped)
    expect(box.clock.now() - startedAt).toBeLessThan(3000)
    expect(box.events('node.drained')).toMatchObject([{ outcome: 'hastened' }])
    box.crash('n3')
    box.resume('n2')
    await box.clock.advance(20_000)
    expect(wrong()).toEqual([])
    expect(box.node('n1').registry.count()).toBe(60)
  })

  test('while it drains goes on with it as one that leaves', async () => {
    await formed({ delayMs: 50, node: { ...node, supervisor: { name: 'lots', handoff: { concurrency: 2 } } } })
    await start(Lot, 60)
    const drained = box.node('n3').drain()
    await box.clock.advance(300)
    await box.stop('n3')
    expect(await drained).toMatchObject({ outcome: 'hastened' })
    expect(box.events('node.drained')).toMatchObject([{ isLeaving: false }, { isLeaving: true, outcome: 'completed', gaveUp: 0 }])
    expect(box.node('n3').resume()).toBe(false)
    await box.clock.advance(2000)
    expect(wrong()).toEqual([])
  })

  test('is not held up by a peer that stands still: what it would have goes to the next', async () => {
    await formed()
    await start(Lot, 60)
    box.pause('n2')
    await box.stop('n3')
    expect(box.events('node.drained')).toMatchObject([{ outcome: 'completed', gaveUp: 0 }])
    expect(box.events('node.drained')[0]?.durationMs).toBeLessThan(15_000)
    box.resume('n2')
    await box.clock.advance(20_000)
    expect(wrong()).toEqual([])
    expect(box.node('n1').registry.count()).toBe(60)
  })
})
