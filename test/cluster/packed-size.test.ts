// The size of plain data when packed: exact up to the limit, and found to be too large without being packed.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeData, packedSize } from '#cluster'
import { Pid } from '#process'
import { testSeed } from '#test/support/seed.ts'

const plain = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 5 },
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.boolean(),
    fc.constantFrom(null, undefined, 7n, new Date(7), new Error('why'), new Pid('n1.a', 7)),
    fc.uint8Array(),
    fc.array(tie('any')),
    fc.dictionary(
      fc.string().filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
      tie('any'),
    ),
    fc.array(fc.tuple(fc.string(), tie('any'))).map((entries) => new Map(entries)),
    fc.array(fc.string()).map((items) => new Set(items)),
  ),
})).any

test('it is what the codec makes of it; one byte less is too little for it', () => {
  fc.assert(
    fc.property(plain, (value) => {
      const size = encodeData(value).byteLength
      expect([packedSize(value, size), packedSize(value, size - 1), packedSize(value, 1e9)]).toEqual([size, undefined, size])
    }),
    { seed: testSeed, numRuns: 1000 },
  )
})

test('what is too large is not looked through', () => {
  let read = 0
  const item = {
    get it() {
      read++
      return 'x'
    },
  }
  // Who goes through one of these is counted.
  const counted = <T extends object>(items: T): T =>
    Object.assign(items, {
      [Symbol.iterator]: () => {
        read++
        return [item].values()
      },
    })
  const numbers = Array.from({ length: 100_000 }, (_, i) => i)
  for (const long of [numbers, new Set(numbers), new Map(numbers.map((i) => [i, i]))].map(counted)) {
    expect(packedSize(long, 10_000)).toBeUndefined()
  }
  expect(read).toBe(0)
  const within: { self?: unknown } = {}
  within.self = within
  expect(packedSize(within, 10_000)).toBeUndefined()
  expect(packedSize({ nested: Array.from({ length: 9000 }, () => item) }, 10_000)).toBeUndefined()
  expect(read).toBeLessThan(10_000)
  expect(packedSize(new Uint8Array(20_000), 10_000)).toBeUndefined()
  expect(packedSize('x'.repeat(20_000), 10_000)).toBeUndefined()
})

test('what is no plain data is refused as by the codec', () => {
  expect(() => packedSize({ run: () => 7 }, 1000)).toThrow(expect.objectContaining({ code: 'ERR_OTP_CLUSTER_NOT_PLAIN_DATA' }))
})
