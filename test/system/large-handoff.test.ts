// A large state over real links: it goes in pieces, and what else the two nodes have to say to each other goes in between.
import { afterEach, expect, test } from 'vitest'
import { createNode, genServer, type Node, type NodeEvents, reply, staticTopology } from '#otp-labs'
import { eventually } from '#test/support/eventually.ts'

const MIB = 1024 * 1024

const Store = genServer({
  name: 'store',
  init: (bytes: number) => ({ ballast: new Uint8Array(bytes).fill(7) }),
  calls: { size: (state) => reply([state.ballast.length, state.ballast.at(-1)], state) },
  handoff: true,
})
const Echo = genServer({ name: 'echo', init: () => 0, calls: { ping: (state, number: number) => reply(number, state) } })

let nodes: Node[] = []

afterEach(async () => {
  for (const node of nodes) await node.stop()
  nodes = []
})

async function pair(): Promise<readonly [Node, Node]> {
  const options = { behaviours: [Store, Echo] }
  const one = await createNode({ name: 'n1', ...options })
  nodes.push(one)
  const two = await createNode({ name: 'n2', ...options, topologies: [staticTopology({ addresses: [one.cluster.address] })] })
  nodes.push(two)
  await eventually('two nodes', 10_000, () => nodes.every((node) => node.isReady && node.cluster.candidates('store').length === 2))
  return [one, two]
}

const has = (node: Node, id: string) => node.registry.lookup(id)?.node === node.id

test('a state of 60 MiB moves, and others are served meanwhile', { timeout: 60_000 }, async () => {
  const [one, two] = await pair()
  const changes: NodeEvents['cluster.member_changed'][] = []
  const ends: NodeEvents['handoff.ended'][] = []
  for (const node of nodes) {
    node.events.subscribe('test', {
      'cluster.member_changed': (event) => changes.push(event),
      'handoff.ended': (event) => ends.push(event),
    })
  }
  await one.supervisor.startChild({ id: 'large', start: [Store, 60 * MIB] })
  await one.supervisor.startChild({ id: 'echo', start: [Echo] })
  await eventually('both children are known', 10_000, () => two.registry.count() === 2)
  const [from, to] = has(one, 'large') ? [one, two] : [two, one]
  let pings = 0
  let isOver = false
  const moved = from.supervisor.moveChild('large', to.name).finally(() => {
    isOver = true
  })
  // From whichever node it is not on: over the very link that the state goes over.
  const pinger = has(one, 'echo') ? two : one
  while (!isOver) await pinger.call(Echo.named('echo'), 'ping', pings++)
  expect(await moved).toEqual({ ok: true, outcome: 'completed' })
  expect(ends[0]?.bytes).toBeGreaterThan(60 * MIB)
  expect(pings).toBeGreaterThan(20)
  expect(changes).toEqual([])
  expect(await from.call(Store.named('large'), 'size')).toEqual([60 * MIB, 7])
})

test('one that is over the limit of 64 MiB stays', { timeout: 60_000 }, async () => {
  const [one, two] = await pair()
  const ends: NodeEvents['handoff.ended'][] = []
  for (const node of nodes) node.events.subscribe('test', { 'handoff.ended': (event) => ends.push(event) })
  await one.supervisor.startChild({ id: 'large', start: [Store, 65 * MIB] })
  await eventually('it is known', 10_000, () => two.registry.count() === 1)
  const [from, to] = has(one, 'large') ? [one, two] : [two, one]
  expect(await from.supervisor.moveChild('large', to.name)).toEqual({ ok: false, outcome: 'resumed' })
  expect(ends[0]?.because).toMatch(/over the limit of 67108864/)
  expect(await to.call(Store.named('large'), 'size')).toEqual([65 * MIB, 7])
})
