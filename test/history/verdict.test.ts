// The checker, on histories in which nothing went wrong, and on the same with a violation planted in each.
import { describe, expect, test } from 'vitest'
import { testSeed } from '#test/support/seed.ts'
import type { Entry } from './history.ts'
import { entry, LOTS, NODES, STORY, Story } from './story.ts'
import { afterTakeover, inWords, judge, lastDoubleAfter, longest, violations } from './verdict.ts'

const question = { lots: LOTS, ...STORY }
const seeds = Array.from({ length: 20 }, (_, index) => testSeed + index)

test.for(seeds)('a story in which nothing goes wrong has no violation (seed %i)', (seed) => {
  expect(violations(judge(new Story(seed).histories, question))).toEqual([])
})

describe('planted violations are found, and nothing else', () => {
  test.for(seeds)('a lot that lives a second time elsewhere for a while (seed %i)', (seed) => {
    const story = new Story(seed)
    const lot = story.oneOf(LOTS)
    const from = STORY.from + story.below(5000)
    const to = from + 1 + story.below(3000)
    story.live(lot, 'n4', from, to)
    const verdict = judge(story.histories, question)
    expect(new Set(verdict.doubles.map((double) => double.lot))).toEqual(new Set([lot]))
    expect(verdict.doubles.reduce((sum, double) => sum + double.to - double.from, 0)).toBeCloseTo(to - from)
    expect(lastDoubleAfter(verdict, from)).toBeCloseTo(to - from)
    expect([verdict.gaps, verdict.lostBids]).toEqual([[], []])
    expect(violations(verdict)[0]).toContain(`${lot} had two owners`)
  })

  test.for(seeds)('a lot that still lives twice at the end (seed %i)', (seed) => {
    const story = new Story(seed)
    const lot = story.oneOf(LOTS)
    story.live(lot, 'n4', STORY.to - 5, undefined)
    const verdict = judge(story.histories, question)
    expect(verdict.doubles).toMatchObject([{ lot, from: STORY.to - 5, to: STORY.to }])
    expect(inWords(verdict)).toContain('1 lots had two owners, for 5 ms at most; at the end 1 have')
  })

  test.for(seeds)('the lots of a node that was killed and that nobody took over (seed %i)', (seed) => {
    const story = new Story(seed)
    const node = story.oneOf(NODES)
    story.kill(node, STORY.to - 100)
    const lost = LOTS.filter((lot) => lastLife(story, lot).node === node)
    const verdict = judge(story.histories, question)
    expect(verdict.gaps).toEqual(lost.map((lot) => ({ lot, from: STORY.to - 100, to: STORY.to })))
    expect([verdict.doubles, verdict.lostBids]).toEqual([[], []])
    expect(violations(afterTakeover(verdict))).toEqual(violations(verdict))
    expect(violations(verdict)).toHaveLength(Math.min(lost.length, 6))
  })

  test.for(seeds)('a lot that was never there (seed %i)', (seed) => {
    const verdict = judge(new Story(seed).histories, { ...question, lots: [...LOTS, 'nowhere'] })
    expect(violations(verdict)).toEqual(['nowhere had no owner from 0 ms to 9000 ms'])
  })

  test.for(seeds)('an acknowledged bid that its lot does not hold, though it has not ended since (seed %i)', (seed) => {
    const story = new Story(seed)
    const lot = story.oneOf(LOTS)
    const { node, life } = lastLife(story, lot)
    const { entries } = story.node(node)
    entries.push(entry(STORY.to - 3, { kind: 'bid', lot, life, bid: 'forgotten', number: 100 }))
    story.node('n1').entries.push(entry(STORY.to - 2, { kind: 'acknowledged', lot, life, bid: 'forgotten', number: 100 }))
    const found = violations(judge(story.histories, question)).map((line) => line.replace(/the \d+/, 'the n'))
    expect(found).toEqual([`${lot} lost bid forgotten, acknowledged by ${life}: it is not among the n that its lot holds`])
  })

  test('two bids with one number, and one that its lot never took', () => {
    const story = new Story(testSeed)
    const told = (at: number, bid: string, number: number): Entry =>
      entry(at, { kind: 'acknowledged', lot: 'x', life: 'n9.1', bid, number })
    const taken = (at: number, bid: string, number: number): Entry => entry(at, { kind: 'bid', lot: 'x', life: 'n9.1', bid, number })
    story.node('n1').entries.push(taken(5000, 'a', 1), told(5001, 'a', 1), taken(5002, 'b', 1), told(5003, 'b', 1), told(5004, 'c', 2))
    expect(violations(judge(story.histories, question))).toEqual([
      'x lost bid b, acknowledged by n9.1: a was acknowledged as number 1, too',
      'x lost bid c, acknowledged by n9.1: its lot never noted it',
    ])
  })
})

describe('what is no violation', () => {
  test('two lives of one lot while one of them stands still', () => {
    const story = new Story(testSeed)
    const { node, life } = lastLife(story, 'lot-0')
    story.pause(node, STORY.to - 500, STORY.to - 100)
    story.live('lot-0', 'n4', STORY.to - 400, STORY.to - 100)
    const alone = { ...question, lots: ['lot-0'] }
    expect(violations(judge(story.histories, alone))).toEqual(['lot-0 had no owner from 8500 ms to 8600 ms'])
    // It goes on before the other has ended.
    story.live('lot-0', 'n4', STORY.to - 90, STORY.to - 80)
    const [double, ...more] = judge(story.histories, question).doubles
    expect([double, more]).toMatchObject([{ lot: 'lot-0', from: STORY.to - 90, to: STORY.to - 80 }, []])
    expect(double?.lives.map((of) => of.life)).toContain(life)
  })

  test('a lot without an owner, once it is taken over', () => {
    const story = new Story(testSeed)
    const verdict = judge(story.histories, { ...question, from: STORY.from, lots: LOTS })
    const gap = { lot: 'lot-0', from: 2000, to: 2100 }
    expect(violations({ ...verdict, gaps: [gap] })).toEqual(['lot-0 had no owner from 1000 ms to 1100 ms'])
    expect(violations(afterTakeover({ ...verdict, gaps: [gap] }))).toEqual([])
    expect(longest([gap])).toBe(100)
  })

  test('a bid that was acknowledged after the last moment that is asked about', () => {
    const story = new Story(testSeed)
    story.node('n1').entries.push(entry(STORY.to + 1, { kind: 'acknowledged', lot: 'lot-0', life: 'n9.1', bid: 'late', number: 1 }))
    expect(violations(judge(story.histories, question))).toEqual([])
  })
})

test('a verdict in words, and its violations: five of a kind, then how many more', () => {
  const story = new Story(testSeed)
  for (const lot of LOTS.slice(0, 6)) story.live(lot, 'n4', 9700, 9950)
  const verdict = judge(story.histories, question)
  const [first, ...rest] = inWords(verdict).split('\n')
  expect(first).toMatch(/^12 lots over 9\.0 s, \d+ bids acknowledged, 0 of them lost$/)
  expect(rest).toEqual([
    '6 lots had two owners, for 250 ms at most; at the end 0 have',
    '0 lots had no owner, for 0 ms at most; at the end 0 have none',
  ])
  const found = violations(verdict)
  expect(found).toHaveLength(6)
  expect(found[0]).toMatch(
    /^lot-\d had two owners from 8700 ms to 8950 ms: n\d\.\d+ \(since \d+ ms, open\), n4\.\d+ \(from 8700 ms to 8950 ms, ended\)$/,
  )
  expect(found[5]).toBe('and 1 times more; in all 6 lots had two owners')
})

/** The life of a lot that has not ended in order. */
function lastLife(story: Story, lot: string): { node: string; life: string } {
  for (const { node, entries } of story.histories) {
    const ended = new Set(entries.flatMap((of) => (of.kind === 'end' ? [of.life] : [])))
    const begin = entries.find((of) => of.kind === 'begin' && of.lot === lot && !ended.has(of.life))
    if (begin?.kind === 'begin') return { node, life: begin.life }
  }
  throw new Error(`${lot} has ended`)
}
