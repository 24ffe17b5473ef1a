// Two nodes that dial each other at once: exactly one link remains, in whatever order the network brings what they say.
import { describe, expect, test } from 'vitest'
import { seededRandom } from '#base'
import type { NodeId } from '#process'
import { clusterKey } from '#src/cluster/handshake.ts'
import { limitsFrom } from '#src/cluster/transport/link-limits.ts'
import { PeerLinks } from '#src/cluster/transport/peer-links.ts'
import type { Link } from '#src/cluster/transport/transport.ts'
import type { OpenWire, Wire, WireListener } from '#src/cluster/transport/wire.ts'
import { FakeClock, settled } from '#test/support/fake-clock.ts'
import { testSeed } from '#test/support/seed.ts'

type Said = Buffer | 'end'

/** One end of a wire whose bytes move only when the test says so. */
class HandWire implements Wire {
  readonly remote = 'test'
  readonly buffered = 0
  readonly said: Said[] = []
  other!: HandWire
  #listener: WireListener | undefined
  #isOpen = true

  listen(listener: WireListener): void {
    this.#listener = listener
  }

  write(bytes: Buffer): void {
    if (this.#isOpen) this.said.push(bytes)
  }

  pause(): void {}

  resume(): void {}

  end(): void {
    if (this.#isOpen) this.said.push('end')
    this.#isOpen = false
  }

  destroy(): void {
    this.end()
  }

  /** Takes one packet from the other end. */
  receive(): void {
    const packet = this.other.said.shift()
    if (!this.#isOpen || packet === undefined) return
    if (packet === 'end') {
      this.#isOpen = false
      this.#listener?.ended('closed')
    } else {
      this.#listener?.bytes(packet)
    }
  }
}

interface Side {
  readonly id: NodeId
  readonly links: PeerLinks
  readonly live: Set<Link>
  /** Most links at once. */
  most: number
  /** Links that ended. */
  closed: number
  readonly outcomes: string[]
}

const key = clusterKey('the secret of this test')

/** Two nodes and what may happen next: each step is the test's choice. */
class Crossing {
  readonly clock = new FakeClock()
  readonly low = this.#side('a.1', 'a:1')
  readonly high = this.#side('b.1', 'b:1')
  /** Dials that have not begun, and connections on their way. */
  readonly #starts: (() => void)[] = []
  readonly #ends: HandWire[] = []
  readonly wireOf = new Map<Link, HandWire>()

  constructor(dials: readonly (readonly ['low' | 'high', address: string])[]) {
    for (const [from, address] of dials) {
      this.#starts.push(() => {
        const [side, target] = from === 'low' ? [this.low, this.high] : [this.high, this.low]
        void side.links.dial(address, this.#open(target)).then((failure) => side.outcomes.push(failure?.kind ?? 'linked'))
      })
    }
  }

  #side(id: NodeId, address: string): Side {
    const options = {
      id,
      cluster: 'test',
      keys: () => [key] as const,
      clock: this.clock,
      random: seededRandom(id.charCodeAt(0)),
      ...limitsFrom({}),
    }
    const side: Side = {
      id,
      live: new Set(),
      most: 0,
      closed: 0,
      outcomes: [],
      links: new PeerLinks(options, () => address, {
        up: (link) => {
          side.live.add(link)
          side.most = Math.max(side.most, side.live.size)
        },
        frame: () => {},
        closed: (link) => {
          side.live.delete(link)
          side.closed++
        },
        handshakeRefused: (reason) => side.outcomes.push(reason),
        frameRefused: (_peer, reason) => side.outcomes.push(reason),
        certificatesRefused: () => {},
        secretsRefused: () => {},
        isBehind: () => false,
      }),
    }
    return side
  }

  #open(target: Side): OpenWire {
    return (connected) => {
      const [mine, theirs] = [new HandWire(), new HandWire()]
      mine.other = theirs
      theirs.other = mine
      let isGivenUp = false
      this.#starts.push(() => {
        if (isGivenUp) return
        this.#ends.push(mine, theirs)
        target.links.accept({ remote: theirs.remote, open: (opened) => opened(theirs), close: () => theirs.destroy() })
        connected(mine)
      })
      return () => {
        isGivenUp = true
      }
    }
  }

  /** One more thing that may happen: the higher node closes what links it has. */
  mayClose(): void {
    this.#starts.push(() => {
      for (const link of this.high.live) link.close('test')
    })
  }

  /** How many different things may happen now. */
  get choices(): number {
    return this.#starts.length + this.#ends.filter((end) => end.other.said.length > 0).length
  }

  take(choice: number): void {
    const start = this.#starts[choice]
    if (start !== undefined) {
      this.#starts.splice(choice, 1)
      start()
    } else {
      this.#ends.filter((end) => end.other.said.length > 0)[choice - this.#starts.length]?.receive()
    }
  }

  /** What is wrong when nothing happens any more. */
  verdict(): string | undefined {
    const { low, high } = this
    if (low.live.size !== 1 || high.live.size !== 1) return `${low.live.size} links at the lower, ${high.live.size} at the higher`
    if (low.most > 1 || high.most > 1) return 'two links at once'
    if (low.closed + high.closed > 0) return 'a link came and went'
    const [ofLow] = low.live
    const [ofHigh] = high.live
    if (ofLow?.direction === ofHigh?.direction) return 'the two ends are of different wires'
    return undefined
  }
}

/** Runs one order of events; beyond the given choices the first is taken. Answers how many choices each step had. */
function run(crossing: Crossing, choices: readonly number[]): number[] {
  const widths: number[] = []
  while (crossing.choices > 0) {
    widths.push(crossing.choices)
    crossing.take(choices[widths.length - 1] ?? 0)
  }
  return widths
}

describe('two nodes that dial each other at once', () => {
  test('end with exactly one link in every order of events', { timeout: 60_000 }, async () => {
    const dials = [
      ['low', 'b:1'],
      ['high', 'a:1'],
    ] as const
    const stack: number[][] = [[]]
    let orders = 0
    for (let choices = stack.pop(); choices !== undefined; choices = stack.pop()) {
      const crossing = new Crossing(dials)
      const widths = run(crossing, choices)
      orders++
      const wrong = crossing.verdict()
      if (wrong !== undefined) expect.fail(`${wrong}, in the order ${choices}`)
      for (let step = choices.length; step < widths.length; step++) {
        for (let other = 1; other < (widths[step] as number); other++) {
          stack.push([...choices, ...Array<number>(step - choices.length).fill(0), other])
        }
      }
    }
    expect(orders).toBeGreaterThan(1000)
  })

  test('resolve every dial, one of them at most as linked', async () => {
    const random = seededRandom(testSeed)
    for (let round = 0; round < 50; round++) {
      const crossing = new Crossing([
        ['low', 'b:1'],
        ['high', 'a:1'],
      ])
      while (crossing.choices > 0) crossing.take(random.int(crossing.choices))
      await settled()
      const outcomes = [...crossing.low.outcomes, ...crossing.high.outcomes].toSorted()
      expect(outcomes).toEqual(['duplicate', 'linked'])
    }
  })

  test('end with exactly one link also when a node has several addresses and is dialled at each', async () => {
    const random = seededRandom(testSeed)
    const dials = [
      ['low', 'b:1'],
      ['low', 'alias-of-b:1'],
      ['high', 'a:1'],
      ['high', 'alias-of-a:1'],
      ['low', 'third-of-b:1'],
    ] as const
    for (let round = 0; round < 1000; round++) {
      const crossing = new Crossing(dials)
      while (crossing.choices > 0) crossing.take(random.int(crossing.choices))
      expect([round, crossing.verdict()]).toEqual([round, undefined])
    }
  })

  test('agree on whether they are linked also when links end meanwhile, and never hold two', async () => {
    const random = seededRandom(testSeed)
    const dials = [
      ['low', 'b:1'],
      ['low', 'alias-of-b:1'],
      ['high', 'a:1'],
      ['low', 'third-of-b:1'],
    ] as const
    for (let round = 0; round < 2000; round++) {
      const crossing = new Crossing(dials)
      crossing.mayClose()
      while (crossing.choices > 0) crossing.take(random.int(crossing.choices))
      const { low, high } = crossing
      expect([round, low.live.size, low.most, high.most]).toEqual([round, high.live.size, 1, 1])
    }
  })

  test('are not kept apart by a dial of the lower one that gets no answer', async () => {
    const crossing = new Crossing([['high', 'a:1']])
    void crossing.low.links.dial('b:1', () => () => {})
    run(crossing, [])
    await settled()
    expect(crossing.high.outcomes).toEqual(['linked'])
    expect(crossing.verdict()).toBeUndefined()
  })
})
