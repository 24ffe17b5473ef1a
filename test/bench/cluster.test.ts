// The rows of the benchmark of a cluster: what they name is there.
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { cluster } from '#bench/cluster/bench.ts'
import type { Source } from '#bench/support/bench.ts'

const sources = cluster.rows.flatMap(({ ours, peers }): Source[] => [ours, ...Object.values(peers).flatMap(({ source }) => source ?? [])])

test('no two rows have one name', () => {
  const names = cluster.rows.map(({ name }) => name)
  expect(names).toEqual([...new Set(names)])
})

test('every measuring program is a file of the project', () => {
  const programs = new Set(sources.map(({ command }) => command.find((part) => part.endsWith('.ts'))))
  expect(programs.size).toBeGreaterThan(4)
  expect([...programs].filter((program) => program === undefined || !existsSync(program))).toEqual([])
})

test('a goal beside a peer names one that has a figure, measured or of reference', () => {
  const missing = cluster.rows.flatMap(({ name, goals, peers }) =>
    goals.flatMap((goal) => ('peer' in goal && peers[goal.peer]?.reference === undefined ? [`${name}: ${goal.peer}`] : [])),
  )
  expect(missing).toEqual([])
})
