// Goals and ratios: what is reached, what is missed, and which way is better.
import { expect, test } from 'vitest'
import { timesBetter } from '#bench/support/bench.ts'
import { judge } from '#bench/support/goals.ts'
import { result } from './support/results.ts'

test('above 1, ours is ahead, whichever way is better', () => {
  expect(timesBetter('higher', 300, 100)).toBe(3)
  expect(timesBetter('lower', 100, 300)).toBe(3)
  expect(timesBetter('lower', 0, 0)).toBe(1)
})

test('a bound is a least where higher is better and a most where lower is', () => {
  const goals = [{ bound: 1000 }]
  const isMet = (better: 'higher' | 'lower', ours: number) => judge([result({ better, goals }, { ours })])[0]?.isMet
  expect([isMet('higher', 1000), isMet('higher', 999)]).toEqual([true, false])
  expect([isMet('lower', 1000), isMet('lower', 1001)]).toEqual([true, false])
})

test('a goal beside a peer is one of how many times better', () => {
  const goals = [
    { times: 3, peer: 'elixir' },
    { times: 3.5, peer: 'elixir' },
    { times: 10, peer: 'actor-ts' },
  ]
  expect(judge([result({ goals })])).toEqual([
    { row: 'call', goal: '>= 3 x elixir', reached: '3.00 x', isMet: true },
    { row: 'call', goal: '>= 3.5 x elixir', reached: '3.00 x', isMet: false },
    { row: 'call', goal: '>= 10 x actor-ts (reference)', reached: '17.24 x', isMet: true },
  ])
})

test('a goal beside a peer that has no figure is missed', () => {
  expect(judge([result({ goals: [{ times: 1, peer: 'nobody' }] })])[0]).toMatchObject({ isMet: false })
})
