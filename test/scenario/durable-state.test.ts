// What children whose state is written keep when nodes die, are cut off, leave and come: every answer that was given still holds.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '#base'
import { genServer, memoryStateStore, type Node, type NodeOptions, reply, type StateStoreFactory, sqliteStateStore, stop } from '#otp-labs'
import { Box } from '#test/support/box.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { modelStateStore } from '#test/support/model-store.ts'
import { testSeed } from '#test/support/seed.ts'

interface LotState {
  readonly title: string
  readonly bids: readonly number[]
}

const Lot = genServer({
  name: 'lot',
  init: (title: string): LotState => ({ title, bids: [] }),
  persist: true,
  calls: {
    bid: (state, amount: number) => reply('accepted', { ...state, bids: [...state.bids, amount] }),
    look: (state) => reply(state, state),
    finish: (state) => stop('normal', state, 'finished'),
    spoil: (state) => reply('spoilt', { ...state, title: (() => 'no data') as never }),
  },
  casts: {
    bidAndForget: (state, amount: number) => ({ ...state, bids: [...state.bids, amount] }),
    crash: (state) => {
      if (state.bids.length >= 0) throw new Error('asked to crash')
      return state
    },
  },
})

const folders: string[] = []
const names = ['n1', 'n2', 'n3']
let box: Box

afterEach(async () => {
  box.network.heal()
  for (const running of box.live()) await box.stop(running.name)
})

afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true })
})

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

async function formed(make: MakeStore | undefined, of: readonly string[] = names, more: Partial<NodeOptions> = {}): Promise<void> {
  const clock = new FakeClock()
  const stateStore = await make?.(clock)
  const node = { behaviours: [Lot], supervisor: { name: 'lots', maxRestarts: 1000 }, stateStore, ...more }
  box = await Box.formed({ clock, names: of, node, note: ['state.loaded', 'state.write_failed', 'child.taken_over', 'process.exited'] })
}

const lot = (id: string) => Lot.named(id)
const start = (id: string) => box.through(box.node('n1').supervisor.startChild({ id, start: [Lot, id], restart: 'transient' }))
const ownerOf = (id: string, seenBy = 'n1') => box.node(seenBy).registry.lookup(id)?.node.split('.')[0] as string
const survivor = () => box.live()[0] as Node
const bid = (id: string, amount: number, from = survivor()) => box.through(from.call(lot(id), 'bid', amount))
const bidsOf = async (id: string, from = survivor()) => (await box.through(from.call(lot(id), 'look'))).bids
/** Until every lot lives again, and all agree where. */
const settledAgain = () =>
  box.clock.until(() => box.live().every((node) => node.parts.reconciler.unplaced() === 0) && box.violations('lot').length === 0, 20_000)

async function crash(name: string): Promise<void> {
  box.crash(name)
  await box.clock.until(() => box.live().every((node) => !node.cluster.alive.has(box.node(name).id)), 20_000)
  await settledAgain()
}

describe.for(Object.keys(stores))('with the store %s', (name) => {
  const store = stores[name]

  test('every bid that was accepted is there after kill -9 of its node, again and again', async () => {
    await formed(store)
    const ids = Array.from({ length: 12 }, (_, index) => `lot-${index}`)
    const accepted = new Map<string, number[]>(ids.map((id) => [id, []]))
    for (const id of ids) await start(id)
    for (const victim of ['n3', 'n2']) {
      for (const id of ids) {
        for (const amount of [1, 2, 3]) {
          expect(await bid(id, amount)).toBe('accepted')
          accepted.get(id)?.push(amount)
        }
      }
      await crash(victim)
      for (const id of ids) expect(await bidsOf(id)).toEqual(accepted.get(id))
    }
    expect(box.events('state.loaded').length).toBe(box.events('child.taken_over').filter(({ outcome }) => outcome === 'started').length)
  })

  test('bids that come while nodes die: what was answered is there, in the order of the answers', async () => {
    await formed(store, ['n1', 'n2', 'n3', 'n4'])
    await start('lot-1')
    const accepted: number[] = []
    let amount = 0
    for (let round = 0; round < 3; round++) {
      const asked = box.node(box.live()[0]?.name as string)
      const calls: Promise<unknown>[] = []
      for (let call = 0; call < 20; call++) {
        const mine = ++amount
        const answered = () => accepted.push(mine)
        calls.push(asked.call(lot('lot-1'), 'bid', mine).then(answered, () => undefined))
        await box.clock.advance(round === 0 ? 1 : 0.3)
      }
      const owner = ownerOf('lot-1', asked.name)
      const victim = owner === asked.name ? (box.live().at(-1)?.name as string) : owner
      await crash(victim)
      await box.through(Promise.all(calls))
      const there = await bidsOf('lot-1')
      expect(accepted.filter((bid) => !there.includes(bid))).toEqual([])
    }
    expect(accepted.length).toBeGreaterThan(0)
  })

  test('what casts change is written, too', async () => {
    await formed(store)
    await start('lot-1')
    survivor().cast(lot('lot-1'), 'bidAndForget', 7)
    await box.clock.advance(100)
    await crash(ownerOf('lot-1', 'n1') === 'n1' ? 'n1' : ownerOf('lot-1'))
    expect(await bidsOf('lot-1')).toEqual([7])
  })

  test('a crash of the process alone loses nothing that was answered', async () => {
    await formed(store)
    await start('lot-1')
    await bid('lot-1', 5)
    survivor().cast(lot('lot-1'), 'crash')
    await box.clock.advance(100)
    expect(await bidsOf('lot-1')).toEqual([5])
    expect(await bid('lot-1', 6)).toBe('accepted')
    expect(await bidsOf('lot-1')).toEqual([5, 6])
  })

  test('a node that is stopped in order loses nothing either, the last but one included', async () => {
    await formed(store)
    const ids = Array.from({ length: 12 }, (_, index) => `lot-${index}`)
    for (const id of ids) await start(id)
    for (const id of ids) await bid(id, 1)
    for (const leaving of ['n3', 'n2']) {
      await box.stop(leaving)
      await settledAgain()
      for (const id of ids) expect(await bidsOf(id)).toEqual([1])
    }
  })

  test('a rolling restart of all nodes loses nothing', async () => {
    await formed(store)
    const ids = Array.from({ length: 8 }, (_, index) => `lot-${index}`)
    for (const id of ids) await start(id)
    for (const [round, leaving] of names.entries()) {
      for (const id of ids) await bid(id, round)
      await box.stop(leaving)
      await settledAgain()
      box.start(leaving)
      await box.clock.until(() => box.live().every((node) => node.isReady && node.cluster.alive.size === 3), 20_000)
      await settledAgain()
    }
    for (const id of ids) expect(await bidsOf(id)).toEqual([0, 1, 2])
  })

  test('a birth that has ended leaves nothing to the next one of its name', async () => {
    await formed(store)
    await start('lot-1')
    await bid('lot-1', 5)
    expect(await box.through(survivor().call(lot('lot-1'), 'finish'))).toBe('finished')
    await box.clock.advance(100)
    await start('lot-1')
    expect(await bidsOf('lot-1')).toEqual([])
    await bid('lot-1', 6)
    expect(await box.through(survivor().supervisor.terminateChild('lot-1'))).toBe(true)
    await start('lot-1')
    expect(await bidsOf('lot-1')).toEqual([])
  })

  test('a state that is no data ends its process, its caller is told so, and the last that was written goes on', async () => {
    await formed(store)
    await start('lot-1')
    await bid('lot-1', 5)
    await expect(box.through(survivor().call(lot('lot-1'), 'spoil'))).rejects.toThrow('expected plain data, got a function')
    await box.clock.advance(100)
    expect(await bidsOf('lot-1')).toEqual([5])
    expect(box.events('state.write_failed')).toMatchObject([{ outcome: 'error', behaviour: 'lot', name: 'lot-1' }])
  })

  test('an owner that was paused and taken for dead is refused when it comes back, and answers nobody', async () => {
    await formed(store)
    await start('lot-1')
    await bid('lot-1', 1)
    const owner = ownerOf('lot-1')
    const others = box.live().filter((node) => node.name !== owner)
    const asked = others[0] as (typeof others)[0]
    box.pause(owner)
    await box.clock.until(() => others.every((node) => !node.cluster.alive.has(box.node(owner).id)), 20_000)
    await box.clock.until(() => ownerOf('lot-1', asked.name) !== undefined && ownerOf('lot-1', asked.name) !== owner, 20_000)
    expect(await bid('lot-1', 2, asked)).toBe('accepted')
    // It still believes that the lot is its own, and has a bid before anybody tells it otherwise.
    const late = box
      .node(owner)
      .call(lot('lot-1'), 'bid', 99)
      .then(
        () => 'accepted',
        () => 'refused',
      )
    box.resume(owner)
    expect(await box.through(late)).toBe('refused')
    await settledAgain()
    expect(await bidsOf('lot-1', asked)).toEqual([1, 2])
  })

  test('after a partition one side goes on with all that it had accepted, and the other side’s late bids are not mixed in', async () => {
    await formed(store)
    await start('lot-1')
    await bid('lot-1', 1)
    const owner = ownerOf('lot-1')
    const [asked, ...rest] = box.live().filter((node) => node.name !== owner) as [Node, ...Node[]]
    box.network.partition([[owner], [asked.name, ...rest.map(({ name: other }) => other)]])
    await box.clock.until(() => ![undefined, owner].includes(ownerOf('lot-1', asked.name)), 20_000)
    expect(await bid('lot-1', 2, asked)).toBe('accepted')
    const alone = bid('lot-1', 99, box.node(owner)).catch(() => 'refused')
    expect(await box.through(alone)).toBe(name === 'memory' ? 'accepted' : 'refused')
    box.network.heal()
    await box.clock.advance(10_000)
    await settledAgain()
    expect(await bidsOf('lot-1', asked)).toEqual([1, 2])
  })

  test('random deaths and returns: at the end every accepted bid is there', { timeout: 60_000 }, async () => {
    const random = seededRandom(testSeed)
    await formed(store, ['n1', 'n2', 'n3', 'n4'])
    const ids = Array.from({ length: 10 }, (_, index) => `lot-${index}`)
    for (const id of ids) await start(id)
    const accepted = new Map<string, number[]>(ids.map((id) => [id, []]))
    for (let amount = 1; amount <= 300; amount++) {
      const id = ids[random.int(ids.length)] as string
      const asked = box.live()[random.int(box.live().length)] as Node
      void asked.call(lot(id), 'bid', amount).then(
        () => accepted.get(id)?.push(amount),
        () => undefined,
      )
      await box.clock.advance(random.int(40))
      if (amount % 60 === 0) await oneDiesAndReturns(random)
    }
    await box.clock.advance(10_000)
    for (const id of ids) {
      const there = await bidsOf(id)
      expect(accepted.get(id)?.filter((bid) => !there.includes(bid))).toEqual([])
      expect(new Set(there).size).toBe(there.length)
    }
  })
})

async function oneDiesAndReturns(random: Random): Promise<void> {
  const victim = box.live()[random.int(box.live().length)]?.name as string
  await crash(victim)
  box.start(victim)
  await box.clock.until(() => box.live().every((node) => node.isReady && node.cluster.alive.size === 4), 30_000)
  await settledAgain()
}

test.for(['sqlite', 'engine'])('%s: when all nodes were killed, a start of the name goes on from what was written', async (name) => {
  await formed(stores[name])
  await start('lot-1')
  await bid('lot-1', 5)
  for (const node of names) box.crash(node)
  for (const node of names) box.start(node)
  await box.clock.until(() => box.live().every((node) => node.isReady && node.cluster.alive.size === 3), 30_000)
  expect(box.node('n1').registry.count()).toBe(0)
  await start('lot-1')
  expect(await bidsOf('lot-1')).toEqual([5])
})

test('engine: while nodes do not see each other, and all see the engine, a name that runs on both sides has one history', async () => {
  await formed(stores.engine)
  await start('lot-1')
  box.network.partition([['n1'], ['n2', 'n3']])
  const accepted = new Map<string, number[]>([
    ['n1', []],
    ['n2', []],
  ])
  for (let amount = 1; amount <= 300; amount++) {
    for (const [node, amounts] of accepted) {
      const mine = node === 'n1' ? amount : -amount
      void box
        .node(node)
        .call(lot('lot-1'), 'bid', mine)
        .then(
          () => amounts.push(mine),
          () => undefined,
        )
    }
    await box.clock.advance(200)
  }
  box.network.heal()
  await box.clock.advance(10_000)
  await settledAgain()
  const there = await bidsOf('lot-1')
  const answered = [...accepted.values()]
  expect(answered.flat().filter((amount) => !there.includes(amount))).toEqual([])
  expect(new Set(there).size).toBe(there.length)
  // Neither side waits for the other: they take turns.
  for (const amounts of answered) expect(amounts.length).toBeGreaterThan(10)
})

test('without a store a behaviour that persists is a gen_server like any other', async () => {
  await formed(undefined)
  await start('lot-1')
  expect(await bid('lot-1', 5)).toBe('accepted')
  await crash(ownerOf('lot-1'))
  expect(await bidsOf('lot-1')).toEqual([])
})

test('a store that fails puts a takeover off, and the child is not given up', async () => {
  let isBroken = false
  const good = memoryStateStore()
  const flaky: StateStoreFactory = (context) => {
    const store = good(context)
    const open = store.open.bind(store)
    store.open = (...all) => (isBroken ? Promise.reject(new Error('no disk')) : open(...all))
    return store
  }
  await formed(() => flaky)
  await start('lot-1')
  await bid('lot-1', 5)
  isBroken = true
  const owner = ownerOf('lot-1')
  box.crash(owner)
  await box.clock.advance(20_000)
  expect(box.events('state.write_failed').length).toBeGreaterThan(5)
  expect(survivor().registry.isClaimed('lot-1')).toBe(true)
  isBroken = false
  await settledAgain()
  expect(await bidsOf('lot-1')).toEqual([5])
})
