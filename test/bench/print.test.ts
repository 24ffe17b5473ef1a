// What a benchmark prints: the table, the goals, and the line of JSON.
import { expect, test } from 'vitest'
import { judge } from '#bench/support/goals.ts'
import { report } from '#bench/support/report.ts'
import { goalsTable, resultsTable } from '#bench/support/table.ts'
import { result } from './support/results.ts'

const results = [
  result({ goals: [{ times: 2.5, peer: 'elixir' }] }),
  result(
    { name: 'idle', title: 'what one holds', unit: 'bytes', better: 'lower', peers: {}, goals: [{ bound: 1000 }] },
    { ours: 1234.5, observed: undefined, peers: {} },
  ),
]

test('the table has a block a row, and says what is a reference and which way is better', () => {
  expect(resultsTable(results, '2026-11').split('\n')).toEqual([
    '                         median  ours is',
    'call: round trips, calls/s',
    '  otp-labs            3,000,000',
    '  otp-labs, observed  2,000,000   1.50 x',
    '  elixir              1,000,000   3.00 x',
    '  actor-ts              174,000  17.24 x  reference 2026-11',
    'idle: what one holds, bytes (lower is better)',
    '  otp-labs                1,230',
  ])
})

test('the goals are a list of what was met and what was missed', () => {
  expect(goalsTable(judge(results)).split('\n')).toEqual([
    'goals',
    '  met     3.00 x   call >= 2.5 x elixir',
    '  MISSED   1,230   idle <= 1,000 bytes',
  ])
})

test('the JSON has every figure and ratio, and is met when every goal is', () => {
  const about = { bench: 'local', runs: 3, node: 'v24.0.0' }
  const printed = report(about, results, judge(results))
  expect(printed).toMatchObject({ ...about, met: false })
  expect(printed.rows[0]).toEqual({
    name: 'call',
    unit: 'calls/s',
    better: 'higher',
    ours: 3_000_000,
    observed: 2_000_000,
    peers: { elixir: 1_000_000, 'actor-ts': 174_000 },
    ratio: { elixir: 3, 'actor-ts': 17.24 },
    references: ['actor-ts'],
    goals: [{ goal: '>= 2.5 x elixir', reached: '3.00 x', met: true }],
  })
  expect(report(about, results.slice(0, 1), judge(results.slice(0, 1))).met).toBe(true)
})
