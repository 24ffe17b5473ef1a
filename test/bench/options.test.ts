// The command line of the benchmarks: what is read, and what is refused in words.
import { expect, test } from 'vitest'
import { readBenchOptions, rowsAskedFor, UsageError } from '#bench/support/options.ts'
import { row } from './support/results.ts'

const read = (...args: string[]) => readBenchOptions(args, ['local', 'cluster'])

test('a name is enough', () => {
  expect(read('local')).toEqual({ bench: 'local', json: false, goals: true, only: '', runs: 3 })
})

test('every option is read', () => {
  expect(read('cluster', '--json', '--no-goals', '--only', 'call', '--runs', '7')).toEqual({
    bench: 'cluster',
    json: true,
    goals: false,
    only: 'call',
    runs: 7,
  })
})

test.for([
  [[], 'which benchmark?'],
  [['nothing'], "there is no benchmark 'nothing'"],
  [['local', 'cluster'], 'expected one benchmark, got local, cluster'],
  [['local', '--fast'], "Unknown option '--fast'"],
  [['local', '--runs', '0'], "--runs: expected a whole number from 1 to 999, got '0'"],
  [['local', '--runs'], "'--runs <value>' argument missing"],
] as const)('%s is refused: %s', ([args, message]) => {
  expect(() => read(...args)).toThrow(UsageError)
  expect(() => read(...args)).toThrow(message)
  expect(() => read(...args)).toThrow('usage: npm run bench -- <local|cluster>')
})

test('only the rows whose name contains what was asked for are measured; none is an error that names all', () => {
  const rows = ['call', 'call-100', 'cast'].map((name) => row({ name }))
  expect(rowsAskedFor(rows, 'call').map(({ name }) => name)).toEqual(['call', 'call-100'])
  expect(() => rowsAskedFor(rows, 'spawn')).toThrow(
    new UsageError("--only: no row's name contains 'spawn'; the rows are call, call-100, cast"),
  )
})
