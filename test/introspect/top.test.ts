// The first so many of however many, against sorting all of them.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Top } from '#src/introspect/top.ts'
import { testSeed } from '#test/support/seed.ts'

test('what is kept is what comes first when all are sorted', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ max: 50, min: 0 })), fc.integer({ min: 1, max: 20 }), (numbers, limit) => {
      const top = new Top<number>(limit, (a, b) => a - b)
      for (const each of numbers) top.offer(each)
      expect(top.items()).toEqual(numbers.toSorted((a, b) => a - b).slice(0, limit))
    }),
    { seed: testSeed },
  )
})
