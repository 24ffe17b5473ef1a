// Nodes that dial each other whenever they can, over a network that fails: what is left when it is well again is one link a pair.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '#base'
import { Dialer } from '#src/cluster/dialer.ts'
import { MemoryNetwork, type MemoryTransport } from '#src/cluster/transport/memory.ts'
import type { DialFailure } from '#src/cluster/transport/transport.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { testSeed } from '#test/support/seed.ts'
import { TransportRecorder } from '#test/support/transport-recorder.ts'

const NAMES = ['a', 'b', 'c'] as const

type Trouble =
  | { readonly what: 'dial' | 'cut' | 'hold' | 'close'; readonly from: number; readonly to: number; readonly ms: number }
  | { readonly what: 'heal'; readonly ms: number }

const node = fc.nat({ max: NAMES.length - 1 })
const ms = fc.nat({ max: 300 })
const troubles = fc.array(
  fc.oneof(
    fc.record({ what: fc.constantFrom('dial', 'cut', 'hold', 'close'), from: node, to: node, ms }),
    fc.record({ what: fc.constant('heal' as const), ms }),
  ),
  { maxLength: 25 },
)

class Mesh {
  readonly clock = new FakeClock()
  readonly network = new MemoryNetwork({ clock: this.clock, random: seededRandom(testSeed), delayMs: [1, 120], brokenMs: 1000 })
  readonly recorders = NAMES.map(() => new TransportRecorder())
  readonly dialers: Dialer[] = []
  readonly transports: MemoryTransport[] = []

  async start(): Promise<void> {
    for (const [index, name] of NAMES.entries()) {
      const transport = this.network.transport(`${name}.1`, { handshakeMs: 500 })
      const recorder = this.recorders[index] as TransportRecorder
      const isLinked = (address: string) => [...recorder.live.values()].some((link) => link.peerAddress === address)
      const dialer = new Dialer(transport, this.clock, seededRandom(index), isLinked, () => {})
      recorder.onClosed = (link) => dialer.dialLater(link.peerAddress)
      this.transports.push(transport)
      this.dialers.push(dialer)
      await transport.listen(recorder)
    }
  }

  async suffer(trouble: Trouble): Promise<void> {
    if (trouble.what === 'heal') {
      this.network.heal()
    } else if (trouble.from !== trouble.to) {
      const [from, to] = [NAMES[trouble.from] as string, NAMES[trouble.to] as string]
      if (trouble.what === 'dial') this.dialers[trouble.from]?.dial(`${to}:1`)
      else if (trouble.what === 'close') this.recorders[trouble.from]?.live.get(`${to}.1`)?.close('trouble')
      else this.network.cut(from, to, { hold: trouble.what === 'hold', oneWay: trouble.ms % 2 === 0 })
    }
    await this.clock.advance(trouble.ms)
  }

  /** What is wrong with the links when all is quiet. */
  wrong(): string[] {
    return NAMES.flatMap((name, index) => {
      const at = this.recorders[index] as TransportRecorder
      const peers = [...at.live.keys()].toSorted()
      const others = NAMES.filter((other) => other !== name).map((other) => `${other}.1`)
      const directions = others.map((peer) => {
        const back = this.recorders[NAMES.findIndex((other) => peer.startsWith(other))]?.live.get(`${name}.1`)
        return back?.direction !== at.live.get(peer)?.direction
      })
      const twice = at.told.filter((told) => told.startsWith('second link') || told.includes('not up'))
      return peers.join() === others.join() && directions.every(Boolean) ? twice : [`${name} is linked with ${peers}`, ...twice]
    })
  }
}

test('whatever happens to them, every pair ends with exactly one link, and never had two (property)', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(troubles, async (list) => {
      const mesh = new Mesh()
      await mesh.start()
      // All at once, as nodes do that start together.
      for (const dialer of mesh.dialers) for (const name of NAMES) dialer.keep(`${name}:1`)
      for (const trouble of list) await mesh.suffer(trouble)
      mesh.network.heal()
      // What was lost is found when something is sent.
      for (let round = 0; round < 6; round++) {
        for (const { live } of mesh.recorders) for (const link of live.values()) link.send(['heartbeat'])
        await mesh.clock.advance(5000)
      }
      expect(mesh.wrong()).toEqual([])
    }),
    { numRuns: 150 },
  )
})

test('back-off grows to 5 s, is never the same for two nodes, and starts anew when a dial is asked for', async () => {
  const clock = new FakeClock()
  const gaps = await Promise.all(
    [1, 2].map(async (seed) => {
      const at: number[] = []
      const failure: DialFailure = { kind: 'unreachable', detail: 'cut' }
      const transport = { dial: async () => at.push(clock.now()) && failure }
      const dialer = new Dialer(
        transport as unknown as MemoryTransport,
        clock,
        seededRandom(seed),
        () => false,
        () => {},
      )
      dialer.dial('b:1')
      await clock.advance(120_000)
      const grown = at.slice(1).map((time, index) => time - (at[index] as number))
      expect(Math.max(...grown)).toBeLessThanOrEqual(5005)
      expect(Math.max(...grown.slice(0, 2))).toBeLessThanOrEqual(25)
      expect(Math.min(...grown)).toBeGreaterThanOrEqual(5)
      const before = at.length
      dialer.dial('b:1')
      await clock.advance(500)
      expect(at.length).toBeGreaterThan(before + 1)
      dialer.close()
      return grown
    }),
  )
  expect(gaps[0]?.slice(0, 10)).not.toEqual(gaps[1]?.slice(0, 10))
})
