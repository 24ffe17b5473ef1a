// How fast a peer is read: a burst passes, a flood is slowed to the rate, whatever its pieces.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenBucket } from '#src/cluster/token-bucket.ts'

test('a second’s worth may come at once', () => {
  const intake = new TokenBucket(1000, 0)
  expect([intake.took(400, 0), intake.took(600, 0)]).toEqual([0, 0])
  expect(intake.took(1, 0)).toBe(1)
})

test('what is not used is not saved for longer than a second', () => {
  const intake = new TokenBucket(1000, 0)
  expect(intake.took(1000, 60_000)).toBe(0)
  expect(intake.took(500, 60_000)).toBe(500)
})

test('whoever waits as told gets no more than the rate, and a second’s worth on top (property)', () => {
  const chunks = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 20, maxLength: 200 })
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1000, max: 1_000_000 }), (sizes, rate) => {
      const intake = new TokenBucket(rate, 0)
      let now = 0
      let taken = 0
      for (const size of sizes) {
        taken += size
        now += intake.took(size, now)
        expect(taken).toBeLessThanOrEqual(rate + (rate * now) / 1000 + 1)
      }
    }),
  )
})
