// Randomness from a seed, and from the machine.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom, systemRandom } from '#base'

const draw = (seed: number, length = 20) => {
  const random = seededRandom(seed)
  return Array.from({ length }, () => random.next())
}

test('the same seed gives the same sequence, another one another', () => {
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})

describe.each([
  ['seeded', (seed: number) => seededRandom(seed)],
  ['of the machine', () => systemRandom],
] as const)('randomness %s', (_name, create) => {
  test('is in its bounds (property)', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), fc.nat(100), (seed, below, length) => {
        const random = create(seed)
        const next = random.next()
        const int = random.int(below)
        expect(next >= 0 && next < 1).toBe(true)
        expect(Number.isInteger(int) && int >= 0 && int < below).toBe(true)
        expect(random.bytes(length)).toHaveLength(length)
      }),
    )
  })
})

test('a seeded sequence fills its range evenly', () => {
  const random = seededRandom(42)
  const counts = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 100_000; i++) {
    const drawn = random.int(10)
    counts[drawn] = (counts[drawn] as number) + 1
  }
  expect(Math.min(...counts)).toBeGreaterThan(9_000)
  expect(Math.max(...counts)).toBeLessThan(11_000)
})
