// A storm of 10,000 restarts in one second: each of them is a span, or is counted by one that stands for many.
import { expect, test } from 'vitest'
import { createTraces } from '#observability/traces.ts'
import { dynamicSupervisor, genServer } from '#otp'
import { EventStream, type NodeEvents } from '#otp-labs'
import { type Pid, Runtime } from '#process'
import { FakeClock, settled } from '#test/support/fake-clock.ts'
import { memoryTracers } from './support/spans.ts'

const CHILDREN = 10_000

const Fragile = genServer({
  name: 'fragile',
  init: () => 0,
  casts: {
    crash: (): number => {
      throw new TypeError('crash')
    },
  },
})

test('loses no span of a life, and makes few', async () => {
  const clock = new FakeClock(1_700_000_000_000)
  const tracers = memoryTracers()
  const events = new EventStream<NodeEvents>()
  events.subscribe('traces', createTraces(tracers, clock).table)
  const runtime = new Runtime({ id: 'n1.a', clock, events })
  const supervisor = await runtime.spawn(dynamicSupervisor({ name: 'storm', maxRestarts: CHILDREN, periodMs: 5000 }).body, undefined, {
    cause: 'boot',
  })
  if (!supervisor.ok) throw new Error('the supervisor did not start')
  const starts = Array.from({ length: CHILDREN }, (_, i) =>
    runtime.call(supervisor.pid, 'startChild', { spec: { id: `child-${i}`, start: [Fragile] }, cause: 'call' }),
  )
  const turn = async () => {
    for (let i = 0; i < 50; i++) await clock.advance(1)
    await settled()
  }
  await turn()
  const children = (await Promise.all(starts)) as { pid: Pid }[]
  await clock.advance(2000)

  const before = tracers.spans().length
  const stormedAt = clock.now()
  for (const { pid } of children) runtime.send(pid, 'cast', 'crash', undefined)
  await turn()
  expect(clock.now() - stormedAt).toBeLessThan(1000)
  expect(runtime.processCount).toBe(CHILDREN + 1)
  await clock.advance(1000)

  const made = tracers.spans().slice(before)
  const counted = (name: string): number =>
    made.filter((span) => span.name === name).length +
    made
      .filter(({ attributes }) => attributes['otp.burst.of'] === name)
      .reduce((sum, { attributes }) => sum + Number(attributes['otp.burst.count']), 0)
  for (const name of ['otp.process.crash', 'otp.process.spawn', 'otp.supervisor.restart'])
    expect([name, counted(name)]).toEqual([name, CHILDREN])
  expect(made.length).toBeLessThan(400)
  const burst = made.find(({ attributes }) => attributes['otp.burst.of'] === 'otp.supervisor.restart')
  expect(burst?.attributes).toMatchObject({ 'otp.burst.under': 'storm', 'otp.burst.reasons': ['TypeError'] })
})
