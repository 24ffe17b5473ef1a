// Nodes differ in what they can start: a child goes only where its behaviour is, and waits where it is nowhere.
import { describe, expect, test } from 'vitest'
import { createNode, genServer, Node, staticTopology } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const Lot = genServer({ name: 'lot', init: (title: string) => title })
const names = ['n1', 'n2']

test('a node without the behaviour is given no child, and takes none over; when somebody can, it is started', async () => {
  const box = await Box.formed({ names, node: { behaviours: [Lot] } })
  const bare = await box.through(
    createNode({
      name: 'bare',
      transport: (id) => box.network.transport(id),
      topologies: [staticTopology({ addresses: ['n1:1', 'n2:1'] })],
      clock: box.clock,
    }),
  )
  await box.clock.until(() => box.node('n1').cluster.alive.size === 3)
  for (let i = 0; i < 20; i++) await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot, 'x'] }))
  expect(bare.registry.count()).toBe(20)
  expect(bare.registry.entries().filter(({ pid }) => pid.node === bare.id)).toEqual([])
  box.crash('n1')
  box.crash('n2')
  await box.clock.until(() => bare.cluster.alive.size === 1, 10_000)
  await box.clock.advance(3000)
  expect(bare.snapshot()).toMatchObject({ registryNames: 0, childrenUnplaced: 20 })
  box.start('n2')
  await box.clock.until(() => bare.registry.count() === 20, 10_000)
  expect(bare.snapshot().childrenUnplaced).toBe(0)
})

test('what a member can start is known also where only others have a link to it', async () => {
  const box = new Box({ names: ['n1', 'n2', 'n3'], node: { behaviours: [Lot] } })
  box.network.cut('n1', 'n3')
  for (const name of ['n1', 'n2', 'n3']) box.start(name)
  await box.clock.until(() => box.live().every(({ cluster }) => cluster.alive.size === 3), 10_000)
  await box.clock.advance(2000)
  expect(box.node('n1').cluster.isLinked(box.node('n3').id)).toBe(false)
  expect(box.node('n1').cluster.candidates('lot')).toHaveLength(3)
  expect(box.node('n1').cluster.candidates('nothing')).toEqual([])
})

describe('a node that comes', () => {
  /** Others that know of a child, and one more to which they have the way. */
  async function comes(there: readonly string[]): Promise<readonly [Box, Node]> {
    const box = new Box({ names: [...there, 'n3'], node: { behaviours: [Lot] }, delayMs: 100 })
    for (const name of there) box.start(name)
    await box.clock.until(
      () => box.live().every((node) => node.parts.replicator.isJoined && node.cluster.alive.size === there.length),
      20_000,
    )
    await box.through(box.node('n1').supervisor.startChild({ id: 'lot', start: [Lot, 'x'] }))
    const node = new Node({
      name: 'n3',
      behaviours: [Lot],
      transport: (id) => box.network.transport(id),
      topologies: [staticTopology({ addresses: ['nobody:1'] })],
      clock: box.clock,
    })
    void node.start()
    return [box, node]
  }

  test('is given nothing before it has joined: it would only refuse, and what falls to it can begin elsewhere', async () => {
    const [box, node] = await comes(['n1', 'n2'])
    const isTooEarly = () =>
      box.live().some(({ cluster }) => cluster.candidates('lot').includes(node.id)) && !node.parts.replicator.isJoined
    let early = 0
    for (let ms = 0; ms < 3000; ms++) {
      await box.clock.advance(1)
      if (isTooEarly()) early++
    }
    expect(early).toBe(0)
    for (const { cluster } of box.live()) expect(cluster.candidates('lot')).toHaveLength(3)
  })

  test('has joined when it has what was lacking, and does not wait for another digest', async () => {
    const [box, node] = await comes(['n1'])
    await box.clock.until(() => node.cluster.alive.size === 2, 20_000)
    await box.clock.until(() => node.parts.replicator.isJoined, 500)
    expect(node.registry.lookup('lot')).toBeDefined()
  })
})

test('a member may be given children as soon as it is known what it can start, also where it was asked for a moment before', async () => {
  const box = new Box({ names, delayMs: 10, node: { behaviours: [Lot] } })
  const one = box.start('n1')
  await box.clock.until(() => one.parts.replicator.isJoined, 10_000)
  await box.through(one.supervisor.startChild({ id: 'lot-0', start: [Lot, 'x'] }))
  one.events.subscribe('asks', {
    'cluster.link_up': () => void box.clock.after(1, () => void one.supervisor.startChild({ id: 'lot-1', start: [Lot, 'x'] })),
  })
  box.start('n2')
  await box.clock.until(() => one.cluster.candidates('lot').length === 2, 10_000, 1)
  expect(await box.through(one.supervisor.moveChild('lot-0', 'n2'))).toMatchObject({ ok: true })
})
