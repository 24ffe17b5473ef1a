// Consistent hashing: even, agreed on by all, and moving only what has to move.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { uniform } from '#distributed'

const cluster = (size: number) => Array.from({ length: size }, (_, i) => `node-${i}.abc${i}`)
const keys = Array.from({ length: 5000 }, (_, i) => `lot-${i}`)

describe('uniform placement', () => {
  test('does not depend on the order in which candidates are listed', () => {
    fc.assert(
      fc.property(fc.string(), fc.shuffledSubarray(cluster(7), { minLength: 1 }), (key, candidates) => {
        expect(uniform(key, candidates)).toBe(uniform(key, candidates.toSorted()))
      }),
    )
  })

  test('has nowhere to place without candidates', () => {
    expect(uniform('x', [])).toBeUndefined()
  })

  test.each([2, 3, 5, 10])('spreads names evenly over %i nodes', (size) => {
    const counts = new Map<string, number>()
    for (const key of keys) {
      const node = uniform(key, cluster(size)) as string
      counts.set(node, (counts.get(node) ?? 0) + 1)
    }
    const mean = keys.length / size
    for (const count of counts.values()) expect(Math.abs(count - mean) / mean).toBeLessThan(0.15)
    expect(counts.size).toBe(size)
  })

  test('a node that goes moves only the names it had', () => {
    const before = cluster(6)
    const [gone, ...rest] = before as [string, ...string[]]
    for (const key of keys) {
      const node = uniform(key, before)
      if (node !== gone) expect(uniform(key, rest)).toBe(node)
    }
  })

  test('a node that comes back in a new life gets back what it had', () => {
    const before = cluster(4)
    const after = before.map((id) => (id.startsWith('node-2.') ? 'node-2.zzz' : id))
    for (const key of keys) expect(uniform(key, after)?.split('.')[0]).toBe(uniform(key, before)?.split('.')[0])
  })
})
