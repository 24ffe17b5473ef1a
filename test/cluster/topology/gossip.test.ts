// The topology of one network: over a group in memory, over the real one of this host, and among strangers.
import { randomInt, randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, test } from 'vitest'
import { CodedError, seededRandom } from '#base'
import { clusterKey } from '#src/cluster/handshake.ts'
import { type GossipTopologyOptions, gossipTopology } from '#src/cluster/topology/gossip.ts'
import { gossipKey, writeDatagram } from '#src/cluster/topology/gossip-datagram.ts'
import { joinMulticast } from '#src/cluster/topology/multicast.ts'
import type { RunningTopology } from '#src/cluster/topology/strategy.ts'
import { sentences, type TopologyFixture, TopologyRecorder, topologyContract } from '#test/contract/topology.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { MulticastBus } from '#test/support/multicast-bus.ts'

const secret = 'a secret of enough length'
const self = { id: 'n1.1', address: '127.0.0.1:4001' }
const peer = { id: 'n2.1', address: '127.0.0.1:4002' }
const portOf = (address: string) => address.split(':')[1]

/** A world in which peers are nodes that gossip themselves. */
async function world(options: GossipTopologyOptions): Promise<TopologyFixture> {
  const strategy = gossipTopology(options)
  const peers = new Map<string, RunningTopology>()
  const appear = async (address: string, id = `p${portOf(address)}.1`) => {
    peers.set(address, await strategy.start({ id, address }, new TopologyRecorder()))
  }
  await appear(peer.address, peer.id)
  return {
    strategy,
    self,
    expected: [peer.address],
    appear,
    vanish: async (address) => peers.get(address)?.stop(),
    close: async () => {
      for (const running of peers.values()) await running.stop()
    },
  }
}

/** Answers come at once, so that a short look finds everybody. */
const quick = { secret, random: { ...seededRandom(1), next: () => 0 } }

topologyContract('gossip, over a group in memory', () =>
  world({ ...quick, join: new MulticastBus().join, intervalMs: 20, answersWithinMs: 20, lostAfterMs: 60_000 }),
)

const withoutMulticast = await (async () => {
  try {
    const member = await joinMulticast(
      { port: randomInt(20_000, 60_000), address: '233.252.1.32', interface: '127.0.0.1', ttl: 0 },
      { heard: () => {}, failed: () => {} },
    )
    try {
      await member.send(Buffer.from('is anybody there'))
    } finally {
      await member.close()
    }
    return undefined
  } catch (error) {
    return `this host has no multicast on its loopback interface: ${(error as Error).message}`
  }
})()

topologyContract(
  'gossip, over UDP',
  () =>
    world({
      ...quick,
      // Other runs of this test may speak in the same group.
      cluster: `test-${randomUUID()}`,
      port: randomInt(20_000, 60_000),
      interface: '127.0.0.1',
      ttl: 0,
      intervalMs: 1000,
      answersWithinMs: 250,
    }),
  withoutMulticast === undefined ? {} : Object.fromEntries(sentences.map((sentence) => [sentence, withoutMulticast])),
)

const started: RunningTopology[] = []

afterEach(async () => {
  for (const running of started.splice(0)) await running.stop()
})

/** One node that listens, its clock, and the group. */
async function listening(options: Partial<GossipTopologyOptions> = {}) {
  const clock = new FakeClock()
  const bus = new MulticastBus()
  const strategy = gossipTopology({ secret, clock, random: seededRandom(1), join: bus.join, ...options })
  const recorder = new TopologyRecorder()
  const start = async (node: typeof self, listener: TopologyRecorder) => {
    const starting = strategy.start(node, listener)
    await clock.advance(250)
    const running = await starting
    started.push(running)
    return running
  }
  const running = await start(self, recorder)
  return { clock, bus, recorder, running, start }
}

describe('a node', () => {
  test('finds who answers its question, and is found by them', async () => {
    const { recorder, start } = await listening()
    const atPeer = new TopologyRecorder()
    await start(peer, atPeer)
    expect(atPeer.sets).toEqual([[self.address]])
    expect(recorder.sets).toEqual([[], [peer.address]])
  })

  test('answers many questions at one moment once', async () => {
    const { clock, bus } = await listening()
    const key = gossipKey(clusterKey(secret))
    const before = bus.sent.length
    for (let n = 2; n < 50; n++) {
      const asking = {
        kind: 'asks',
        cluster: 'otp-labs',
        id: `n${n}.1`,
        address: `10.0.0.${n}:1`,
        counter: 1,
        sentAt: clock.wall(),
      } as const
      bus.deliver(writeDatagram(asking, key))
    }
    await clock.advance(50)
    expect(bus.sent.length - before).toBe(1)
  })

  test('asks once when it is told to look many times, and tells what was answered', async () => {
    const { clock, bus, recorder, running } = await listening()
    const before = bus.sent.length
    for (let i = 0; i < 100; i++) running.refresh()
    await clock.advance(250)
    expect(bus.sent.length - before).toBe(1)
    expect(recorder.sets).toHaveLength(2)
  })

  test('is heard all the time, and lost when it falls silent', async () => {
    const { clock, bus, recorder, start } = await listening()
    await start(peer, new TopologyRecorder())
    await clock.advance(60_000)
    expect(recorder.sets.every((set, index) => index === 0 || set.join() === peer.address)).toBe(true)
    // Its words do not come through any more, this node's own do.
    const deliver = bus.deliver.bind(bus)
    bus.deliver = (bytes) => {
      if (!bytes.includes(peer.id)) deliver(bytes)
    }
    await clock.advance(7000)
    expect(recorder.sets.at(-1)).toEqual([peer.address])
    await clock.advance(3000)
    expect(recorder.sets.at(-1)).toEqual([])
  })

  test('that hears not even itself has no news: what was found stays', async () => {
    const { clock, bus, recorder, start } = await listening()
    await start(peer, new TopologyRecorder())
    bus.failure = new Error('ENETUNREACH')
    await clock.advance(2000)
    const { length } = recorder.sets
    await clock.advance(60_000)
    expect(recorder.sets).toHaveLength(length)
    expect(recorder.failures.map(({ message }) => message)).toEqual(['ENETUNREACH'])
    bus.failure = undefined
    await clock.advance(4000)
    expect(recorder.sets.at(-1)).toEqual([peer.address])
  })
})

describe('what a stranger sends', () => {
  const key = gossipKey(clusterKey(secret))

  test('is counted and told with the next beat, once for each reason', async () => {
    const { clock, bus, recorder } = await listening()
    const word = { kind: 'here', cluster: 'otp-labs', ...peer, counter: 1, sentAt: clock.wall() } as const
    for (let i = 0; i < 3; i++) bus.deliver(Buffer.from('hello'))
    bus.deliver(Buffer.alloc(2000))
    bus.deliver(writeDatagram({ ...word, cluster: 'other' }, key))
    bus.deliver(writeDatagram(word, gossipKey(clusterKey('another secret of length'))))
    bus.deliver(writeDatagram({ ...word, sentAt: clock.wall() - 60_000 }, key))
    expect(recorder.refusals).toEqual([])
    await clock.advance(2000)
    expect(recorder.refusals).toEqual([
      ['garbage', 3],
      ['limit', 1],
      ['cluster', 1],
      ['secret', 1],
      ['time', 1],
    ])
    expect(new Set(recorder.sets.flat())).toEqual(new Set())
    expect(recorder.failures).toEqual([])
  })

  test('as a recording of a node that has gone finds nobody, at once or later', async () => {
    const { clock, bus, recorder, start } = await listening()
    const gone = await start(peer, new TopologyRecorder())
    await clock.advance(10_000)
    const recorded = bus.sent.filter((bytes) => bytes.includes(peer.id))
    await gone.stop()
    expect(recorder.sets.at(-1)).toEqual([])
    const told = recorder.sets.length
    for (const waitMs of [0, 5000, 40_000, 120_000, 3_600_000]) {
      await clock.advance(waitMs)
      for (const bytes of recorded) bus.deliver(bytes)
    }
    await clock.advance(2000)
    expect(new Set(recorder.sets.slice(told).flat())).toEqual(new Set())
    const repeated = recorder.refusals.reduce((sum, [, count]) => sum + count, 0)
    expect(recorded.length).toBeGreaterThan(5)
    expect(repeated).toBe(5 * recorded.length)
  })

  test('as a recording says nothing to a node that has started since', async () => {
    const { clock, bus, start } = await listening()
    const gone = await start(peer, new TopologyRecorder())
    await clock.advance(5000)
    const recorded = bus.sent.filter((bytes) => bytes.includes(peer.id))
    await gone.stop()
    await clock.advance(2000)
    const late = new TopologyRecorder()
    await start({ id: 'n3.1', address: '127.0.0.1:4003' }, late)
    for (const bytes of recorded) bus.deliver(bytes)
    await clock.advance(2000)
    expect(new Set(late.sets.flat())).toEqual(new Set([self.address]))
    expect(late.refusals).toEqual([['time', recorded.length]])
  })

  test('as a flood is dropped unread above a rate, and does no harm', async () => {
    const { clock, bus, recorder } = await listening()
    for (let i = 0; i < 5000; i++) bus.deliver(Buffer.from('hello'))
    await clock.advance(2000)
    const [[, unread], [, rate]] = recorder.refusals as [[string, number], [string, number]]
    expect(recorder.refusals.map(([reason]) => reason)).toEqual(['garbage', 'rate'])
    expect([unread + rate, unread]).toEqual([5000, expect.toSatisfy((count: number) => count >= 990 && count <= 1000)])
    bus.deliver(writeDatagram({ kind: 'here', cluster: 'otp-labs', ...peer, counter: 1, sentAt: clock.wall() }, key))
    expect(recorder.sets.at(-1)).toEqual([peer.address])
  })
})

describe('the options of gossip', () => {
  test.each([
    [{ port: 0 }, 'a port from 1 to 65535, got 0'],
    [{ address: '10.0.0.1' }, 'an IPv4 multicast address, got "10.0.0.1"'],
    [{ interface: 'eth0' }, 'an IPv4 address of this host as interface, got "eth0"'],
    [{ ttl: 256 }, 'a ttl from 0 to 255, got 256'],
    [{ intervalMs: 1000, lostAfterMs: 1500 }, 'a lostAfterMs of at least two intervals, got 1500'],
  ])('cannot be %j', (options, words) => {
    expect(() => gossipTopology({ secret, ...options })).toThrow(
      expect.objectContaining({ code: 'ERR_OTP_CLUSTER_BAD_TOPOLOGY', message: expect.stringContaining(words) }),
    )
  })

  test('are all told at once', () => {
    expect(() => gossipTopology({ secret, port: -1, ttl: -1 })).toThrow(
      /port from 1 to 65535, got -1; expected a ttl from 0 to 255, got -1/,
    )
  })

  test('want a secret that nobody guesses', () => {
    expect(() => gossipTopology({ secret: 'short' })).toThrow(expect.objectContaining({ code: 'ERR_OTP_CLUSTER_WEAK_SECRET' }))
  })

  test('with an interface that is not this host’s fail at the start, in words', async () => {
    const strategy = gossipTopology({ secret, interface: '203.0.113.9', port: randomInt(20_000, 60_000) })
    const failure = await strategy.start(self, new TopologyRecorder()).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(CodedError)
    expect(failure).toMatchObject({ code: 'ERR_OTP_CLUSTER_GOSSIP_SOCKET', message: expect.stringContaining('on 203.0.113.9') })
  })
})

test('over UDP, what a stranger sends is counted', async ({ skip }) => {
  skip(withoutMulticast !== undefined, withoutMulticast)
  const port = randomInt(20_000, 60_000)
  const recorder = new TopologyRecorder()
  const strategy = gossipTopology({ secret, port, interface: '127.0.0.1', ttl: 0, intervalMs: 50, answersWithinMs: 0 })
  started.push(await strategy.start(self, recorder))
  const stranger = createSocket('udp4')
  try {
    await new Promise<void>((resolve) => stranger.bind(0, '127.0.0.1', resolve))
    stranger.setMulticastInterface('127.0.0.1')
    stranger.send('hello', port, '233.252.1.32')
    await recorder.until(({ refusals }) => refusals.length > 0)
    expect(recorder.refusals).toEqual([['garbage', 1]])
  } finally {
    stranger.close()
  }
})
