// Children that move with a state that is also written: who may write it when, and what is there when either node dies on the way.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { genServer, memoryStateStore, type Node, reply, type StateStoreFactory, sqliteStateStore } from '#otp-labs'
import { Box } from '#test/support/box.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { modelStateStore } from '#test/support/model-store.ts'

const definition = {
  init: (): readonly number[] => [],
  persist: true,
  calls: {
    bid: (bids: readonly number[], amount: number) => reply('accepted', [...bids, amount]),
    look: (bids: readonly number[]) => reply(bids, bids),
  },
  casts: {
    crash: (): readonly number[] => {
      throw new Error('asked to')
    },
  },
} as const

/** What happens on the target when it has the state, and when it starts the process. */
let onLoad = (): void => undefined

const Lot = genServer({
  ...definition,
  name: 'lot',
  handoff: {
    version: 1,
    save: (bids: readonly number[]) => bids,
    load: (data) => {
      onLoad()
      return data as readonly number[]
    },
  },
})
const Kept = genServer({ ...definition, name: 'kept' })

const folders: string[] = []
const names = ['n1', 'n2', 'n3']
let box: Box

type MakeStore = (clock: FakeClock) => StateStoreFactory | Promise<StateStoreFactory>

const stores: Readonly<Record<string, MakeStore>> = {
  memory: () => memoryStateStore(),
  sqlite: () => {
    const directory = mkdtempSync(join(tmpdir(), 'otp-state-'))
    folders.push(directory)
    return sqliteStateStore({ directory })
  },
  engine: modelStateStore,
}

afterEach(async () => {
  onLoad = () => undefined
  box.network.heal()
  for (const running of box.live()) await box.stop(running.name)
})

afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true })
})

async function formed(make: MakeStore, delayMs = 1): Promise<void> {
  const clock = new FakeClock()
  const stateStore = await make(clock)
  box = await Box.formed({
    clock,
    names,
    delayMs,
    node: { behaviours: [Lot, Kept], stateStore },
    note: ['handoff.ended', 'handoff.received', 'state.write_failed', 'process.exited', 'registry.conflict', 'state.loaded'],
  })
  expect(await box.through(box.node('n1').supervisor.startChild({ id: 'moon', start: [Lot] }))).toMatchObject({ ok: true })
  await box.clock.advance(100)
}

const anyNode = () => box.live()[0] as Node
const home = () => anyNode().registry.lookup('moon')?.node.split('.')[0] as string
const others = () => names.filter((name) => name !== home())
const bid = (amount: number, by = anyNode()) => box.through(by.call(Lot.named('moon'), 'bid', amount))
const bids = () => box.through(anyNode().call(Lot.named('moon'), 'look'))
const move = (to: string) => box.through(box.node(home()).supervisor.moveChild('moon', to))
const isSettled = () => box.violations('lot').length === 0 && box.live().every((node) => node.parts.reconciler.unplaced() === 0)

async function kill(name: string): Promise<void> {
  box.crash(name)
  await box.clock.until(() => box.live().every(({ cluster }) => !cluster.alive.has(box.node(name).id)) && isSettled(), 30_000)
}

describe.for(Object.keys(stores))('with the store %s, a child that moves', (name) => {
  const store = stores[name] as MakeStore

  test('goes on with its state, and what it is told from then on is written there', async () => {
    await formed(store)
    const [from, to] = [home(), others()[0] as string]
    expect(await bid(5)).toBe('accepted')
    expect(await move(to)).toEqual({ ok: true, outcome: 'completed' })
    expect(await bids()).toEqual([5])
    expect(await bid(6)).toBe('accepted')
    expect(box.events('process.exited').filter(({ behaviour }) => behaviour === 'lot')).toMatchObject([
      { by: from, reason: { shutdown: 'handoff' } },
    ])
    await kill(to)
    expect(await bids()).toEqual([5, 6])
    expect(await bid(7)).toBe('accepted')
    expect(box.events('state.write_failed')).toEqual([])
  })

  test('and is restarted there, begins with what was written', async () => {
    await formed(store)
    await bid(5)
    await move(others()[0] as string)
    anyNode().cast(Lot.named('moon'), 'crash')
    await box.clock.advance(500)
    expect(await bids()).toEqual([5])
  })

  test('of which nothing was ever written goes on all the same, and takes bids', async () => {
    await formed(store)
    expect(await move(others()[0] as string)).toEqual({ ok: true, outcome: 'completed' })
    expect(await bid(1)).toBe('accepted')
    await kill(home())
    expect(await bids()).toEqual([1])
  })

  test('answers first what it has begun to write', async () => {
    await formed(store, 40)
    const to = others()[0] as string
    const accepted = box.node(home()).call(Lot.named('moon'), 'bid', 5)
    await box.clock.advance(1)
    const moved = move(to)
    expect(await box.through(accepted)).toBe('accepted')
    expect(await moved).toEqual({ ok: true, outcome: 'completed' })
    expect(await bids()).toEqual([5])
  })

  test('there and back many times loses no bid, whoever dies in between', { timeout: 30_000 }, async () => {
    await formed(store)
    const accepted: number[] = []
    for (let round = 0; round < 9; round++) {
      const to = others()[round % 2] as string
      expect(await move(to)).toEqual({ ok: true, outcome: 'completed' })
      await bid(round)
      accepted.push(round)
      if (round % 3 !== 2) continue
      const victim = round % 2 === 0 ? to : (others()[0] as string)
      await kill(victim)
      box.start(victim)
      await box.clock.until(() => box.live().every((node) => node.isReady && node.cluster.alive.size === 3), 20_000)
      await box.clock.advance(3000)
    }
    expect(await bids()).toEqual(accepted)
  })

  test('to a node that dies before it was told to go on, stays, and may write', async () => {
    await formed(store)
    const [from, to] = [home(), others()[0] as string]
    await bid(5)
    onLoad = () => box.crash(to)
    expect(await box.through(box.node(from).supervisor.moveChild('moon', to))).toEqual({ ok: false, outcome: 'resumed' })
    expect(await bid(6, box.node(from))).toBe('accepted')
    await kill(from)
    expect(await bids()).toEqual([5, 6])
  })

  test('to a node that dies when it has been told to, stays as the one that may write', async () => {
    await formed(store, 30)
    const [from, to] = [home(), others()[0] as string]
    await bid(5)
    let isReady = false
    onLoad = () => {
      isReady = true
    }
    const moved = box.node(from).supervisor.moveChild('moon', to)
    await box.clock.until(() => isReady, 5000, 1)
    // `ready` has come, `commit` is on its way; what it says when it has begun comes to nobody.
    await box.clock.advance(31)
    for (const peer of names) if (peer !== to) box.network.cut(to, peer, { oneWay: true })
    await box.clock.advance(40)
    box.crash(to)
    expect(await box.through(moved)).toEqual({ ok: false, outcome: 'resumed' })
    expect(await bid(6, box.node(from))).toBe('accepted')
    expect(box.node(from).parts.directory.get('moon')).toMatchObject({ epoch: 3, owner: box.node(from).id })
    await kill(from)
    expect(await bids()).toEqual([5, 6])
  })
})

test('a child whose behaviour says only that its state is written is stopped and begins there with what was written', async () => {
  await formed(() => memoryStateStore())
  await box.through(box.node('n1').supervisor.startChild({ id: 'kept', start: [Kept] }))
  await box.through(box.node('n1').call(Kept.named('kept'), 'bid', 5))
  const at = box.node('n1').registry.lookup('kept')?.node.split('.')[0] as string
  const to = names.find((each) => each !== at) as string
  expect(await box.through(box.node('n1').supervisor.moveChild('kept', to))).toEqual({ ok: true, outcome: 'restarted' })
  await box.clock.until(() => box.node('n1').registry.lookup('kept')?.node.startsWith(to) === true, 10_000)
  expect(await box.through(box.node('n1').call(Kept.named('kept'), 'look'))).toEqual([5])
})

test('a node that stops hands over what is written, too, and no call fails meanwhile', async () => {
  await formed(() => memoryStateStore())
  const ids = Array.from({ length: 20 }, (_, index) => `lot-${index}`)
  await box.through(Promise.all(ids.map((id) => box.node('n1').supervisor.startChild({ id, start: [Lot] }))))
  await box.clock.advance(100)
  const made: Promise<string>[] = []
  const stopped = box.stop('n2')
  for (let round = 0; round < 30; round++) {
    for (const id of ids) made.push(box.node('n1').call(Lot.named(id), 'bid', round))
    await box.clock.advance(10)
  }
  await stopped
  expect(new Set(await box.through(Promise.all(made)))).toEqual(new Set(['accepted']))
  for (const id of ids) {
    expect(await box.through(box.node('n1').call(Lot.named(id), 'look'))).toEqual(Array.from({ length: 30 }, (_, round) => round))
  }
  expect(box.events('handoff.ended').map(({ outcome }) => outcome)).not.toContain('stopped')
})
