// The network in memory: the contract under a fake clock, and what it can do to links that no real network does on demand.
import { describe, expect, test } from 'vitest'
import { seededRandom } from '#base'
import type { NodeId } from '#process'
import { MemoryNetwork, type MemoryNetworkOptions, type MemoryTransport } from '#src/cluster/transport/memory.ts'
import { transportContract } from '#test/contract/transport.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { testSeed } from '#test/support/seed.ts'
import { TransportRecorder } from '#test/support/transport-recorder.ts'

/** Turns the clock until the promise is settled. */
async function during<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settled = promise.finally(() => {
    isSettled = true
  })
  await clock.until(() => isSettled, 60_000, 1)
  return settled
}

for (const [name, delayMs] of [
  ['memory', 1],
  ['memory, with delays that vary', [0.1, 30]],
] as const) {
  transportContract(name, async () => {
    const clock = new FakeClock()
    const network = new MemoryNetwork({ clock, random: seededRandom(testSeed), delayMs })
    return {
      transport: (id, settings) => network.transport(id, settings),
      during: (promise) => during(clock, promise),
      close: async () => {},
      freeAddress: async () => 'nobody:1',
      silentAddress: async () => {
        network.cut('a', 'silent')
        return 'silent:1'
      },
    }
  })
}

async function create(options: Partial<MemoryNetworkOptions> = {}) {
  const clock = new FakeClock()
  const network = new MemoryNetwork({ clock, random: seededRandom(testSeed), ...options })
  const open = async (id: NodeId): Promise<[MemoryTransport, TransportRecorder]> => {
    const recorder = new TransportRecorder()
    const transport = network.transport(id)
    await transport.listen(recorder)
    return [transport, recorder]
  }
  return { clock, network, open }
}

async function linked(options: Partial<MemoryNetworkOptions> = {}) {
  const { clock, network, open } = await create(options)
  const [a, atA] = await open('a.1')
  const [b, atB] = await open('b.1')
  await during(clock, a.dial(b.address))
  await clock.until(() => atB.live.size === 1)
  return {
    clock,
    network,
    open,
    a,
    b,
    atA,
    atB,
    say: (n: number) => atA.links[0]?.send(['n', n]),
    heard: () => atB.frames.map((frame) => frame[1]),
  }
}

describe('time on the network', () => {
  test('stands still with the clock', async () => {
    const { clock, say, heard } = await linked({ delayMs: 100 })
    say(1)
    await clock.advance(99)
    expect(heard()).toEqual([])
    await clock.advance(1)
    expect(heard()).toEqual([1])
  })

  test('varies without changing the order', async () => {
    const { clock, say, heard } = await linked({ delayMs: [0, 100] })
    for (let n = 0; n < 50; n++) {
      say(n)
      await clock.advance(1)
    }
    await clock.advance(200)
    expect(heard()).toEqual(Array.from({ length: 50 }, (_, n) => n))
  })

  test('is the same for the same seed', async () => {
    const runs = await Promise.all(
      [1, 2].map(async () => {
        const { clock, say, atA, atB } = await linked({ random: seededRandom(7), delayMs: [0, 50], loss: 0.02 })
        for (let n = 0; n < 100; n++) say(n)
        await clock.advance(30_000)
        return [atA.told, atB.told, clock.now()]
      }),
    )
    expect(runs[0]).toEqual(runs[1])
  })
})

describe('a cut', () => {
  test('lets the link stand, loses what is sent, and costs the link when it is healed', async () => {
    const { clock, network, say, heard, atA, atB } = await linked()
    network.cut('a', 'b')
    say(1)
    await clock.advance(1000)
    expect([heard(), atA.live.size, atB.live.size]).toEqual([[], 1, 1])
    network.heal('a', 'b')
    say(2)
    await clock.advance(10)
    expect([heard(), atA.told.at(-1), atB.told.at(-1)]).toEqual([[], 'closed b.1 timeout', 'closed a.1 timeout'])
  })

  test('costs nothing where nothing was sent', async () => {
    const { clock, network, say, heard } = await linked()
    network.cut('a.1', 'b.1')
    await clock.advance(60_000)
    network.heal()
    say(1)
    await clock.advance(10)
    expect(heard()).toEqual([1])
  })

  test('of one way lets the other way go on', async () => {
    const { clock, network, atA, atB, heard } = await linked()
    network.cut('b', 'a', { oneWay: true })
    atA.links[0]?.send(['n', 1])
    atB.links[0]?.send(['n', 2])
    await clock.advance(100)
    expect([heard(), atA.frames]).toEqual([[1], []])
  })

  test('that holds lets everything through when it is healed, in order', async () => {
    const { clock, network, say, heard } = await linked()
    network.cut('a', 'b', { hold: true })
    say(1)
    await clock.advance(100)
    say(2)
    await clock.advance(100)
    expect(heard()).toEqual([])
    network.heal()
    say(3)
    await clock.advance(100)
    expect(heard()).toEqual([1, 2, 3])
  })

  test('ends a link that lost something by itself after the time-out', async () => {
    const { clock, network, say, atA, atB } = await linked({ brokenMs: 5000 })
    network.cut('a', 'b')
    say(1)
    await clock.advance(4900)
    expect(atA.live.size).toBe(1)
    await clock.advance(200)
    expect([atA.told.at(-1), atB.told.at(-1)]).toEqual(['closed b.1 timeout', 'closed a.1 timeout'])
  })

  test('makes dials time out, whichever way is cut, also to where nobody listens', async () => {
    const { clock, network, open } = await create()
    const [a] = await open('a.1')
    const [b] = await open('b.1')
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'nobody'],
      ['nobody', 'a'],
    ] as const) {
      network.cut(from, to, { oneWay: true })
      const target = [from, to].includes('b') ? b.address : 'nobody:1'
      expect(await during(clock, a.dial(target))).toMatchObject({ kind: 'timeout' })
      network.heal()
    }
    expect(await during(clock, a.dial(b.address))).toBeUndefined()
  })

  test('hides that a peer closed its end until something is sent there', async () => {
    const { clock, network, atA, atB } = await linked()
    network.cut('a', 'b')
    atB.links[0]?.close('gave up')
    await clock.advance(100)
    network.heal()
    await clock.advance(100)
    expect(atA.live.size).toBe(1)
    atA.links[0]?.send(['heartbeat'])
    await clock.advance(100)
    expect(atA.told.at(-1)).toMatch(/^closed b.1 (reset|timeout)$/)
  })

  test('between groups cuts every path between them and none within', async () => {
    const { clock, network, open } = await create()
    const nodes = await Promise.all(['a.1', 'b.1', 'c.1'].map(open))
    network.partition([['a', 'b'], ['c']])
    const [[a], [b], [c]] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]]
    const outcomes = await during(clock, Promise.all([a.dial(b.address), b.dial(c.address), c.dial(a.address)]))
    expect(outcomes.map((failure) => failure?.kind)).toEqual([undefined, 'timeout', 'timeout'])
  })
})

describe('a loss', () => {
  test('ends its link, and nothing that was sent behind it is heard', async () => {
    const { clock, network, say, heard, atA } = await linked({ brokenMs: 1000 })
    say(1)
    await clock.advance(10)
    network.loss = 1
    say(2)
    await clock.advance(10)
    network.loss = 0
    say(3)
    await clock.advance(2000)
    expect([heard(), atA.told.at(-1)]).toEqual([[1], 'closed b.1 timeout'])
  })
})

describe('a crash', () => {
  test('closes the links of the node for its peers, refuses dials, and the node hears nothing', async () => {
    const { clock, network, a, b, atA, atB, say } = await linked()
    network.crash('b.1')
    say(1)
    await clock.advance(100)
    expect(atA.told.at(-1)).toBe('closed b.1 reset')
    expect(atB.told).toEqual(['up a.1'])
    expect(await during(clock, a.dial(b.address))).toMatchObject({ kind: 'refused' })
  })

  test('of a host that is cut off is not heard of at all', async () => {
    const { clock, network, atA } = await linked()
    network.cut('a', 'b')
    network.crash('b.1')
    await clock.advance(1000)
    expect(atA.live.size).toBe(1)
  })

  test('makes room for the next life at the same address', async () => {
    const { clock, network, open, a, b, atA } = await linked()
    network.crash('b.1')
    const [later] = await open('b.2')
    expect(later.address).toBe(b.address)
    await clock.advance(10)
    expect(await during(clock, a.dial(later.address))).toBeUndefined()
    expect([...atA.live.keys()]).toEqual(['b.2'])
  })
})
