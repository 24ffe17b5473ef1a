// Rows and results for the tests of the benchmarks' harness.
import type { Result, Row } from '#bench/support/bench.ts'

const source = (program: string) => ({ command: [program] as const, figure: 'perSecond' })

/** Ours beside one peer that is measured and one that has a reference only. */
export const row = (row: Partial<Row> = {}): Row => ({
  name: 'call',
  title: 'round trips',
  unit: 'calls/s',
  better: 'higher',
  ours: source('ours'),
  observed: source('ours-observed'),
  peers: { elixir: { source: source('elixir'), reference: 785_000 }, 'actor-ts': { reference: 174_000 } },
  goals: [],
  ...row,
})

/** 3,000,000 calls a second of ours, beside a million of Elixir's. */
export const result = (own: Partial<Row> = {}, figures: Partial<Omit<Result, 'row'>> = {}): Result => ({
  row: row(own),
  ours: 3_000_000,
  observed: 2_000_000,
  peers: { elixir: { median: 1_000_000, isReference: false }, 'actor-ts': { median: 174_000, isReference: true } },
  ...figures,
})
