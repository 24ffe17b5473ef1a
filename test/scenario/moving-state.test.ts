// Written states on their way: to other nodes with children that failed or were moved, into quarantine and out of it, past links that are cut.
import { afterEach, describe, expect, test } from 'vitest'
import { genServer, memoryStateStore, type NodeOptions, reply } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const Lot = genServer({
  name: 'lot',
  init: (): readonly number[] => [],
  persist: true,
  calls: {
    bid: (bids, amount: number) => reply('accepted', [...bids, amount]),
    look: (bids) => reply(bids, bids),
  },
  casts: {
    crash: () => {
      throw new Error('asked to crash')
    },
  },
})

const names = ['n1', 'n2', 'n3']
const ids = Array.from({ length: 9 }, (_, index) => `lot-${index}`)
let box: Box

afterEach(async () => {
  box.network.heal()
  for (const running of box.live()) await box.stop(running.name)
})

async function formed(of: readonly string[], supervisor: NodeOptions['supervisor'] = {}): Promise<void> {
  const node = { behaviours: [Lot], supervisor, stateStore: memoryStateStore() }
  box = await Box.formed({ names: of, node, note: ['child.relocated', 'child.quarantined', 'state.loaded'] })
}

const start = (id: string) => box.through(box.node('n1').supervisor.startChild({ id, start: [Lot] }))
const bid = (id: string, amount: number) => box.through(box.node('n1').call(Lot.named(id), 'bid', amount))
const bidsOf = (id: string) => box.through(box.node('n1').call(Lot.named(id), 'look'))
const homeOf = (id: string) => box.node('n1').registry.lookup(id)?.node.split('.')[0] as string
/** Every child runs, and all agree where. */
const isSettled = () =>
  box.live().every(({ supervisor }) => supervisor.countChildren().active === supervisor.countChildren().specs) &&
  box.violations('lot').length === 0

describe('a child that takes its supervisor down', () => {
  test('goes on elsewhere from what was written, and its siblings where they are', async () => {
    await formed(names, { maxRestarts: 0 })
    for (const id of ids) {
      await start(id)
      await bid(id, 5)
    }
    const home = homeOf('lot-0')
    box.node('n1').cast(Lot.named('lot-0'), 'crash')
    await box.clock.until(() => box.events('child.relocated').length === 1, 10_000)
    await box.clock.until(() => homeOf('lot-0') !== home && isSettled(), 20_000)
    for (const id of ids) expect(await bidsOf(id)).toEqual([5])
    expect(await bid('lot-0', 6)).toBe('accepted')
    expect(await bidsOf('lot-0')).toEqual([5, 6])
  })

  test('keeps what was written in quarantine, and after it; also when the node is gone on which it failed last', async () => {
    await formed(names, { maxRestarts: 0 })
    await start('lot-0')
    await bid('lot-0', 5)
    for (let failure = 1; failure <= 3; failure++) {
      box.node('n1').cast(Lot.named('lot-0'), 'crash')
      await box.clock.until(() => box.events('child.relocated').length + box.events('child.quarantined').length === failure, 30_000)
      if (failure < 3) await box.clock.until(() => isSettled(), 60_000)
    }
    const [quarantined] = box.events('child.quarantined')
    await box.clock.advance(5000)
    const gone = quarantined?.by === 'n1' ? 'n2' : (quarantined?.by as string)
    box.crash(gone)
    await box.clock.until(() => box.live().every((node) => node.cluster.alive.size === 2), 20_000)
    expect(await box.through(box.node('n1').supervisor.release('lot-0'))).toBe(true)
    await box.clock.until(() => isSettled() && homeOf('lot-0') !== undefined, 30_000)
    expect(await bidsOf('lot-0')).toEqual([5])
  })
})

test('children that are moved take what was written along', async () => {
  await formed(names)
  for (const id of ids) {
    await start(id)
    await bid(id, 5)
  }
  expect(new Set(ids.map(homeOf)).size).toBe(3)
  await box.through(box.node('n1').supervisor.setMembers(['n2']))
  await box.clock.until(() => ids.every((id) => homeOf(id) === 'n2') && isSettled(), 30_000)
  for (const id of ids) expect(await bidsOf(id)).toEqual([5])
})

test('a takeover asks nodes that it has no link to by way of others', async () => {
  await formed(['n1', 'n2', 'n3', 'n4'])
  for (const id of ids) {
    await start(id)
    await bid(id, 5)
  }
  box.network.cut('n2', 'n3')
  await box.clock.advance(20_000)
  expect(box.node('n2').cluster.isLinked(box.node('n3').id)).toBe(false)
  expect(box.node('n2').cluster.alive.has(box.node('n3').id)).toBe(true)
  box.crash('n4')
  await box.clock.until(() => box.live().every((node) => !node.cluster.alive.has(box.node('n4').id)) && isSettled(), 30_000)
  expect(box.events('state.loaded').length).toBeGreaterThan(0)
  for (const id of ids) expect(await bidsOf(id)).toEqual([5])
})
