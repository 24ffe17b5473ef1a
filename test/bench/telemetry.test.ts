// The rows of the benchmark of telemetry: what they name is there.
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { telemetry } from '#bench/telemetry/bench.ts'

test('no two rows have one name, and every measuring program is a file of the project', () => {
  const names = telemetry.rows.map(({ name }) => name)
  expect(names).toEqual([...new Set(names)])
  const programs = new Set(telemetry.rows.map(({ ours }) => ours.command.find((part) => part.endsWith('.ts')) ?? ''))
  expect(programs.size).toBe(3)
  expect([...programs].filter((program) => !existsSync(program))).toEqual([])
})
