// The rows of the benchmarks of a cluster, of its handoffs and of NATS: what they name is there.
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cluster } from '#bench/cluster/bench.ts'
import { handoff } from '#bench/handoff/bench.ts'
import { nats } from '#bench/nats/bench.ts'
import type { Source } from '#bench/support/bench.ts'

describe.for([
  [cluster, 5],
  [handoff, 1],
  [nats, 3],
] as const)('$0.name', ([{ rows }, programsAtLeast]) => {
  const sources = rows.flatMap(({ ours, peers }): Source[] => [ours, ...Object.values(peers).flatMap(({ source }) => source ?? [])])

  test('no two rows have one name', () => {
    const names = rows.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)])
  })

  test('every measuring program is a file of the project', () => {
    const programs = new Set(sources.map(({ command }) => command.find((part) => part.endsWith('.ts'))))
    expect(programs.size).toBeGreaterThanOrEqual(programsAtLeast)
    expect([...programs].filter((program) => program === undefined || !existsSync(program))).toEqual([])
  })

  test('a goal beside a peer names one that has a figure, measured or of reference', () => {
    const missing = rows.flatMap(({ name, goals, peers }) =>
      goals.flatMap((goal) => ('peer' in goal && peers[goal.peer]?.reference === undefined ? [`${name}: ${goal.peer}`] : [])),
    )
    expect(missing).toEqual([])
  })
})
