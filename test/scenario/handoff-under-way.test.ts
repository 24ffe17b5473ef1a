// Handoffs as both of their nodes see them while they are under way: phases in order, how long each has taken, and how much has arrived.
import { expect, test } from 'vitest'
import { Box } from '#test/support/box.ts'
import { crate } from '#test/support/crate.ts'

const { Crate, goOn } = crate()
const SIZE = 2 * 1024 * 1024

test('a handoff shows its phases in order, at both ends, and what of its state has arrived', async () => {
  const box = await Box.formed({ names: ['n1', 'n2'], node: { behaviours: [Crate], supervisor: { name: 'crates' } }, delayMs: 20 })
  await box.through(box.node('n1').supervisor.startChild({ id: 'crate', start: [Crate, SIZE] }))
  await box.clock.advance(200)
  const from = box.node('n1').registry.lookup('crate')?.node as string
  const [source, target] = from.startsWith('n1.') ? (['n1', 'n2'] as const) : (['n2', 'n1'] as const)
  const seen = (name: string) => [...box.node(name).parts.handoffs.underWay()]
  expect([...seen(source), ...seen(target)]).toEqual([])

  box.node(source).cast(Crate.named('crate'), 'hang')
  await box.clock.advance(50)
  let outcome: unknown
  void box
    .node(source)
    .supervisor.moveChild('crate', target)
    .then((moved) => {
      outcome = moved
    })
  await box.clock.advance(300)
  const held = { name: 'crate', behaviour: 'crate', direction: 'out', peer: box.node(target).cluster.id, reason: 'manual' }
  const [{ forMs, phaseMs, ...first } = { forMs: 0, phaseMs: 0 }, ...rest] = seen(source)
  expect([first, rest]).toEqual([
    { ...held, handoffId: expect.any(String), phase: 'prepare', startedAt: expect.any(Number), bytes: undefined, arrivedBytes: 0 },
    [],
  ])
  expect([forMs > 200, phaseMs]).toEqual([true, forMs])
  expect(seen(target)).toEqual([])

  goOn()
  const phases = { out: [] as string[], in: [] as string[] }
  const arrived = { out: [] as number[], in: [] as number[] }
  await box.clock.until(
    () => {
      for (const one of [...seen(source), ...seen(target)]) {
        const { direction, phase, arrivedBytes, bytes = 0 } = one
        if (phases[direction].at(-1) !== phase) phases[direction].push(phase)
        arrived[direction].push(arrivedBytes)
        expect(one.phaseMs).toBeLessThanOrEqual(one.forMs)
        if (phase !== 'prepare') expect(bytes).toBeGreaterThan(SIZE)
        if (phase === 'activate') expect([arrivedBytes, one.phaseMs < one.forMs]).toEqual([bytes, true])
      }
      return outcome !== undefined
    },
    10_000,
    5,
  )
  expect(outcome).toEqual({ ok: true, outcome: 'completed' })
  expect(phases).toEqual({ out: ['transfer', 'activate'], in: ['transfer', 'activate'] })
  for (const sizes of Object.values(arrived)) {
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
    // It came in pieces, and was seen to.
    expect(new Set(sizes).size).toBeGreaterThan(5)
  }
  await box.clock.advance(100)
  expect([...seen(source), ...seen(target)]).toEqual([])
  for (const running of box.live()) await box.stop(running.name)
})
