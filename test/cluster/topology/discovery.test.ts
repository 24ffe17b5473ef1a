// Several topologies at work for one node: what is dialled, what is dropped, what is stated, and how many members there should be.
import { describe, expect, test } from 'vitest'
import { EventStream } from '#base'
import type { ClusterEvents } from '#cluster'
import { Discovery } from '#src/cluster/topology/discovery.ts'
import type { TopologyListener, TopologyStrategy } from '#src/cluster/topology/strategy.ts'
import { FakeClock } from '#test/support/fake-clock.ts'

const self = { id: 'n1.1', address: 'a:1' }

/** A topology that tells what the test says. */
class Told implements TopologyStrategy {
  readonly name: string
  listener!: TopologyListener
  stops = 0
  refreshes = 0

  constructor(name: string) {
    this.name = name
  }

  async start(_self: typeof self, listener: TopologyListener) {
    this.listener = listener
    return { refresh: () => void this.refreshes++, stop: async () => void this.stops++ }
  }
}

async function discover(...topologies: TopologyStrategy[]) {
  const clock = new FakeClock()
  const events = new EventStream<ClusterEvents>()
  const facts: unknown[] = []
  const types = ['peer_found', 'peer_lost', 'peer_terminating', 'synced', 'failed', 'restarted', 'refused'] as const
  for (const type of types) events.subscribe(type, { [`topology.${type}`]: (event: object) => facts.push({ type, ...event }) })
  const dialled: string[] = []
  const discovery = new Discovery({
    topologies,
    clock,
    events,
    found: (address) => dialled.push(address),
    lost: (address) => dialled.push(`not ${address}`),
  })
  return { discovery, clock, facts, dialled, start: () => discovery.start(self) }
}

describe('what a topology tells', () => {
  test('is stated as peers found and lost, and as heard at that time', async () => {
    const dns = new Told('dns')
    const { start, clock, facts, dialled } = await discover(dns)
    await start()
    dns.listener.peers(['a:1', 'b:1'])
    await clock.advance(5)
    dns.listener.peers(['c:1'])
    expect(facts).toEqual([
      { type: 'peer_found', topology: 'dns', address: 'b:1' },
      { type: 'synced', topology: 'dns', peers: 1, at: clock.wall() - 5 },
      { type: 'peer_found', topology: 'dns', address: 'c:1' },
      { type: 'peer_lost', topology: 'dns', address: 'b:1' },
      { type: 'synced', topology: 'dns', peers: 1, at: clock.wall() },
    ])
    expect(dialled).toEqual(['b:1', 'not b:1', 'c:1'])
  })

  test('that it failed changes nothing that was found, nor the age of the news', async () => {
    const dns = new Told('dns')
    const { start, clock, facts, dialled, discovery } = await discover(dns)
    await start()
    dns.listener.peers(['b:1'])
    await clock.advance(1000)
    dns.listener.failed(new Error('SERVFAIL'))
    expect(facts.at(-1)).toEqual({ type: 'failed', topology: 'dns', error: 'SERVFAIL' })
    expect(dialled).toEqual(['b:1'])
    expect([...discovery.states]).toMatchObject([{ topology: 'dns', addresses: new Set(['b:1']), syncedAt: 0 }])
  })

  test('of restarts and refusals is stated as it is', async () => {
    const gossip = new Told('gossip')
    const { start, facts } = await discover(gossip)
    await start()
    gossip.listener.restarted('list')
    gossip.listener.refused('replay', 2)
    expect(facts).toEqual([
      { type: 'restarted', topology: 'gossip', from: 'list' },
      { type: 'refused', topology: 'gossip', reason: 'replay', count: 2 },
    ])
  })

  test('of who was told to end is stated once, and holds until it is taken back', async () => {
    const kubernetes = new Told('kubernetes')
    const { start, facts, discovery } = await discover(kubernetes)
    await start()
    const tell = (...terminating: string[]) => kubernetes.listener.peers(['a:1', 'b:1'], { terminating })
    tell('a:1', 'b:1')
    tell('a:1', 'b:1')
    expect(['a:1', 'b:1', 'c:1', undefined].map((address) => discovery.isTerminating(address))).toEqual([true, true, false, false])
    expect(facts.filter((fact) => (fact as { type: string }).type === 'peer_terminating')).toHaveLength(2)
    expect(discovery.isSelfTerminating).toBe(true)
    tell('b:1')
    expect(discovery.isSelfTerminating).toBe(false)
    expect(discovery.isTerminating('a:1')).toBe(false)
  })
})

describe('several topologies', () => {
  test('find together: an address is lost when none of them tells of it', async () => {
    const [dns, gossip] = [new Told('dns'), new Told('gossip')]
    const { start, dialled } = await discover(dns, gossip)
    await start()
    dns.listener.peers(['b:1'])
    gossip.listener.peers(['b:1'])
    dns.listener.peers([])
    expect(dialled).toEqual(['b:1', 'b:1'])
    gossip.listener.peers([])
    expect(dialled).toEqual(['b:1', 'b:1', 'not b:1'])
  })

  test('expect the greatest number that any of them knows', async () => {
    const [dns, fixed] = [new Told('dns'), new Told('static')]
    const { start, discovery } = await discover(dns, fixed)
    await start()
    expect(discovery.expected).toBeUndefined()
    fixed.listener.peers([], { expected: 3 })
    dns.listener.peers([], { expected: 2 })
    expect(discovery.expected).toBe(3)
  })

  test('are refreshed and stopped together', async () => {
    const topologies = [new Told('dns'), new Told('gossip')]
    const { start, discovery } = await discover(...topologies)
    await start()
    discovery.refresh()
    await discovery.stop()
    expect(topologies.map(({ refreshes, stops }) => [refreshes, stops])).toEqual([
      [1, 1],
      [1, 1],
    ])
  })

  test('of which one cannot work: its reason is told, and the others can be stopped', async () => {
    const dns = new Told('dns')
    const broken: TopologyStrategy = { name: 'broken', start: () => Promise.reject(new Error('no such interface')) }
    const { start, discovery } = await discover(broken, dns)
    await expect(start()).rejects.toThrow('no such interface')
    await discovery.stop()
    expect(dns.stops).toBe(1)
  })

  test('that were told to stop while they started are stopped once they have, and find nobody', async () => {
    const dns = new Told('dns')
    const { start, discovery, dialled } = await discover(dns)
    const starting = start()
    await discovery.stop()
    await starting
    dns.listener.peers(['b:1'])
    expect([dns.stops, dialled]).toEqual([1, []])
  })

  test('of one name are refused, and the error says which', async () => {
    await expect(discover(new Told('dns'), new Told('dns'))).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_OTP_CLUSTER_BAD_TOPOLOGY', message: expect.stringContaining('two that are called dns') }),
    )
  })
})
