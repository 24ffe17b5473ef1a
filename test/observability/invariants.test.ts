// What must add up over the nodes of a cluster: why a process was started is counted by who started it, and by whose reason it was.
import { expect, test } from 'vitest'
import { createMetrics, type Metrics } from '#observability/metrics.ts'
import type { NodeSnapshot } from '#otp-labs'
import { FakeClock } from '#test/support/fake-clock.ts'
import { type Sample, samplesOf, sumOf } from './support/page.ts'
import { formed, scenarios } from './support/scenarios.ts'

/** Plays a story with metrics on every life of every node; all their samples. */
async function play(story: string): Promise<Sample[]> {
  const watched: Metrics[] = []
  const box = await formed({
    onNode: (node) => {
      const metrics = createMetrics({ snapshot: (): NodeSnapshot => node.snapshot(), clock: new FakeClock(), runtime: false })
      metrics.stop()
      node.events.subscribe('metrics', metrics.table)
      watched.push(metrics)
    },
  })
  await scenarios[story]?.(box)
  const pages = await Promise.all(watched.map((metrics) => metrics.render()))
  return pages.flatMap(({ body }) => samplesOf(body))
}

const SPAWNS = 'otp_process_spawns_total'

test('children started again by their supervisors are its restarts, whatever the cause', async () => {
  const samples = await play('crashes')
  expect(sumOf(samples, SPAWNS, { cause: 'restart' })).toBeGreaterThan(10)
  expect(sumOf(samples, SPAWNS, { cause: 'restart' })).toBe(sumOf(samples, 'otp_supervisor_restarts_total'))
  expect(sumOf(samples, SPAWNS, { cause: 'takeover' })).toBe(0)
})

test('children of a lost node that came up elsewhere are its takeovers, and no restarts', async () => {
  const samples = await play('lost node')
  expect(sumOf(samples, SPAWNS, { cause: 'takeover' })).toBeGreaterThan(0)
  expect(sumOf(samples, SPAWNS, { cause: 'takeover' })).toBe(sumOf(samples, 'otp_takeovers_total', { outcome: 'started' }))
  expect(sumOf(samples, 'otp_supervisor_restarts_total')).toBe(0)
})

test('children that a leaving node handed over are its handoffs, and neither restarts nor takeovers', async () => {
  const samples = await play('drain')
  expect(sumOf(samples, SPAWNS, { cause: 'handoff' })).toBeGreaterThan(0)
  expect(sumOf(samples, SPAWNS, { cause: 'handoff' })).toBe(sumOf(samples, 'otp_handoffs_total', { outcome: 'completed' }))
  expect(sumOf(samples, SPAWNS, { cause: 'takeover' }) + sumOf(samples, 'otp_supervisor_restarts_total')).toBe(0)
})

test.for(Object.keys(scenarios))('processes that live are those that were started and have not ended: %s', async (story) => {
  const samples = await play(story)
  const live = sumOf(samples, 'otp_processes')
  expect(live).toBe(sumOf(samples, SPAWNS) - sumOf(samples, 'otp_process_exits_total'))
})
