// How it stands with the lease of an arbiter, as a node shows it: in its snapshot, to its observer, in its metrics and in its traces.
import { describe, expect, test } from 'vitest'
import { EventStream } from '#base'
import { leasedArbiter } from '#distributed'
import { createHttpServer, observerRoutes } from '#http'
import { createMetrics } from '#observability/metrics.ts'
import { createTraces } from '#observability/traces.ts'
import { genServer, type NodeEvents } from '#otp-labs'
import { type Sample, samplesOf, sumOf } from '#test/observability/support/page.ts'
import { memoryTracers } from '#test/observability/support/spans.ts'
import { Box } from '#test/support/box.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { ModelEngine } from '#test/support/model-key-value.ts'

const Lot = genServer({ name: 'lot', init: (title: string) => title })
const LEASE_MS = 15_000
const LOTS = 12

async function watched() {
  const clock = new FakeClock()
  const engine = new ModelEngine({ clock })
  const tracers = memoryTracers()
  const metrics = new Map<string, ReturnType<typeof createMetrics>>()
  const box = await Box.formed({
    names: ['n1', 'n2', 'n3'],
    clock,
    node: { behaviours: [Lot] },
    nodeOf: (name) => ({ arbiter: leasedArbiter(engine.client(name), { name: 'model', leaseMs: LEASE_MS }) }),
    onNode: (node) => {
      const own = createMetrics({ snapshot: () => node.snapshot(), clock, runtime: false })
      metrics.set(node.name, own)
      node.events.subscribe('metrics', own.table)
      node.events.subscribe('traces', createTraces(tracers, clock).table)
    },
  })
  for (let i = 0; i < LOTS; i++) await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot, 'x'] }))
  const page = async (name: string): Promise<Sample[]> => samplesOf((await metrics.get(name)?.render())?.body ?? '')
  const all = async (): Promise<Sample[]> => (await Promise.all([...metrics.keys()].map(page))).flat()
  return { clock, engine, box, page, all, ...tracers }
}

test('a node without an arbiter shows none', async () => {
  const box = await Box.formed({ names: ['n1'], node: { behaviours: [Lot] } })
  expect(box.node('n1').snapshot().arbiter).toBeNull()
})

describe('a node with an arbiter', () => {
  test('shows a lease that is held, and counts what it claims and renews', async () => {
    const { clock, box, page, all, named } = await watched()
    await clock.advance(LEASE_MS)
    const { arbiter } = box.node('n1').snapshot()
    expect(arbiter).toMatchObject({ name: 'model', state: 'held', mayOwn: true, why: null })
    expect(arbiter?.leaseAgeMs).toBeLessThan((arbiter?.limitMs ?? 0) / 2)
    expect(sumOf(await all(), 'otp_arbiter_claims_total', { op: 'start', outcome: 'granted' })).toBe(LOTS)
    expect(sumOf(await all(), 'otp_arbiter_claim_duration_seconds_count', { op: 'start' })).toBe(LOTS)
    expect(named('otp.arbiter.claim')).toHaveLength(LOTS)
    const samples = await page('n1')
    expect(sumOf(samples, 'otp_arbiter_may_own')).toBe(1)
    expect(sumOf(samples, 'otp_arbiter_lease_limit_seconds')).toBe((arbiter?.limitMs ?? 0) / 1000)
    expect(sumOf(samples, 'otp_arbiter_lease_renewal_duration_seconds_count')).toBeGreaterThanOrEqual(3)
    expect(sumOf(samples, 'otp_arbiter_leases_lost_total')).toBe(0)
  })

  test('shows an engine without a leader while it lasts, and tells it as one span', async () => {
    const { clock, engine, box, named } = await watched()
    engine.stall(6000)
    await clock.until(() => box.node('n1').snapshot().arbiter?.state === 'degraded', LEASE_MS)
    expect(box.node('n1').snapshot().arbiter).toMatchObject({ mayOwn: true, why: expect.stringContaining('nobody answered') })
    await clock.until(() => box.live().every((node) => node.snapshot().arbiter?.state === 'held'), LEASE_MS)
    expect(named('otp.arbiter.outage').length).toBeGreaterThan(0)
    expect(named('otp.arbiter.lease_loss')).toEqual([])
  })

  test('that loses its lease says so everywhere, and what ran there is taken over', async () => {
    const { clock, engine, box, page, all, named } = await watched()
    const owned = [...box.node('n1').registry.countByNode()].find(([id]) => id.startsWith('n3.'))?.[1] ?? 0
    expect(owned).toBeGreaterThan(0)
    engine.cut('n3')
    await clock.until(() => box.node('n3').snapshot().arbiter?.mayOwn === false, LEASE_MS)
    const app = createHttpServer({
      clock,
      events: new EventStream<NodeEvents>(),
      onUnexpected: (error) => expect.unreachable(String(error)),
    })
    observerRoutes(app, box.node('n1').parts)
    const { members } = (await box.through(app.inject('/observer/v1/cluster'))).json()
    expect(members.map(({ load }: { load: { arbiter: { mayOwn: boolean } } }) => load.arbiter.mayOwn)).toEqual([true, true, false])
    const { of } = (await box.through(app.inject('/observer/v1/nodes/n3'))).json()
    expect(of.arbiter).toMatchObject({ name: 'model', mayOwn: false, why: expect.stringContaining('nobody answered') })
    await app.close()
    await clock.until(() => box.violations('lot').length === 0, 4 * LEASE_MS)
    const samples = await page('n3')
    expect([sumOf(samples, 'otp_arbiter_may_own'), sumOf(samples, 'otp_arbiter_leases_lost_total', { cause: 'expired' })]).toEqual([0, 1])
    expect(sumOf(await all(), 'otp_arbiter_claims_total', { op: 'takeover', outcome: 'granted' })).toBe(owned)
    const [loss] = named('otp.arbiter.lease_loss')
    expect(loss?.attributes).toMatchObject({ 'otp.arbiter': 'model', 'otp.arbiter.children': owned, 'error.type': 'expired' })
    expect(named('otp.arbiter.session_end').length).toBeGreaterThan(0)
    engine.mend('n3')
    await clock.until(() => box.node('n3').snapshot().arbiter?.state === 'held', 4 * LEASE_MS)
    expect(sumOf(await page('n3'), 'otp_arbiter_may_own')).toBe(1)
  })
})
