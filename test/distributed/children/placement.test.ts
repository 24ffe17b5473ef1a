// Where children go: evenly, agreed on by all, and moving only what has to move.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { STRATEGIES, uniform, uniformQuorum, uniformRandom, uniformZones } from '#distributed'

const cluster = (size: number) => Array.from({ length: size }, (_, i) => `node-${i}.abc${i}`)
const keys = Array.from({ length: 5000 }, (_, i) => `lot-${i}`)

// One by one, as nodes of clusters that have no zones.
describe.each(STRATEGIES)('$name', (strategy) => {
  test('does not depend on the order in which candidates are listed', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.shuffledSubarray(cluster(7), { minLength: 1 }), (key, birth, candidates) => {
        expect(strategy.chooseNode(key, candidates, birth)).toBe(strategy.chooseNode(key, candidates.toSorted(), birth))
      }),
    )
  })

  test('has nowhere to place without candidates', () => {
    expect(strategy.chooseNode('x', [], 1)).toBeUndefined()
  })

  test.each([2, 3, 5, 10, 50])('spreads names evenly over %i nodes', (size) => {
    const counts = new Map<string, number>()
    const many = size * 1000
    for (let i = 0; i < many; i++) {
      const node = strategy.chooseNode(`lot-${i}`, cluster(size), i) as string
      counts.set(node, (counts.get(node) ?? 0) + 1)
    }
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
    expect(counts.size).toBe(size)
  })

  test('a node that goes moves only the names it had, and a node that comes takes names and moves none among the others', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.nat(), fc.string(), fc.nat(), (size, which, key, birth) => {
        const all = cluster(size)
        const gone = all[which % size] as string
        const rest = all.filter((id) => id !== gone)
        const node = strategy.chooseNode(key, all, birth)
        if (node !== gone) expect(strategy.chooseNode(key, rest, birth)).toBe(node)
        else expect(rest).toContain(strategy.chooseNode(key, rest, birth))
      }),
    )
  })

  test('a node that comes back in a new life gets back what it had', () => {
    const before = cluster(4)
    const after = before.map((id) => (id.startsWith('node-2.') ? 'node-2.zzz' : id))
    for (const key of keys) {
      expect(strategy.chooseNode(key, after, 7)?.split('.')[0]).toBe(strategy.chooseNode(key, before, 7)?.split('.')[0])
    }
  })
})

test('uniform goes by the name alone, uniform_random by its birth too', () => {
  const moved = (strategy: typeof uniform) =>
    keys.filter((key) => strategy.chooseNode(key, cluster(4), 1) !== strategy.chooseNode(key, cluster(4), 2)).length
  expect(moved(uniform)).toBe(0)
  expect(moved(uniformRandom) / keys.length).toBeCloseTo(0.75, 1)
})

test('only uniform_quorum asks for a quorum', () => {
  expect(STRATEGIES.filter(({ needsQuorum }) => needsQuorum)).toEqual([uniformQuorum])
})

describe('uniform_zones over zones', () => {
  /** Of seven nodes one is alone in its zone. */
  const zones: Readonly<Record<string, string>> = { 0: 'a', 1: 'a', 2: 'a', 3: 'b', 4: 'b', 5: 'b', 6: 'c' }
  const zoneOf = (id: string) => zones[id.slice('node-'.length, id.indexOf('.'))] ?? ''
  const choose = (key: string, candidates: readonly string[]) => uniformZones.chooseNode(key, candidates, 1, zoneOf) as string
  const all = cluster(7)
  const zoned = fc.shuffledSubarray(all, { minLength: 2 })

  test('gives each zone as many names, and each of its nodes as many as the others there', () => {
    const count = (of: (node: string) => string) =>
      Object.values(Object.groupBy(keys, (key) => of(choose(key, all)))).map((list) => list?.length ?? 0)
    for (const names of count(zoneOf)) expect(Math.abs(names - keys.length / 3)).toBeLessThan(150)
    expect(
      count((id) => id)
        .toSorted((a, b) => a - b)
        .slice(0, 6)
        .every((names) => Math.abs(names - keys.length / 9) < 100),
    ).toBe(true)
  })

  test('keeps the names of a node that goes in its zone, if there is another node, and moves no others', () => {
    fc.assert(
      fc.property(fc.string(), zoned, fc.nat(), (key, candidates, which) => {
        const gone = candidates[which % candidates.length] as string
        const rest = candidates.filter((id) => id !== gone)
        const [before, after] = [choose(key, candidates), choose(key, rest)]
        if (before !== gone) expect(after).toBe(before)
        else if (rest.some((id) => zoneOf(id) === zoneOf(gone))) expect(zoneOf(after)).toBe(zoneOf(gone))
      }),
    )
  })

  test('does not depend on the order in which candidates are listed', () => {
    fc.assert(
      fc.property(fc.string(), zoned, (key, candidates) => {
        expect(choose(key, candidates)).toBe(choose(key, candidates.toSorted()))
      }),
    )
  })
})
