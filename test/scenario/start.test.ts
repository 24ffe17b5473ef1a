// A node that cannot start leaves nothing behind.
import { expect, test } from 'vitest'
import { seededRandom, systemClock } from '#base'
import { MemoryNetwork, staticTopology } from '#cluster'
import { createNode, type TopologyStrategy } from '#otp-labs'

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
