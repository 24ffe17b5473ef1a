// The spans that facts make, and what they link to.
import { describe, expect, test } from 'vitest'
import { createTraces } from '#observability/traces.ts'
import { Crash, Pid } from '#otp-labs'
import { FakeClock } from '#test/support/fake-clock.ts'
import { ATTRIBUTES, EVENTS, type Facts, SPANS, type SpanEntry, type SpanName } from '#vocabulary'
import { everyExample, examples, T0, TRACE } from './support/facts.ts'
import { eventStream } from './support/node.ts'
import { linksOf, memoryTracers } from './support/spans.ts'

function watch() {
  const clock = new FakeClock(T0)
  const tracers = memoryTracers()
  const traces = createTraces(tracers, clock)
  const events = eventStream()
  events.subscribe('traces', traces.table)
  return { clock, events, traces, ...tracers }
}

const idOf = (span: { spanContext(): { spanId: string } } | undefined) => span?.spanContext().spanId

/** The facts of one crash and the restart that follows it. */
function crashAndRestart(events: ReturnType<typeof eventStream>, number: number, trace?: string): void {
  const [exited] = examples['process.exited']
  const [restarted] = examples['supervisor.child_restarted']
  const [oldPid, newPid] = [new Pid('n1.lq3f9a', number), new Pid('n1.lq3f9a', number + 1)]
  events.emit('process.exited', { ...exited, pid: oldPid, trace })
  events.emit('process.spawned', { ...examples['process.spawned'][0], pid: newPid, cause: 'restart' })
  events.emit('supervisor.child_restarted', { ...restarted, restartId: oldPid, oldPid, newPid })
}

describe('a restart', () => {
  test('links to the crash that led to it, to the spawn, and to the previous restart of the same child', () => {
    const { events, named } = watch()
    crashAndRestart(events, 1)
    crashAndRestart(events, 2)
    const [first, second] = named('otp.supervisor.restart')
    const crashes = named('otp.process.crash')
    const spawns = named('otp.process.spawn')
    expect(linksOf(first)).toEqual({ crash: idOf(crashes[0]), spawn: idOf(spawns[0]) })
    expect(linksOf(second)).toEqual({ crash: idOf(crashes[1]), spawn: idOf(spawns[1]), previous_restart: idOf(first) })
  })

  test('links to the span that handled the message, if that was sampled; the crash is a child of it', () => {
    const { events, named } = watch()
    crashAndRestart(events, 1, TRACE)
    const [crash] = named('otp.process.crash')
    expect(linksOf(named('otp.supervisor.restart')[0]).crash).toBe('b7ad6b7169203331')
    expect(crash?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
    expect(crash?.attributes).toMatchObject({ 'otp.keep': true, 'otp.handling': 'call bid', 'error.type': 'TypeError' })
  })

  test('of another child links to nothing of this one', () => {
    const { events, named } = watch()
    crashAndRestart(events, 1)
    events.emit('supervisor.child_restarted', { ...examples['supervisor.child_restarted'][0], child: 'lot-2' })
    expect(linksOf(named('otp.supervisor.restart')[1])).toEqual({})
  })

  test('begins when the exit was seen and lasts until the child was ready', () => {
    const { events, named } = watch()
    crashAndRestart(events, 1)
    const [restart] = named('otp.supervisor.restart')
    expect(restart?.startTime).toEqual([T0 / 1000, 0])
    expect(restart?.duration).toEqual([0, 3_000_000])
  })

  test('too many: giving up links to the crash and to the last restart of that child', () => {
    const { events, named } = watch()
    crashAndRestart(events, 1)
    events.emit('process.exited', examples['process.exited'][0])
    events.emit('supervisor.intensity_exceeded', examples['supervisor.intensity_exceeded'][0])
    expect(linksOf(named('otp.supervisor.intensity_exceeded')[0])).toEqual({
      crash: idOf(named('otp.process.crash')[1]),
      previous_restart: idOf(named('otp.supervisor.restart')[0]),
    })
  })
})

test('a takeover links to the change of membership that led to it', () => {
  const { events, named } = watch()
  events.emit('cluster.member_changed', examples['cluster.member_changed'][0])
  events.emit('child.taken_over', examples['child.taken_over'][0])
  const [change] = named('otp.cluster.member_change')
  expect(change?.attributes['otp.change.id']).toBe('n2#lq3f9b:down')
  expect(linksOf(named('otp.child.takeover')[0])).toEqual({ cause: idOf(change) })
})

test('a spawn within a kept request is a part of its trace', () => {
  const { events, spans } = watch()
  events.emit('process.spawned', { ...examples['process.spawned'][0], trace: TRACE })
  expect(spans()[0]?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
})

describe('a burst', () => {
  test('of 10,000 restarts in one tick is 100 spans and one that stands for the rest', async () => {
    const { clock, events, named } = watch()
    const [restart] = examples['supervisor.child_restarted']
    for (let index = 0; index < 10_000; index++) {
      events.emit('supervisor.child_restarted', { ...restart, reason: index % 2 === 0 ? 'noproc' : restart.reason, startedAt: T0 + index })
    }
    expect(named('otp.supervisor.restart')).toHaveLength(100)
    await clock.advance(1000)
    expect(named('otp.lifecycle.burst').map(({ attributes }) => attributes)).toEqual([
      {
        'otp.burst.under': 'root/lots',
        'otp.burst.of': 'otp.supervisor.restart',
        'otp.burst.count': 9900,
        'otp.burst.reasons': ['noproc', 'TypeError'],
      },
    ])
  })

  test('is reported when telemetry ends, and a new window lets spans through again', async () => {
    const { clock, events, named, traces } = watch()
    const spawn = () => events.emit('process.spawned', examples['process.spawned'][0])
    for (let index = 0; index < 101; index++) spawn()
    traces.flush()
    expect(named('otp.lifecycle.burst')).toHaveLength(1)
    await clock.advance(1000)
    spawn()
    expect(named('otp.process.spawn')).toHaveLength(101)
    expect(named('otp.lifecycle.burst')).toHaveLength(1)
  })
})

describe('every fact', () => {
  test.for(Object.keys(EVENTS) as (keyof Facts)[])('%s makes the spans that the vocabulary says', (type) => {
    const { events, spans, traces } = watch()
    for (const event of examples[type]) {
      events.emit(type, event)
      expect(traces.spanOf(event) !== undefined).toBe(EVENTS[type].spans.length > 0)
    }
    expect([...new Set(spans().map(({ name }) => name))].sort()).toEqual([...EVENTS[type].spans].sort())
    for (const span of spans()) {
      const entry: SpanEntry = SPANS[span.name as SpanName]
      expect(span.instrumentationScope.name).toBe(entry.scope)
      const attributes = [...Object.keys(span.attributes), ...span.links.flatMap(({ attributes }) => Object.keys(attributes ?? {}))]
      expect(attributes.filter((name) => !(entry.attributes as readonly string[]).includes(name))).toEqual([])
      expect(attributes.filter((name) => !(name in ATTRIBUTES))).toEqual([])
    }
  })

  test('keeps the words of an error out of its span', () => {
    const { events, spans } = watch()
    for (const { type, event } of everyExample) events.emit(type, event)
    events.emit('process.exited', { ...examples['process.exited'][0], reason: new Crash(new Error('no such lot')) })
    expect(JSON.stringify(spans().map(({ attributes, events: told, status }) => ({ attributes, told, status })))).not.toContain(
      'no such lot',
    )
  })
})

describe('a handoff', () => {
  test('is one trace over both nodes: its phases one after the other where it leaves, and its arrival', () => {
    const { events, spans, named } = watch()
    const [ended] = examples['handoff.ended']
    events.emit('handoff.ended', ended)
    events.emit('handoff.received', examples['handoff.received'][0])
    const made = spans()
    expect(made.map(({ name }) => name)).toEqual([
      'otp.handoff.prepare',
      'otp.handoff.transfer',
      'otp.handoff.activate',
      'otp.handoff.forward',
      'otp.handoff.receive',
    ])
    expect(new Set(made.map((span) => span.spanContext().traceId))).toEqual(new Set(['0af7651916cd43dd8448eb211c80319c']))
    const [prepare, transfer] = made
    expect(transfer?.startTime).toEqual(prepare?.endTime)
    expect(named('otp.handoff.forward')[0]?.attributes).toMatchObject({ 'otp.handoff.forwarded': 3, 'otp.outcome': 'completed' })
  })

  test('that failed says so on its last phase', () => {
    const { events, spans } = watch()
    events.emit('handoff.ended', examples['handoff.ended'][1] as Facts['handoff.ended'])
    expect(spans().map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
      ['otp.handoff.prepare', undefined],
      ['otp.handoff.transfer', 'resumed'],
    ])
  })
})
