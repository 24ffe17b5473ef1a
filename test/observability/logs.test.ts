// One record for every fact: its level, its ids, and what it never says.
import { describe, expect, test } from 'vitest'
import { createLogger, createLogs, LOG_LEVELS, logControls, REDACTED } from '#observability/logs.ts'
import type { ExemplarLabels } from '#observability/metrics/cells.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { EVENTS, type Facts } from '#vocabulary'
import { everyExample, examples, TRACE } from './support/facts.ts'
import { eventStream, identity } from './support/node.ts'

type Line = Record<string, unknown> & { level: string; event: string; msg: string }

interface Ids {
  readonly span?: ExemplarLabels
  readonly active?: ExemplarLabels
}

function watch(level = 'debug', ids: Ids = {}) {
  const lines: Line[] = []
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
  const logger = createLogger({ node: identity, level, destination, traceIds: () => ids.active })
  const events = eventStream()
  const clock = new FakeClock()
  const logs = createLogs(logger, { spanOf: () => ids.span, clock })
  events.subscribe('logs', logs.table)
  return { logger, lines, events, logs, clock }
}

const ids = (letter: string): ExemplarLabels => ({ trace_id: letter.repeat(32), span_id: letter.repeat(16) })

describe('every fact', () => {
  test.for(Object.keys(EVENTS) as (keyof Facts)[])('%s is one record at a level that the vocabulary names', (type) => {
    const { events, lines } = watch()
    for (const event of examples[type]) events.emit(type, event)
    expect(lines.map(({ event, msg }) => [event, msg])).toEqual(examples[type].map(() => [type, EVENTS[type].says]))
    expect([...new Set(lines.map(({ level }) => level))].sort()).toEqual([...EVENTS[type].levels].sort())
    for (const line of lines) expect(line).toMatchObject({ node_name: 'n1', node_id: 'n1.lq3f9a', version: '1.2.3' })
  })
})

test('a crash is an error, an end that was asked for is not', () => {
  const { events, lines } = watch()
  for (const event of examples['process.exited']) events.emit('process.exited', event)
  expect(lines.map(({ level, reason }) => [level, reason])).toEqual([
    ['error', 'TypeError: no such lot'],
    ['warn', 'killed'],
    ['debug', 'normal'],
  ])
  expect(lines[0]).toMatchObject({
    pid: 'n1.lq3f9a.42',
    supervisor: 'root/lots',
    handling: 'call bid',
    exception: { type: 'TypeError', message: 'no such lot', stacktrace: expect.stringContaining('facts.ts') },
  })
})

test('what happens all day is not written unless it is asked for', () => {
  const { events, lines } = watch('info')
  for (const { type, event } of everyExample) events.emit(type, event)
  const expected = Object.values(EVENTS)
    .flatMap(({ levels }) => levels)
    .filter((level) => level !== 'debug')
  expect(new Set(lines.map(({ level }) => level))).toEqual(new Set(expected))
})

describe('the ids of a trace', () => {
  const [restarted] = examples['supervisor.child_restarted']
  const [exited] = examples['process.exited']

  test('are those of the span that was made of the fact', () => {
    const { events, lines } = watch('info', { span: ids('a'), active: ids('c') })
    events.emit('supervisor.child_restarted', restarted)
    expect(lines[0]).toMatchObject(ids('a'))
  })

  test('are those of the trace in which it happened, where no span was made', () => {
    const { events, lines } = watch('info', { active: ids('c') })
    events.emit('process.exited', { ...exited, trace: TRACE })
    expect(lines[0]).toMatchObject({ trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' })
  })

  test('are those of the active trace on every other line', () => {
    const { logger, lines } = watch('info', { active: ids('c') })
    logger.info('hello')
    expect(lines[0]).toMatchObject({ msg: 'hello', ...ids('c') })
  })

  test('are left out where there is none', () => {
    const { events, lines } = watch()
    events.emit('supervisor.child_restarted', restarted)
    expect(lines[0]).not.toHaveProperty('trace_id')
  })
})

describe('what is struck out', () => {
  test.for(REDACTED)('is whatever is called %s, three levels deep', (name) => {
    const { logger, lines } = watch()
    logger.info({ [name]: 's1', config: { [name]: 's2', http: { [name]: { inner: 's3' } } } }, 'started')
    expect(JSON.stringify(lines)).not.toMatch(/"s[1-3]"/)
    expect(lines[0]).toMatchObject({
      [name]: '[redacted]',
      config: { [name]: '[redacted]', http: { [name]: '[redacted]' } },
      msg: 'started',
    })
  })

  test('is struck out of facts, too', () => {
    const { events, lines } = watch()
    events.emit('cluster.connect_failed', { ...examples['cluster.connect_failed'][0], token: 's1', state: { high: 5 } } as never)
    expect(lines[0]).toMatchObject({ token: '[redacted]', state: '[redacted]', event: 'cluster.connect_failed' })
  })
})

describe('a storm', () => {
  const [exited] = examples['process.exited']
  const times = (count: number, say: (index: number) => void) => {
    for (let index = 0; index < count; index++) say(index)
  }

  test('is told by its first records and one that counts the rest, when ten seconds are over', async () => {
    const { events, lines, clock } = watch('info')
    times(1000, () => events.emit('process.exited', exited))
    expect(lines.map(({ event }) => event)).toEqual(Array.from({ length: 20 }, () => 'process.exited'))
    await clock.advance(10_000)
    expect(lines.at(-1)).toMatchObject({
      level: 'warn',
      event: 'telemetry.logs_held_back',
      of: 'process.exited',
      supervisor: 'root/lots',
      count: 980,
      reasons: ['TypeError: no such lot'],
      first: '2026-01-01T00:00:00.000Z',
    })
    expect(lines).toHaveLength(21)
  })

  test('that goes on is counted in every window, and no record is lost from the count', async () => {
    const { events, lines, clock } = watch('info')
    for (let second = 0; second < 30; second++) {
      times(10, () => events.emit('process.exited', exited))
      await clock.advance(1000)
    }
    await clock.advance(10_000)
    const held = lines.filter(({ event }) => event === 'telemetry.logs_held_back')
    const written = lines.length - held.length
    expect(held.length).toBeGreaterThanOrEqual(2)
    expect(written + held.reduce((sum, { count }) => sum + (count as number), 0)).toBe(300)
    expect(clock.pending).toBe(0)
  })

  test('of one supervisor, or of one kind, holds back no other', () => {
    const { events, lines } = watch('info')
    times(100, () => events.emit('process.exited', exited))
    events.emit('process.exited', { ...exited, supervisor: 'root/bank' })
    events.emit('supervisor.child_restarted', examples['supervisor.child_restarted'][0])
    expect(lines.slice(20).map(({ event, supervisor }) => [event, supervisor])).toEqual([
      ['process.exited', 'root/bank'],
      ['supervisor.child_restarted', 'root/lots'],
    ])
  })

  test('holds back nothing of what was asked for by debug', () => {
    const { events, lines } = watch('debug')
    times(100, () => events.emit('process.spawned', examples['process.spawned'][0]))
    expect(lines).toHaveLength(100)
  })

  test('is counted to the end when the node stops in its midst', () => {
    const { events, lines, logs } = watch('info')
    times(25, () => events.emit('process.exited', exited))
    logs.flush()
    expect(lines.at(-1)).toMatchObject({ event: 'telemetry.logs_held_back', count: 5 })
  })
})

describe('the level', () => {
  test('changes at run time, for facts and for every other line', () => {
    const { logger, events, lines } = watch('info')
    const controls = logControls(logger)
    const say = () => {
      events.emit('process.spawned', examples['process.spawned'][0])
      logger.debug('by hand')
    }
    say()
    controls.setLevel('debug')
    say()
    controls.setLevel('error')
    say()
    expect(lines.map(({ event, msg }) => event ?? msg)).toEqual(['process.spawned', 'by hand'])
    expect(controls.level).toBe('error')
  })

  test.for(LOG_LEVELS)('can be %s', (level) => {
    const controls = logControls(watch().logger)
    controls.setLevel(level)
    expect(controls.level).toBe(level)
  })

  test('that is none is refused, and the one before stays', () => {
    const controls = logControls(watch('info').logger)
    expect(() => controls.setLevel('loud' as never)).toThrow(expect.objectContaining({ code: 'ERR_OTP_TELEMETRY_LOG_LEVEL' }))
    expect(controls.level).toBe('info')
  })
})
