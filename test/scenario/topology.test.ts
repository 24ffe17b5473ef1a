// What topologies know beside addresses, in a cluster: how many members there should be, and where nothing is to be placed.
import { expect, test } from 'vitest'
import { seededRandom } from '#base'
import { MemoryNetwork } from '#cluster'
import { Node, NodeRef, staticTopology, type TopologyListener, type TopologyStrategy } from '#otp-labs'
import { FakeClock } from '#test/support/fake-clock.ts'

const addresses = ['n1:1', 'n2:1']

async function pair(options: { readonly membersExpected?: number; readonly zone?: string } = {}) {
  const clock = new FakeClock()
  const random = seededRandom(1)
  const network = new MemoryNetwork({ clock, random, delayMs: 1 })
  const platforms: TopologyListener[] = []
  const platform: TopologyStrategy = {
    name: 'platform',
    async start(_self, listener) {
      platforms.push(listener)
      return { refresh: () => {}, stop: async () => {} }
    },
  }
  const nodes = ['n1', 'n2'].map(
    (name) =>
      new Node({
        ...options,
        name,
        incarnation: 1,
        clock,
        random,
        transport: (id) => network.transport(id),
        topologies: [staticTopology({ addresses }), platform],
      }),
  )
  for (const node of nodes) void node.start()
  await clock.until(() => nodes.every((node) => node.isReady && node.cluster.alive.size === 2))
  return { nodes: nodes as [Node, Node], tell: (told: Parameters<TopologyListener['peers']>) => platforms[0]?.peers(...told) }
}

test('a node that was told to end, as a topology says, is alive and no candidate', async () => {
  const { nodes, tell } = await pair()
  const [n1, n2] = nodes
  expect(n1.cluster.candidates().toSorted()).toEqual([n1.id, n2.id])
  tell([addresses, { terminating: ['n2:1'] }])
  expect(n1.cluster.candidates()).toEqual([n1.id])
  expect(n1.cluster.alive).toContain(n2.id)
  tell([addresses, { terminating: ['n1:1'] }])
  expect(n1.cluster.candidates()).toEqual([n2.id])
})

test('a node that was told to end, as a topology says, takes no child that another node sends it', async () => {
  const { nodes, tell } = await pair()
  const [n1, n2] = nodes
  // n1 knows what n2 has not heard yet.
  tell([addresses, { terminating: ['n1:1'] }])
  const request = { key: 'x', behaviour: 'lot', child: undefined, by: n2.id }
  const placement = new NodeRef(n1.id, 'otp.placement', 'placement')
  expect(await n1.runtime.call(placement, 'start', request)).toEqual({ ok: false, reason: 'not_ready' })
})

test('a node is in the zone that it says itself, else in the one that a topology says, and all agree', async () => {
  const { nodes, tell } = await pair({ zone: 'east' })
  const [n1, n2] = nodes
  expect([n1, n2].map((node) => [node.cluster.zoneOf(n1.id), node.cluster.zoneOf(n2.id)])).toEqual([
    ['east', 'east'],
    ['east', 'east'],
  ])
  const silent = await pair()
  expect(silent.nodes[0].cluster.zoneOf(silent.nodes[1].id)).toBe('')
  silent.tell([
    addresses,
    {
      zones: new Map([
        ['n1:1', 'a'],
        ['n2:1', 'b'],
      ]),
    },
  ])
  expect(silent.nodes.map(({ id }) => silent.nodes[0].cluster.zoneOf(id))).toEqual(['a', 'b'])
  tell([addresses, { zones: new Map([['n2:1', 'b']]) }])
  expect(n1.cluster.zoneOf(n2.id)).toBe('east')
})

test('how many members there should be is what was configured, else what a topology knows', async () => {
  const { nodes, tell } = await pair()
  expect(nodes[0].snapshot().membersExpected).toBe(2)
  tell([addresses, { expected: 5 }])
  expect(nodes[0].snapshot().membersExpected).toBe(5)
  const configured = await pair({ membersExpected: 3 })
  configured.tell([addresses, { expected: 5 }])
  expect(configured.nodes[0].snapshot().membersExpected).toBe(3)
})
