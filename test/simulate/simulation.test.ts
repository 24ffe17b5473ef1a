// The simulation itself: that it is the same twice, that it finds nothing, and that it finds what a missing rule lets happen.
import { describe, expect, test } from 'vitest'
import { ABLATIONS, simulateWithout } from './ablations.ts'
import { simulateArbiter } from './arbiter/simulation.ts'
import { simulate } from './simulation.ts'

test('a seed tells the same story twice', async () => {
  const once = await simulate(11, { keepsTranscript: true })
  const twice = await simulate(11, { keepsTranscript: true })
  expect(once.transcript.length).toBeGreaterThan(100)
  expect(twice.transcript).toEqual(once.transcript)
})

test.for([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('seed %i finds nothing', { timeout: 30_000 }, async (seed) => {
  const { violations, births } = await simulate(seed)
  expect(violations).toEqual([])
  expect(births).toBeGreaterThan(20)
})

test.for([1, 2, 3, 4, 5])('seed %i finds nothing where nodes drain and take children again', { timeout: 30_000 }, async (seed) => {
  expect((await simulate(seed, { mix: { share: 0.15, drain: 4 } })).violations).toEqual([])
})

test('a seed of an arbiter tells the same story twice', async () => {
  const [once, twice] = [await simulateArbiter(11, { keepsTranscript: true }), await simulateArbiter(11, { keepsTranscript: true })]
  expect(once.transcript.length).toBeGreaterThan(30)
  expect(twice).toEqual(once)
})

test('two hundred seeds of an arbiter find nothing', { timeout: 60_000 }, async () => {
  let grants = 0
  for (let seed = 1; seed <= 200; seed++) {
    const { violations, births } = await simulateArbiter(seed)
    expect(violations).toEqual([])
    grants += births
  }
  expect(grants).toBeGreaterThan(1000)
})

test.for([1, 2, 3, 4, 5])('seed %i finds nothing where nodes have an arbiter', { timeout: 60_000 }, async (seed) => {
  expect((await simulate(seed, { hasArbiter: true })).violations).toEqual([])
})

describe('with a rule switched off', () => {
  test.for(Object.entries(ABLATIONS))('%s: something is found', { timeout: 120_000 }, async ([rule, { finds, withinSeeds }]) => {
    const found: string[] = []
    for (let seed = 1; seed <= withinSeeds && !found.some((kind) => (finds as readonly string[]).includes(kind)); seed++) {
      const { violations } = await simulateWithout(rule, seed)
      found.push(...violations.map(({ kind }) => kind))
    }
    expect(finds).toContain(found.find((kind) => (finds as readonly string[]).includes(kind)))
  })
})
