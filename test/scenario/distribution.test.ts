// Where children run: strategies, members, redistribution, limits, and what a part of the cluster without a majority does.
import { afterEach, describe, expect, test } from 'vitest'
import { CodedError } from '#base'
import { type DistributionStrategy, genServer, type NodeOptions, uniformQuorum, uniformRandom } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const Lot = genServer({ name: 'lot', init: (title: unknown) => title })
const Shelf = { ...genServer({ name: 'shelf', init: () => 0 }), type: 'supervisor' as const }
const names = ['n1', 'n2', 'n3']
type Supervision = NonNullable<NodeOptions['supervisor']>
let box: Box

afterEach(async () => {
  for (const running of box.live()) await box.stop(running.name)
})

async function formed(supervisor: Supervision, only: readonly string[] = names): Promise<void> {
  box = new Box({
    names,
    node: { behaviours: [Lot, Shelf], supervisor },
    note: ['child.relocated', 'registry.conflict', 'process.exited', 'child.taken_over'],
  })
  for (const name of only) box.start(name)
  await box.clock.until(() => box.live().every((node) => node.parts.replicator.isJoined && node.cluster.alive.size === only.length), 20_000)
}

async function start(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    expect(await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot, i] }))).toMatchObject({ ok: true })
  }
}

const nodeOf = (id: string) => box.node('n1').registry.lookup(id)?.node.split('.')[0]
const perNode = () => names.map((name) => box.node('n1').registry.countByNode().get(box.node(name).id) ?? 0)
const isQuiet = (count: number) => box.violations('lot').length === 0 && box.node('n1').registry.count() === count

describe('a strategy', () => {
  test('of one’s own decides where children start and who takes them over', async () => {
    const first: DistributionStrategy = { name: 'first', chooseNode: (_key, candidates) => candidates.toSorted()[0], needsQuorum: false }
    await formed({ strategy: first })
    await start(6)
    expect(perNode()).toEqual([6, 0, 0])
    box.crash('n1')
    await box.clock.until(() => box.node('n2').registry.countByNode().get(box.node('n2').id) === 6, 10_000)
  })

  test('uniform_random places a name that is started again elsewhere, and survivors agree on who takes over', async () => {
    await formed({ strategy: uniformRandom })
    const seen = new Set<string | undefined>()
    for (let i = 0; i < 12; i++) {
      await box.through(box.node('n1').supervisor.startChild({ id: 'lot-0', start: [Lot, i] }))
      seen.add(nodeOf('lot-0'))
      await box.through(box.node('n1').supervisor.terminateChild('lot-0'))
    }
    expect([...seen].toSorted()).toEqual(names)
    await start(30)
    box.crash('n3')
    await box.clock.until(() => isQuiet(30), 10_000)
    expect(box.events('registry.conflict')).toEqual([])
    expect(new Set(box.events('child.taken_over').map(({ name }) => name)).size).toBe(box.events('child.taken_over').length)
  })
})

describe('members', () => {
  test('are all nodes unless somebody lists them; only they are given children', async () => {
    await formed({ members: ['n1', 'n2'] })
    expect(box.node('n3').supervisor.members().toSorted()).toEqual(['n1', 'n2'])
    await start(12)
    expect(perNode()[2]).toBe(0)
    expect(Math.min(...perNode().slice(0, 2))).toBeGreaterThan(0)
  })

  test('that are set on one node are set on all, and children of who is no member any more move to who is', async () => {
    await formed({})
    await start(12)
    expect(await box.through(box.node('n2').supervisor.setMembers(['n1', 'n2']))).toBe(true)
    await box.clock.until(() => isQuiet(12) && perNode()[2] === 0, 20_000)
    expect(names.map((name) => box.node(name).supervisor.members().toSorted())).toEqual(names.map(() => ['n1', 'n2']))
    expect(box.events('registry.conflict')).toEqual([])
    await box.through(box.node('n3').supervisor.setMembers('auto'))
    await box.clock.advance(5000)
    expect(box.node('n1').supervisor.members().toSorted()).toEqual(names)
    expect(perNode()[2]).toBe(0)
  })

  test('of whom none is alive: starts are refused as not_ready, and the children of the last one wait for another', async () => {
    await formed({ members: ['n3'] })
    await start(3)
    expect(perNode()).toEqual([0, 0, 3])
    box.crash('n3')
    await box.clock.until(() => box.node('n1').cluster.alive.size === 2, 10_000)
    expect(await box.node('n1').supervisor.startChild({ id: 'x', start: [Lot, 1] })).toEqual({ ok: false, reason: 'not_ready' })
    expect(box.node('n1').supervisor.countChildren()).toMatchObject({ specs: 3, active: 0, unplaced: 3 })
    await box.through(box.node('n2').supervisor.setMembers('auto'))
    await box.clock.until(() => isQuiet(3), 10_000)
  })

  test('are auto or a list of names of nodes', async () => {
    await formed({})
    for (const wrong of ['n1', [''], ['n1.abc'], [1]]) {
      expect(() => box.node('n1').supervisor.setMembers(wrong as never)).toThrow(CodedError)
    }
  })
})

describe('redistribution', () => {
  test('passive: a node that comes is given nothing that runs', async () => {
    await formed({}, ['n1', 'n2'])
    await start(30)
    box.start('n3')
    await box.clock.until(() => box.live().length === 3 && box.node('n3').isReady, 20_000)
    await box.clock.advance(20_000)
    expect(perNode()[2]).toBe(0)
  })

  test('active: a node that comes is given what belongs there, each child once, with a higher epoch', async () => {
    await formed({ processRedistribution: 'active' }, ['n1', 'n2'])
    await start(300)
    box.start('n3')
    await box.clock.until(() => box.live().length === 3 && box.node('n3').isReady, 20_000)
    await box.clock.until(() => (perNode()[2] as number) > 70 && isQuiet(300), 30_000)
    await box.clock.advance(10_000)
    expect(isQuiet(300)).toBe(true)
    const moved = box.events('child.relocated')
    expect(moved.every(({ cause, to }) => cause === 'redistribution' && to === box.node('n3').id)).toBe(true)
    expect(new Set(moved.map(({ name }) => name)).size).toBe(moved.length)
    expect(moved).toHaveLength(perNode()[2] as number)
    expect(box.events('registry.conflict')).toEqual([])
    const ends = box.events('process.exited').filter(({ behaviour }) => behaviour === 'lot')
    expect(ends.every(({ reason }) => JSON.stringify(reason) === '{"shutdown":"process_redistribution"}')).toBe(true)
    expect(moved.every(({ epoch }) => epoch === 2)).toBe(true)
  })

  test('active: moves no more than a hundred children of a node in a second', async () => {
    await formed({ processRedistribution: 'active' }, ['n1'])
    await start(300)
    box.start('n2')
    box.start('n3')
    await box.clock.until(() => perNode().every((count) => count > 70) && isQuiet(300), 60_000)
    const times = box.noted.filter(({ type }) => type === 'child.relocated').map(({ at }) => at)
    for (const at of times) expect(times.filter((other) => other >= at && other < at + 900).length).toBeLessThanOrEqual(100)
  })
})

describe('limits', () => {
  test('a node that is full answers max_children', async () => {
    await formed({
      maxChildren: 2,
      strategy: { name: 'n2', chooseNode: (_key, ids) => ids.find((id) => id.startsWith('n2')), needsQuorum: false },
    })
    await start(2)
    expect(await box.through(box.node('n1').supervisor.startChild({ id: 'x', start: [Lot, 1] }))).toEqual({
      ok: false,
      reason: 'max_children',
    })
  })

  test('a child’s own start time-out and shutdown travel with it', async () => {
    const Slow = genServer({ name: 'slow', init: () => new Promise<number>(() => undefined) })
    box = await Box.formed({ names, node: { behaviours: [Slow] } })
    const result = await box.through(box.node('n1').supervisor.startChild({ id: 's', start: [Slow], startTimeoutMs: 300, shutdown: 0.5 }))
    expect(result).toEqual({ ok: false, reason: 'timeout' })
  })

  test('extra arguments come before the child’s own, on each node those of that node', async () => {
    const Pair = genServer({ name: 'pair', init: (argument: unknown) => argument, calls: {} })
    box = await Box.formed({ names, node: { behaviours: [Pair], supervisor: { extraArguments: ['from the node'] } } })
    await box.through(box.node('n1').supervisor.startChild({ id: 'p', start: [Pair, 'own'] }))
    const owner = names.find((name) => box.node(name).id === box.node('n1').registry.lookup('p')?.node) as string
    const process = [...box.node(owner).runtime.processes()].find(({ body }) => body.name === 'pair')
    expect(process?.state).toEqual(['from the node', 'own'])
  })
})

test('children are counted by type and by what keeps them from running, alike on all nodes', async () => {
  await formed({})
  await start(4)
  await box.through(box.node('n2').supervisor.startChild({ id: 'shelf', start: [Shelf] }))
  await box.clock.advance(100)
  const counts = { specs: 5, active: 5, workers: 4, supervisors: 1, moving: 0, unplaced: 0, quarantined: 0 }
  expect(names.map((name) => box.node(name).supervisor.countChildren())).toEqual([counts, counts, counts])
  const shelf = box
    .node('n3')
    .supervisor.whichChildren()
    .find(({ id }) => id === 'shelf')
  expect(shelf).toMatchObject({ type: 'supervisor', behaviour: 'shelf', status: 'running' })
})

test('a child can be terminated by its pid, from any node', async () => {
  await formed({})
  await start(2)
  const pid = box.node('n3').registry.lookup('lot-1')
  expect(await box.through(box.node('n3').supervisor.terminateChild(pid as never))).toBe(true)
  expect(await box.through(box.node('n3').supervisor.terminateChild(pid as never))).toBe(false)
  expect(
    box
      .node('n3')
      .supervisor.whichChildren()
      .map(({ id }) => id),
  ).toEqual(['lot-0'])
})

describe('uniform_quorum', () => {
  test('without a majority nothing is started, and who waits for one is told when it comes', async () => {
    box = new Box({ names, node: { behaviours: [Lot], supervisor: { strategy: uniformQuorum }, membersExpected: 3 } })
    box.start('n1')
    await box.clock.until(() => box.node('n1').parts.replicator.isJoined, 20_000)
    const { supervisor } = box.node('n1')
    expect(await box.through(supervisor.startChild({ id: 'x', start: [Lot, 1] }))).toEqual({ ok: false, reason: 'no_quorum' })
    expect(await box.through(supervisor.waitForQuorum(1000))).toBe(false)
    const quorum = supervisor.waitForQuorum(20_000)
    box.start('n2')
    expect(await box.through(quorum)).toBe(true)
    await box.clock.until(() => box.node('n2').isReady, 20_000)
    expect(await box.through(supervisor.startChild({ id: 'x', start: [Lot, 1] }))).toMatchObject({ ok: true })
  })

  test('the part that loses its majority stops its children before the other takes them over, and nothing is left to resolve', async () => {
    box = await Box.formed({
      names,
      node: { behaviours: [Lot], supervisor: { strategy: uniformQuorum }, membersExpected: 3 },
      note: ['registry.conflict', 'process.exited', 'child.taken_over'],
    })
    await start(12)
    const cutOff = names.find((_name, index) => (perNode()[index] as number) > 0) as string
    const lost = box.node('n1').registry.countByNode().get(box.node(cutOff).id) as number
    const rest = names.filter((name) => name !== cutOff)
    box.network.partition([[cutOff], rest])
    await box.clock.until(() => box.events('child.taken_over').length === lost, 30_000)
    const stopped = box.noted.filter(({ node, type, event }) => node === cutOff && type === 'process.exited' && 'child' in event)
    expect(stopped.filter(({ event }) => JSON.stringify(event).includes('no_quorum'))).toHaveLength(lost)
    const takenOver = box.noted.filter(({ type }) => type === 'child.taken_over')
    expect(Math.max(...stopped.map(({ at }) => at))).toBeLessThan(Math.min(...takenOver.map(({ at }) => at)))
    expect(await box.through(box.node(cutOff).supervisor.startChild({ id: 'x', start: [Lot, 1] }))).toEqual({
      ok: false,
      reason: 'no_quorum',
    })
    expect(await box.through(box.node(rest[0] as string).supervisor.startChild({ id: 'x', start: [Lot, 1] }))).toMatchObject({ ok: true })
    box.network.heal()
    await box.clock.until(() => isQuiet(13), 30_000)
    await box.clock.advance(5000)
    expect(isQuiet(13)).toBe(true)
  })

  test('children that take long to stop have stopped, too, before they are taken over', async () => {
    const Slow = genServer({
      name: 'lot',
      trapExit: true,
      init: () => 0,
      terminate: () => new Promise<void>(() => undefined),
    })
    box = await Box.formed({
      names,
      node: { behaviours: [Slow], supervisor: { strategy: uniformQuorum }, membersExpected: 3 },
      note: ['process.exited', 'child.taken_over'],
    })
    for (let i = 0; i < 9; i++) await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Slow], shutdown: 5000 }))
    const lost = perNode()[2] as number
    expect(lost).toBeGreaterThan(0)
    box.network.partition([['n1', 'n2'], ['n3']])
    await box.clock.until(() => box.events('child.taken_over').length === lost, 30_000)
    const [ends, takeovers] = (['process.exited', 'child.taken_over'] as const).map((type) =>
      box.noted.filter((noted) => noted.type === type && 'behaviour' in noted.event && noted.event.behaviour === 'lot').map(({ at }) => at),
    ) as [number[], number[]]
    expect(ends).toHaveLength(lost)
    expect(Math.max(...ends)).toBeLessThan(Math.min(...takeovers))
    for (const running of box.live()) box.crash(running.name)
  })

  test('a node that was killed is not waited for', async () => {
    box = await Box.formed({ names, node: { behaviours: [Lot], supervisor: { strategy: uniformQuorum }, membersExpected: 3 } })
    await start(12)
    const at = box.clock.now()
    box.crash('n3')
    await box.clock.until(() => isQuiet(12), 10_000)
    expect(box.clock.now() - at).toBeLessThan(1000)
  })

  test('parts of which none has a majority stop everything, and go on when they meet', async () => {
    box = await Box.formed({ names, node: { behaviours: [Lot], supervisor: { strategy: uniformQuorum }, membersExpected: 3 } })
    await start(12)
    box.network.partition([['n1'], ['n2'], ['n3']])
    await box.clock.advance(15_000)
    const running = names.flatMap((name) => [...box.node(name).runtime.processes()].filter(({ body }) => body.name === 'lot'))
    expect(running).toEqual([])
    box.network.heal()
    await box.clock.until(() => isQuiet(12), 30_000)
  })
})
