// Moves, from many seeds: without faults no message is lost or handled twice; with links that stall none comes late, and what was answered is there.
import { expect, test } from 'vitest'
import { simulateMoves } from './moves.ts'

const seeds = Array.from({ length: 25 }, (_, index) => index + 1)

test.for(seeds)('seed %i', { timeout: 30_000 }, async (seed) => {
  const { violations, completed } = await simulateMoves(seed)
  expect(violations).toEqual([])
  expect(completed).toBeGreaterThan(2)
})

test.for(seeds.slice(0, 10))('seed %i, with links that stall', { timeout: 30_000 }, async (seed) => {
  const { violations, completed } = await simulateMoves(seed, { hasStalls: true })
  expect(violations).toEqual([])
  expect(completed).toBeGreaterThan(2)
})
