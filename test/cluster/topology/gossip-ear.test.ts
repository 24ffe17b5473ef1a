// What is made of words that are proven: each is believed once, and a recording of it never again.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GossipWord } from '#src/cluster/topology/gossip-datagram.ts'
import { Ear } from '#src/cluster/topology/gossip-ear.ts'

const WALL = 1_700_000_000_000
const times = { lostAfterMs: 100, windowMs: 1000 }
const word = (counter: number, more: Partial<GossipWord> = {}): GossipWord => ({
  kind: 'here',
  cluster: 'otp-labs',
  id: 'n2.1',
  address: 'b:1',
  counter,
  sentAt: WALL,
  ...more,
})

function listening() {
  const ear = new Ear('n1.1', times, WALL)
  return { ear, hear: (said: GossipWord, at: number) => ear.hear(said, WALL + at, at) }
}

describe('a peer', () => {
  test('is there from its first word until it was silent for too long', () => {
    const { ear, hear } = listening()
    expect(hear(word(1), 0)).toBe('news')
    expect(hear(word(2), 50)).toBe('known')
    expect([ear.addresses(150), ear.addresses(151)]).toEqual([['b:1'], []])
    expect(hear(word(3, { sentAt: WALL + 200 }), 200)).toBe('news')
  })

  test('is gone at once when it says goodbye, which is news once', () => {
    const { ear, hear } = listening()
    hear(word(1), 0)
    expect([hear(word(2, { kind: 'bye' }), 10), ear.addresses(10)]).toEqual(['news', []])
    expect(hear(word(3, { kind: 'bye' }), 11)).toBe('known')
    expect(hear(word(1, { id: 'n3.1', kind: 'bye' }), 11)).toBe('known')
  })

  test('that moves is found where it is now', () => {
    const { ear, hear } = listening()
    hear(word(1), 0)
    expect([hear(word(2, { address: 'c:1' }), 10), ear.addresses(10)]).toEqual(['news', ['c:1']])
  })

  test('of two lives at one address is told once', () => {
    const { ear, hear } = listening()
    hear(word(1), 0)
    hear(word(1, { id: 'n2.2' }), 0)
    expect(ear.addresses(0)).toEqual(['b:1'])
  })

  test('is not this node itself', () => {
    const { ear, hear } = listening()
    expect([hear(word(1, { id: 'n1.1' }), 0), ear.addresses(0)]).toEqual(['own', []])
  })
})

describe('a word', () => {
  test('that was heard before, or is older than one that was, is a repetition', () => {
    const { hear } = listening()
    hear(word(2), 0)
    expect([hear(word(2), 0), hear(word(1), 0)]).toEqual(['replay', 'replay'])
  })

  test('that is too old or from too far in the future is not believed', () => {
    const { hear } = listening()
    expect(hear(word(1, { sentAt: WALL + 3999 }), 5000)).toBe('time')
    expect(hear(word(1, { sentAt: WALL + 4000 }), 5000)).toBe('news')
    expect(hear(word(2, { sentAt: WALL + 6001 }), 5000)).toBe('time')
    expect(hear(word(2, { sentAt: WALL + 6000 }), 5000)).toBe('known')
  })

  test('from before this node listened is not believed, but for the little by which clocks differ', () => {
    const ear = new Ear('n1.1', { lostAfterMs: 100, windowMs: 30_000 }, WALL)
    expect(ear.hear(word(1, { sentAt: WALL - 1001 }), WALL, 0)).toBe('time')
    expect(ear.hear(word(1, { sentAt: WALL - 1000 }), WALL, 0)).toBe('news')
  })

  test('of a peer that said goodbye cannot be repeated to bring it back', () => {
    const { ear, hear } = listening()
    hear(word(1), 0)
    hear(word(2, { kind: 'bye' }), 1)
    expect([hear(word(1), 2), ear.addresses(2)]).toEqual(['replay', []])
  })
})

test('senders are forgotten, and not before every word of theirs is too old', () => {
  const { ear, hear } = listening()
  hear(word(1, { sentAt: WALL + 1000 }), 0)
  ear.forget(2000)
  expect(ear.remembered).toBe(1)
  ear.forget(2001)
  expect(ear.remembered).toBe(0)
  expect(hear(word(1, { sentAt: WALL + 1000 }), 2001)).toBe('time')
})

test('whatever is recorded and sent again, whenever: each word is believed at most once', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('say' as const), sender: fc.nat(2), skewMs: fc.integer({ min: -1000, max: 1000 }) }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 1500 }) }),
    fc.record({ kind: fc.constant('repeat' as const), which: fc.nat() }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { ear, hear } = listening()
      const recorded: GossipWord[] = []
      const believed = new Set<GossipWord>()
      const counters = [0, 0, 0]
      let now = 0
      const listen = (said: GossipWord) => {
        const heard = hear(said, now)
        if (heard === 'replay' || heard === 'time') return
        expect(believed.has(said)).toBe(false)
        believed.add(said)
      }
      for (const each of steps) {
        if (each.kind === 'pass') now += each.ms
        if (each.kind === 'say') {
          const counter = (counters[each.sender] as number) + 1
          counters[each.sender] = counter
          recorded.push(word(counter, { id: `n${each.sender + 2}.1`, sentAt: WALL + now + each.skewMs }))
          listen(recorded.at(-1) as GossipWord)
        }
        if (each.kind === 'repeat' && recorded.length > 0) listen(recorded[each.which % recorded.length] as GossipWord)
        ear.forget(now)
      }
    }),
    { numRuns: 500 },
  )
})
