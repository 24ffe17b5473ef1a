// One record for every fact: its level, its ids, and what it never says.
import { describe, expect, test } from 'vitest'
import { createLogger, logsTable } from '#observability/logs.ts'
import type { ExemplarLabels } from '#observability/metrics/cells.ts'
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
  events.subscribe(
    'logs',
    logsTable(logger, () => ids.span),
  )
  return { logger, lines, events }
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

test('whatever is called a secret or a token is struck out', () => {
  const { logger, lines } = watch()
  logger.info(
    { secret: 's1', config: { token: 's2', http: { password: 's3' } }, headers: { authorization: 's4', cookie: 's5' } },
    'started',
  )
  expect(JSON.stringify(lines)).not.toMatch(/s[1-5]"/)
  expect(lines[0]).toMatchObject({ secret: '[redacted]', config: { token: '[redacted]' } })
})
