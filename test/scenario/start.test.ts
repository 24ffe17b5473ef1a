// A node that cannot start leaves nothing behind.
import { expect, test } from 'vitest'
import { seededRandom, systemClock } from '#base'
import { MemoryNetwork, staticTopology } from '#cluster'
import { createNode, type TopologyStrategy } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const blind: TopologyStrategy = {
  name: 'blind',
  start: () => Promise.reject(new Error('there is nothing to see')),
}

test('a start that fails is told with its reason, and its address is free again', async () => {
  const network = new MemoryNetwork({ clock: systemClock, random: seededRandom(1) })
  const options = { name: 'n1', transport: (id: string) => network.transport(id) }
  await expect(createNode({ ...options, topologies: [staticTopology({ addresses: [] }), blind] })).rejects.toThrow(
    'there is nothing to see',
  )
  await using node = await createNode(options)
  expect(node.isReady).toBe(true)
})

test('a node is not ready once it leaves', async () => {
  const node = await createNode({
    name: 'n1',
    transport: (id) => new MemoryNetwork({ clock: systemClock, random: seededRandom(1) }).transport(id),
  })
  expect(node.isReady).toBe(true)
  await node.stop()
  expect(node.isReady).toBe(false)
})

test('a node that joins alone, though it expects others, is ready when it has found most of them, or half a minute has passed', async () => {
  const box = new Box({ names: ['n1', 'n2', 'n3'], node: { membersExpected: 3 } })
  box.network.partition([['n1', 'n2'], ['n3']])
  const one = box.start('n1')
  await box.clock.until(() => one.parts.replicator.isJoined)
  expect(one.isReady).toBe(false)
  const two = box.start('n2')
  await box.clock.until(() => one.isReady && two.isReady, 5000)
  const three = box.start('n3')
  await box.clock.until(() => three.parts.replicator.isJoined)
  await box.clock.advance(29_000)
  expect(three.isReady).toBe(false)
  await box.clock.until(() => three.isReady, 2000)
})
