// The arithmetic of a node's end: whoever waits for a node waits longer than the node itself, and the page says the same figures.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readConfig } from '#config'
import { DRAIN_CONCURRENCY, DRAIN_MS } from '#distributed'
import { exitWithinMs, gracePeriodSeconds, SHUTDOWN_BUDGET } from '#src/shutdown-budget.ts'

const config = (settings: Record<string, string> = {}) => readConfig({ OTP_NODE_NAME: 'n1', ...settings })

test('the process gives up before Kubernetes does, by the margin, and Kubernetes counts preStop in', () => {
  const { preStopMs, marginMs } = SHUTDOWN_BUDGET
  for (const drainMs of [1000, 45_000, 300_000]) {
    expect(gracePeriodSeconds(drainMs) * 1000).toBeGreaterThanOrEqual(preStopMs + exitWithinMs(drainMs) + marginMs)
  }
  expect(gracePeriodSeconds()).toBe(88)
})

test('the grace period is the sum of all parts', () => {
  expect(Object.values(SHUTDOWN_BUDGET).reduce((sum: number, ms) => sum + ms, 0)).toBe(gracePeriodSeconds() * 1000)
})

test('a node as a program has the defaults of a node as a library, and leaves the drain its time', () => {
  const { handoff, shutdownTimeoutMs } = config()
  expect(handoff).toEqual({ drainMs: DRAIN_MS, concurrency: DRAIN_CONCURRENCY })
  expect(shutdownTimeoutMs).toBe(exitWithinMs())
  expect(config({ OTP_DRAIN_MS: '1000' }).shutdownTimeoutMs).toBe(exitWithinMs(1000))
})

test('a last resort that would cut the drain off is refused, with one that would not', () => {
  expect(config({ OTP_DRAIN_MS: '1000', OTP_SHUTDOWN_TIMEOUT_MS: '1001' }).shutdownTimeoutMs).toBe(1001)
  expect(() => config({ OTP_SHUTDOWN_TIMEOUT_MS: '20000' })).toThrow(
    'OTP_SHUTDOWN_TIMEOUT_MS=20000 ends a drain of OTP_DRAIN_MS=45000: set 68000, or leave it out',
  )
})

test('the guide has the figures of the budget', () => {
  const page = readFileSync('docs/how-to/drain-a-node.md', 'utf8')
  const rows = [...page.matchAll(/^\| (preStop|drain|requests|stop|flush|margin) \| (\d+) s/gm)]
  expect(Object.fromEntries(rows.map(([, part, seconds]) => [`${part}Ms`, Number(seconds) * 1000]))).toEqual(SHUTDOWN_BUDGET)
  expect(page).toContain(`Together ${gracePeriodSeconds()} s`)
  expect(page).toContain(`${exitWithinMs() / 1000} s, whatever is left`)
})
