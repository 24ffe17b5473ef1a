// Back-off with full jitter.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FIRST_RETRY_MS, LONGEST_RETRY_MS, retryDelay } from '#src/cluster/topology/retry-delay.ts'

test('a wait is from a quarter of a second to half a minute, and grows with failures', () => {
  expect([1, 2, 5, 7, 100].map((attempts) => retryDelay(attempts, 1))).toEqual([500, 1000, 8000, LONGEST_RETRY_MS, LONGEST_RETRY_MS])
  expect(retryDelay(100, 0)).toBe(FIRST_RETRY_MS)
})

test('a wait is never shorter than what the source asked for', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(60_000), (attempts, random, atLeastMs) => {
      expect(retryDelay(attempts, random, atLeastMs)).toBeGreaterThanOrEqual(atLeastMs)
    }),
  )
})
