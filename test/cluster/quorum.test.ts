// A majority of those that there should be, and how many that are.
import { describe, expect, test } from 'vitest'
import { seededRandom } from '#base'
import { ExpectedMembers, hasQuorum } from '#src/cluster/quorum.ts'

const names = (...list: string[]) => new Set(list)

describe('a quorum', () => {
  test.each([
    [1, 1, true],
    [3, 1, false],
    [3, 2, true],
    [4, 3, true],
    [5, 2, false],
    [5, 3, true],
  ])('of %i expected, %i alive: %s', (expected, alive, has) => {
    const known = names('a', 'b', 'c', 'd', 'e')
    expect(hasQuorum({ expected, alive: new Set([...known].toReversed().slice(0, alive)), known })).toBe(has)
  })

  test('exactly half of an even number counts where the lowest name is', () => {
    const known = names('d', 'b', 'a', 'c')
    expect(hasQuorum({ expected: 4, alive: names('a', 'd'), known })).toBe(true)
    expect(hasQuorum({ expected: 4, alive: names('b', 'c'), known })).toBe(false)
  })

  test('half is not enough for who does not know all names', () => {
    expect(hasQuorum({ expected: 4, alive: names('b', 'c'), known: names('b', 'c') })).toBe(false)
  })

  test('is never on both sides of a partition, however it is cut', () => {
    const random = seededRandom(7)
    for (let i = 0; i < 2000; i++) {
      const known = Array.from({ length: 1 + random.int(8) }, (_, n) => `n${n}`)
      const side = known.map(() => random.next() < 0.5)
      const expected = known.length
      const has = [true, false].map((which) =>
        hasQuorum({ expected, alive: new Set(known.filter((_, n) => side[n] === which)), known: new Set(known) }),
      )
      expect(has.filter(Boolean)).toHaveLength(known.length % 2 === 1 || has.includes(true) ? 1 : 0)
    }
  })
})

describe('how many members there should be', () => {
  test('is what was configured, whatever is seen', () => {
    const expected = new ExpectedMembers(() => 5)
    expected.agreed(7)
    expected.left(2)
    expect(expected.size).toBe(5)
  })

  test('is otherwise the most that ever agreed, less those that left', () => {
    const expected = new ExpectedMembers(() => undefined)
    expect(expected.size).toBe(1)
    expected.agreed(3)
    expected.agreed(2)
    expect(expected.size).toBe(3)
    expected.left(2)
    expect(expected.size).toBe(2)
    expected.left(2)
    expect(expected.size).toBe(2)
  })

  test('is what peers say, for a node that has agreed with nobody yet', () => {
    const expected = new ExpectedMembers(() => undefined)
    expected.agreed(1)
    expected.told(5)
    expect(expected.size).toBe(5)
    expected.agreed(4)
    expected.told(9)
    expect(expected.size).toBe(5)
  })
})
