// The way from a restart to what caused it: the history of a supervisor names the trace in which the child crashed.
import { expect, test } from 'vitest'
import { createTracing } from '#observability/context.ts'
import { memoryTracers } from '#test/observability/support/spans.ts'
import { Lot, openHouse } from './support/house.ts'

test('a restart carries the trace id of the crash, or none where the crash was in no trace', async () => {
  const tracing = createTracing(memoryTracers())
  const house = await openHouse({}, { tracing })
  try {
    const node = house.box.node('n1')
    const crashes: Record<string, string | null> = {}
    for (const { events } of house.box.live()) {
      events.subscribe('test', {
        'process.exited': ({ child = '', trace }) => {
          crashes[child] = trace?.split('-')[1] ?? null
        },
      })
    }
    for (const lot of ['lot-0', 'lot-1']) {
      tracing.serve('POST /crash', undefined, {}, () => node.cast(Lot.named(lot), 'crash')).end('ok')
      await house.box.clock.advance(200)
    }
    node.cast(Lot.named('lot-2'), 'crash')
    await house.box.clock.advance(500)
    const { body } = await house.get('/observer/v1/supervisors?limit=100')
    const restarts = body.supervisors.flatMap(({ recent }: { recent: unknown[] }) => recent)
    expect(restarts).toHaveLength(3)
    expect(crashes['lot-0']).toMatch(/^[0-9a-f]{32}$/)
    expect(crashes['lot-1']).toMatch(/^[0-9a-f]{32}$/)
    expect(crashes['lot-0']).not.toBe(crashes['lot-1'])
    expect(crashes['lot-2']).toBeNull()
    expect(Object.fromEntries(restarts.map(({ child, trace }: { child: string; trace: string | null }) => [child, trace]))).toEqual(crashes)
  } finally {
    await house.close()
  }
})
