// A million processes come and go in one node and leave nothing behind; a hundred thousand live at once.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

interface Report {
  readonly started: number
  readonly mostAtOnce: number
  readonly answered: number
  readonly leftOver: number
  readonly heapBefore: number
  readonly heapAfter: number
}

test('1,000,000 processes started and stopped leave the heap within 5% of what it was, 100,000 of them alive at once', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', 'test/system/support/million.ts'], { timeout: 120_000 })
  const report = JSON.parse(stdout) as Report
  expect(report).toMatchObject({ started: 1_000_000, mostAtOnce: 100_000, answered: 100_000, leftOver: 0 })
  expect(report.heapAfter / report.heapBefore).toBeLessThan(1.05)
}, 130_000)
