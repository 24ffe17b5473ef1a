// How rows are measured: every program once a run, and the median of all runs.
import { expect, test } from 'vitest'
import { readFigures } from '#bench/support/child.ts'
import { runRows } from '#bench/support/run.ts'
import { row } from './support/results.ts'

test('a figure is the median of the runs; a peer without a program has its reference', async () => {
  const figures = [3, 9, 4].values()
  const [measured] = await runRows([row()], 3, async ([program]) => ({ perSecond: program === 'ours' ? (figures.next().value ?? 0) : 2 }))
  expect(measured).toMatchObject({ ours: 4, observed: 2 })
  expect(measured?.peers).toEqual({ elixir: { median: 2, isReference: false }, 'actor-ts': { median: 174_000, isReference: true } })
})

test('a program whose figures stand in several rows runs once a run', async () => {
  const ran: string[] = []
  const rows = [row({ name: 'p50' }), row({ name: 'p99' })]
  await runRows(rows, 2, async ([program]) => {
    ran.push(program)
    return { perSecond: 1 }
  })
  expect(ran).toEqual(['ours', 'ours-observed', 'elixir', 'ours', 'ours-observed', 'elixir'])
})

test('a figure that a program did not measure is an error, not a gap', async () => {
  await expect(runRows([row()], 1, async () => ({ other: 1 }))).rejects.toThrow("did not measure 'perSecond'")
})

test('figures are read off the last line, and nothing else passes for them', () => {
  expect(readFigures('warming up\n{"perSecond": 12.5}\n')).toEqual({ perSecond: 12.5 })
  for (const output of ['', 'done', '{"perSecond": "many"}', '[]x', 'null'])
    expect(() => readFigures(output)).toThrow('expected a line of figures')
})
