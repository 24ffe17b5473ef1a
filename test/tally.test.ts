// The last line of CI: what counts as passed, failed and skipped, tried on planted results.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

function tally(
  steps: readonly string[],
  reports: Readonly<Record<string, object>> = {},
): { code: number | null; last: string; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tally-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'steps'), `${steps.map((step) => step.replaceAll(' ', '\t')).join('\n')}\n`)
  for (const [name, report] of Object.entries(reports)) writeFileSync(join(folder, `${name}.json`), JSON.stringify(report))
  const { status, stdout } = spawnSync(process.execPath, ['.ci/tally.mjs', folder], { encoding: 'utf8' })
  return { code: status, last: stdout.trimEnd().split('\n').at(-1) ?? '', output: stdout }
}

const skip = { name: 'a.test.ts > needs root', reason: 'not root' }
const good = { passed: 3, failed: [], skipped: [skip] }

test('tests and passing checks are counted, what only sets up is not', () => {
  const { code, last, output } = tally(['setup packages 0', 'tests unit 0', 'check types 0'], { unit: good })
  expect([code, last]).toEqual([0, '4 passed, 0 failed, 1 skipped'])
  expect(output).toContain('skipped: a.test.ts > needs root (not root)')
})

test('a failed test, a failed check and a failed set-up count one each', () => {
  const steps = ['setup packages 100', 'tests unit 1', 'check types 2']
  const { code, last } = tally(steps, { unit: { ...good, failed: ['a.test.ts > adds'] } })
  expect([code, last]).toEqual([1, '3 passed, 3 failed, 1 skipped'])
})

test('a run that left no report is a failure', () => {
  expect(tally(['tests unit 134', 'check types 0'])).toMatchObject({ code: 1, last: '1 passed, 1 failed, 0 skipped' })
})

test('a run that ended badly without a failed test is a failure', () => {
  expect(tally(['tests unit 1'], { unit: good })).toMatchObject({ code: 1, last: '3 passed, 1 failed, 1 skipped' })
})

test('a run in which no test ran is a failure, even where some were skipped', () => {
  const nothing = { passed: 0, failed: [], skipped: [skip] }
  expect(tally(['tests unit 0', 'check types 0'], { unit: nothing })).toMatchObject({ code: 1, last: '1 passed, 1 failed, 1 skipped' })
})
