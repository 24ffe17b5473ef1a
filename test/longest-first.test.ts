// The test files that begin first: each of them is still there.
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LONGEST } from './support/longest-first.ts'

test('files that begin first exist under their names', () => {
  expect(LONGEST.filter((path) => !existsSync(path))).toEqual([])
})
