// A cluster with an arbiter: who owns a name when nodes die, stand still, are cut from each other or from the engine, and when the engine fails.
import { expect, test } from 'vitest'
import { ArbitratedBox, overlaps } from '#test/support/arbitrated-box.ts'

const NAMES = ['n1', 'n2', 'n3']
const LEASE_MS = 15_000
const note = [
  'arbiter.lease_acquired',
  'arbiter.lease_lost',
  'arbiter.degraded',
  'arbiter.recovered',
  'arbiter.session_ended',
  'arbiter.claimed',
  'child.taken_over',
  'registry.conflict',
  'handoff.ended',
  'child.ended',
] as const

const LOTS = Array.from({ length: 12 }, (_, i) => `lot-${i}`)

/** A cluster in which all lots run. */
async function running(options: Partial<Parameters<typeof ArbitratedBox.formed>[0]> = {}): Promise<ArbitratedBox> {
  const world = await ArbitratedBox.formed({ names: NAMES, note, ...options })
  for (const lot of LOTS) expect(await world.start('n1', lot)).toMatchObject({ ok: true })
  await world.box.clock.advance(1000)
  return world
}

const lotsOf = (world: ArbitratedBox, node: string) => LOTS.filter((lot) => world.runningOn(lot).includes(node))
const allServed = (world: ArbitratedBox) => LOTS.every((lot) => world.servedBy(lot) !== undefined)

test('children run under the tokens that they were granted, and know them', async () => {
  const world = await running()
  const { box } = world
  const tokens = new Set<unknown>()
  for (const lot of LOTS) {
    const pid = box.node('n2').registry.lookup(lot)
    const record = box
      .node('n2')
      .registry.entries()
      .find(({ name }) => name === lot)
    const token = await box.through(box.node('n2').runtime.call(pid as never, 'token', undefined))
    expect(token).toBe(record?.epoch)
    tokens.add(token)
  }
  expect(tokens.size).toBe(LOTS.length)
  expect(overlaps(world.handled)).toEqual([])
})

test('a node that was killed is replaced when its lease is over, and no sooner', async () => {
  const world = await running()
  const { box } = world
  const lost = lotsOf(world, 'n3')
  expect(lost.length).toBeGreaterThan(0)
  const killedAt = box.clock.now()
  box.crash('n3')
  await box.clock.until(() => lost.every((lot) => world.runningOn(lot).length > 0), 3 * LEASE_MS)
  expect(box.clock.now() - killedAt).toBeGreaterThan(LEASE_MS - 5000)
  expect(box.clock.now() - killedAt).toBeLessThan(LEASE_MS + 6000)
  await box.clock.advance(2000)
  expect(allServed(world)).toBe(true)
  expect(overlaps(world.handled)).toEqual([])
  expect(box.events('child.taken_over').map(({ outcome }) => outcome)).not.toContain('failed')
})

test('a node that leaves gives its names up at once', async () => {
  const world = await running()
  const { box } = world
  const lost = lotsOf(world, 'n3')
  const leftAt = box.clock.now()
  await box.stop('n3')
  await box.clock.until(() => lost.every((lot) => world.servedBy(lot, 500) !== undefined && world.runningOn(lot).length === 1), 20_000)
  expect(box.clock.now() - leftAt).toBeLessThan(5000)
  expect(overlaps(world.handled)).toEqual([])
  // They moved with their state.
  expect(box.events('handoff.ended').map(({ outcome }) => outcome)).toEqual(lost.map(() => 'completed'))
})

test('nodes that are cut from each other but not from the engine keep what they have: nothing is taken over, and nothing runs twice', async () => {
  const world = await running()
  const { box } = world
  const before = NAMES.map((node) => lotsOf(world, node))
  box.network.partition([['n1'], ['n2', 'n3']])
  await box.clock.advance(120_000)
  expect(NAMES.map((node) => lotsOf(world, node))).toEqual(before)
  expect(box.events('arbiter.session_ended')).toEqual([])
  expect(box.events('child.taken_over')).toEqual([])
  expect(allServed(world)).toBe(true)
  box.network.heal()
  await box.clock.advance(20_000)
  expect(NAMES.map((node) => lotsOf(world, node))).toEqual(before)
  expect(box.events('registry.conflict')).toEqual([])
  expect(overlaps(world.handled)).toEqual([])
})

test('a name that is started on both sides of a partition is had by one', async () => {
  const world = await running()
  const { box } = world
  box.network.partition([['n1'], ['n2', 'n3']])
  await box.clock.advance(10_000)
  const results = await box.through(
    Promise.all(['n1', 'n2'].map((by) => box.node(by).supervisor.startChild({ id: 'both', start: [world.lot, 'both'] }))),
  )
  expect(results.filter(({ ok, reason }: { ok: boolean; reason?: unknown }) => ok || reason === 'unacknowledged')).toHaveLength(1)
  expect(world.runningOn('both')).toHaveLength(1)
  const loser = results.find((result) => !result.ok && result.reason !== 'unacknowledged')
  expect(['already_present', 'not_ready']).toContain((loser as { reason: unknown } | undefined)?.reason)
  box.network.heal()
  await box.clock.advance(20_000)
  expect(world.runningOn('both')).toHaveLength(1)
  expect(overlaps(world.handled)).toEqual([])
})

test('a node that is cut from the engine stops in time, others take over, and when it is back it may own again', async () => {
  const world = await running()
  const { box, engine } = world
  const lost = lotsOf(world, 'n2')
  engine.cut('n2')
  const cutAt = box.clock.now()
  await box.clock.until(() => lotsOf(world, 'n2').length === 0, LEASE_MS)
  expect(box.clock.now() - cutAt).toBeLessThan(LEASE_MS - 1000)
  expect(box.events('arbiter.lease_lost')).toMatchObject([{ by: 'n2', cause: 'expired', children: lost.length }])
  expect(box.events('arbiter.degraded')).toMatchObject([{ by: 'n2' }])
  await box.clock.until(() => lost.every((lot) => ['n1', 'n3'].includes(world.servedBy(lot) ?? '')), 3 * LEASE_MS)
  expect(NAMES.map((node) => box.node(node).supervisor.members().toSorted())).toEqual(NAMES.map(() => ['n1', 'n3']))
  engine.mend('n2')
  await box.clock.until(() => NAMES.every((node) => box.node(node).supervisor.members().length === 3), LEASE_MS)
  expect(await world.start('n2', 'later')).toMatchObject({ ok: true })
  await box.clock.advance(20_000)
  expect(box.violations('lot')).toEqual([])
  expect(overlaps(world.handled)).toEqual([])
})

test('without a majority of the engine nothing new is owned, all stop within the lease, and all come back', async () => {
  const world = await running()
  const { box, engine } = world
  engine.hasQuorum = false
  expect(await world.start('n1', 'new')).toMatchObject({ ok: false, reason: 'not_ready' })
  await box.clock.advance(LEASE_MS)
  expect(NAMES.flatMap((node) => lotsOf(world, node))).toEqual([])
  const stoppedAt = box.clock.now()
  await box.clock.advance(60_000)
  expect(world.handled.filter(({ at }) => at > stoppedAt)).toEqual([])
  engine.hasQuorum = true
  await box.clock.until(() => allServed(world), 2 * LEASE_MS)
  await box.clock.advance(5000)
  expect(box.violations('lot')).toEqual([])
  expect(overlaps(world.handled)).toEqual([])
})

test('an engine without a leader for five seconds stops nothing', async () => {
  const world = await running()
  const { box, engine } = world
  const before = NAMES.map((node) => lotsOf(world, node))
  for (let i = 0; i < 6; i++) {
    engine.stall(5000)
    await box.clock.advance(5000 + 1700 * i + 3000)
  }
  expect(box.events('arbiter.lease_lost')).toEqual([])
  expect(NAMES.map((node) => lotsOf(world, node))).toEqual(before)
  expect(overlaps(world.handled)).toEqual([])
})

test('a node that stood still for longer than its lease handles nothing when it goes on', async () => {
  for (const readsFirst of [false, true]) {
    const world = await running()
    const { box } = world
    const lost = lotsOf(world, 'n2')
    box.pause('n2')
    const pausedAt = box.clock.now()
    await box.clock.advance(3 * LEASE_MS)
    expect(lost.every((lot) => world.servedBy(lot) !== undefined)).toBe(true)
    box.resume('n2', { readsFirst })
    await box.clock.advance(20_000)
    const before = new Set(world.handled.filter(({ at }) => at <= pausedAt).map(({ token }) => token))
    const late = world.handled.filter(({ node, at, token }) => node.startsWith('n2.') && at > pausedAt && before.has(token))
    expect(late).toEqual([])
    expect(overlaps(world.handled)).toEqual([])
    expect(box.violations('lot')).toEqual([])
  }
})

test('a child that is moved has its state and a greater token', async () => {
  const world = await running()
  const { box } = world
  const [lot] = lotsOf(world, 'n2') as [string]
  const call = (name: string) => box.through(box.node('n1').runtime.call(box.node('n1').registry.lookup(lot) as never, name, undefined))
  const [token, beats] = [await call('token'), await call('beats')] as [number, number]
  expect(await box.through(box.node('n1').supervisor.moveChild(lot, 'n3'))).toEqual({ ok: true, outcome: 'completed' })
  await box.clock.advance(500)
  expect(await call('token')).toBeGreaterThan(token)
  expect(await call('beats')).toBeGreaterThan(beats)
  expect(overlaps(world.handled)).toEqual([])
})

test('a handoff whose claim nobody answers ends with one owner', async () => {
  for (const ms of [0, 1, 2, 3, 4, 5, 6, 8, 10]) {
    const world = await running()
    const { box, engine } = world
    const [lot] = lotsOf(world, 'n2') as [string]
    const move = box.node('n1').supervisor.moveChild(lot, 'n3')
    await box.clock.advance(ms)
    engine.cut('n3')
    await box.clock.advance(4000)
    engine.mend('n3')
    await box.through(move)
    await box.clock.until(() => world.servedBy(lot) !== undefined, 3 * LEASE_MS)
    await box.clock.advance(10_000)
    expect(world.runningOn(lot)).toHaveLength(1)
    expect(box.violations('lot')).toEqual([])
    expect(overlaps(world.handled)).toEqual([])
  }
})

test('a source that cannot ask the arbiter whether it may go on does not', async () => {
  const world = await running()
  const { box, engine } = world
  const [lot] = lotsOf(world, 'n2') as [string]
  const move = box.node('n2').supervisor.moveChild(lot, 'n3')
  // The source has said that the target may claim; the target answers nobody any more, and the engine does not answer the source.
  await box.clock.until(
    () => [...box.node('n2').runtime.processes()].some((process) => process.origin.child === lot && process.sys?.isSuspended === true),
    5000,
    1,
  )
  await box.clock.advance(3)
  box.pause('n3')
  engine.cut('n2')
  await box.clock.advance(7000)
  expect(world.servedBy(lot)).toBeUndefined()
  engine.mend('n2')
  box.resume('n3')
  await box.through(move)
  await box.clock.until(() => world.servedBy(lot) !== undefined, 4 * LEASE_MS)
  await box.clock.advance(10_000)
  expect(box.violations('lot')).toEqual([])
  expect(overlaps(world.handled)).toEqual([])
})

test('a child that is terminated is over for the arbiter, too, and its name begins anew', async () => {
  const world = await running()
  const { box, engine } = world
  expect(await box.through(box.node('n2').supervisor.terminateChild('lot-1'))).toBe(true)
  await box.clock.advance(100)
  expect(Buffer.from(engine.peek('name.lot-1').value ?? '').toString()).toContain('"ended":true')
  expect(await world.start('n3', 'lot-1')).toMatchObject({ ok: true })
  await box.clock.advance(1000)
  expect(world.servedBy('lot-1')).not.toBeUndefined()
  expect(overlaps(world.handled)).toEqual([])
})

test('when all nodes were killed at once, a name is had again when the lease of its last owner is over', async () => {
  const world = await running()
  const { box } = world
  for (const node of NAMES) box.crash(node)
  for (const node of NAMES) box.start(node)
  await box.clock.until(() => box.live().every((node) => node.isReady && node.cluster.alive.size === 3), 20_000)
  expect(await world.start('n1', 'lot-1')).toMatchObject({ ok: false, reason: 'not_ready' })
  await box.clock.advance(LEASE_MS + 2000)
  expect(await world.start('n1', 'lot-1')).toMatchObject({ ok: true })
  expect(overlaps(world.handled)).toEqual([])
})

test('a node does not start without a lease', async () => {
  const world = await ArbitratedBox.formed({ names: ['n1'], note })
  const { box, engine } = world
  engine.cut('n2')
  const node = box.start('n2')
  await box.clock.advance(30_000)
  expect(node.isReady).toBe(false)
  expect(box.node('n1').cluster.alive.size).toBe(1)
  engine.mend('n2')
  await box.clock.until(() => node.isReady, 20_000)
})

test('a child that takes its supervisor down goes elsewhere, then into quarantine, and begins again when it is released', async () => {
  const world = await running()
  const { box } = world
  const crash = (node: string) => box.node(node).cast(world.lot.named('lot-2'), 'crash')
  const isQuarantined = () => box.node('n1').supervisor.quarantined().length === 1
  for (let i = 0; i < 400 && !isQuarantined(); i++) {
    crash('n1')
    await box.clock.advance(100)
  }
  expect(isQuarantined()).toBe(true)
  await box.clock.advance(20_000)
  expect(world.runningOn('lot-2')).toEqual([])
  expect(LOTS.filter((lot) => world.servedBy(lot) === undefined)).toEqual(['lot-2'])
  expect(await box.through(box.node('n2').supervisor.release('lot-2'))).toBe(true)
  await box.clock.until(() => world.servedBy('lot-2') !== undefined, 40_000)
  expect(overlaps(world.handled)).toEqual([])
})

test('a child that ends by itself is over for the arbiter, too', async () => {
  const world = await ArbitratedBox.formed({ names: NAMES, note })
  const { box, engine, lot } = world
  const node = box.node('n2')
  expect(await box.through(node.supervisor.startChild({ id: 'once', start: [lot, 'once'], restart: 'transient' }))).toMatchObject({
    ok: true,
  })
  node.cast(lot.named('once'), 'end')
  await box.clock.advance(1000)
  expect(Buffer.from(engine.peek('name.once').value ?? '').toString()).toContain('"ended":true')
  expect(world.runningOn('once')).toEqual([])
})

test('children go to a node that comes, and each is served by one owner all along', async () => {
  const world = await ArbitratedBox.formed({
    names: NAMES,
    note,
    node: { supervisor: { processRedistribution: 'active', rebalance: { stableMs: 2000, coolDownMs: 1000 } } },
  })
  const { box } = world
  await box.stop('n3')
  for (const lot of LOTS) expect(await world.start('n1', lot)).toMatchObject({ ok: true })
  box.start('n3')
  await box.clock.until(() => lotsOf(world, 'n3').length >= 2, 60_000)
  await box.clock.advance(10_000)
  expect(allServed(world)).toBe(true)
  expect(box.violations('lot')).toEqual([])
  expect(overlaps(world.handled)).toEqual([])
})

test('a node that drains gives its children away, and has others when it takes some again', async () => {
  const world = await running()
  const { box } = world
  const report = await box.through(box.node('n2').drain())
  expect(report).toMatchObject({ outcome: 'completed', gaveUp: 0 })
  expect(lotsOf(world, 'n2')).toEqual([])
  expect(box.node('n2').resume()).toBe(true)
  const [lot] = lotsOf(world, 'n1') as [string]
  expect(await box.through(box.node('n3').supervisor.moveChild(lot, 'n2'))).toEqual({ ok: true, outcome: 'completed' })
  await box.clock.advance(1000)
  expect(allServed(world)).toBe(true)
  expect(overlaps(world.handled)).toEqual([])
})

test('a terminated child whose owner was cut off does not come back with it', async () => {
  const world = await running()
  const { box } = world
  const [lot] = lotsOf(world, 'n3') as [string]
  box.network.partition([['n3'], ['n1', 'n2']])
  await box.clock.advance(8000)
  // The owner is not seen: the word goes into the directory, and reaches it when it is back.
  expect(await box.through(box.node('n1').supervisor.terminateChild(lot))).toBe(true)
  expect(world.runningOn(lot)).toEqual(['n3'])
  box.network.heal()
  await box.clock.until(() => world.runningOn(lot).length === 0, 30_000)
  await box.clock.advance(20_000)
  expect(world.runningOn(lot)).toEqual([])
  expect(await world.start('n2', lot)).toMatchObject({ ok: true })
  expect(overlaps(world.handled)).toEqual([])
})
