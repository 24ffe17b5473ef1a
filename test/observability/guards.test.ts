// What keeps facts, metrics and documents together, and proof that each guard can fail.
import { globSync, readFileSync } from 'node:fs'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { declaredEvents, eventsIn } from '#observability/event-fields.ts'
import { createLogs } from '#observability/logs.ts'
import { createMetrics } from '#observability/metrics.ts'
import { createTraces } from '#observability/traces.ts'
import { EventLog } from '#src/introspect/event-log.ts'
import { eventLogTable } from '#src/node-events.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { EVENTS, METRICS } from '#vocabulary'
import { unevenPages, unevenRows } from './support/guards.ts'
import { unknownMetrics } from './support/promql.ts'
import { memoryTracers } from './support/spans.ts'

const declared = [...declaredEvents().keys()]
const tables = {
  metrics: createMetrics({ snapshot: () => undefined, clock: new FakeClock(), runtime: false }).table,
  traces: createTraces(memoryTracers()).table,
  logs: createLogs(pino({ enabled: false })).table,
  'event log': eventLogTable(new EventLog(() => 0)),
  vocabulary: EVENTS,
}
const metrics = Object.keys(METRICS)
const page = readFileSync('docs/reference/metrics.md', 'utf8')
const documents = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md')]
/** What rules record is theirs to document. */
/** Buckets of NATS, in examples of the cluster `shop`. */
const BUCKET = /^otp_shop_(names|states)$/
const unknownIn = (text: string) => unknownMetrics(text).filter((name) => name.startsWith('otp_') && !BUCKET.test(name))

describe('every fact that a room states', () => {
  test('has a row in metrics, traces, logs, the event log and the vocabulary', () => {
    expect(declared.length).toBeGreaterThan(50)
    expect(unevenRows(declared, tables)).toEqual([])
  })

  test('is missed where its row is taken away, or nobody states it any more', () => {
    for (const [name, table] of Object.entries(tables)) {
      const { 'process.exited': _, ...rest } = table as Record<string, unknown>
      expect(unevenRows(declared, { [name]: rest })).toEqual([`${name} has no row for process.exited`])
    }
    expect(unevenRows(declared, { metrics: { ...tables.metrics, 'process.slept': null } })).toEqual([
      'metrics has a row for process.slept, which nobody states',
    ])
  })

  test('is found with its fields and what is said of it', () => {
    const source = `
      interface Other { 'not.a.fact': { at: number } }
      export interface LabEvents {
        /** It began,
         *  and more. */
        'lab.began': { name: string; at: number }
        'lab.ended': {
          /** Why. */
          reason: 'a' | 'b'
        }
      }`
    expect(eventsIn(source)).toEqual([
      ['lab.began', { comment: 'It began, and more.', fields: ['name: string', 'at: number'] }],
      ['lab.ended', { comment: '', fields: ["reason: 'a' | 'b'"] }],
    ])
  })

  test('is found with fields that are declared elsewhere, and missed with those that are nowhere', () => {
    const source = `
      import type { Report } from './report.ts'
      interface Place { readonly node: string }
      export interface LabEvents { 'lab.ended': Report & Place & { at: number } }`
    const beside = (specifier: string) => `export interface ${specifier === './report.ts' ? 'Report' : 'Other'} { readonly moved: number }`
    expect(eventsIn(source, beside)).toEqual([['lab.ended', { comment: '', fields: ['moved: number', 'node: string', 'at: number'] }]])
    expect(() => eventsIn(source, () => '')).toThrow('no interface Report')
    expect(() => eventsIn(source.replace(/import.*/, ''), beside)).toThrow('are not to be found: Report')
  })
})

describe('every metric', () => {
  test('is documented, and nothing else is', () => {
    expect(unevenPages(metrics, [page])).toEqual([])
  })

  test('that is taken from the page, or from the vocabulary, is missed', () => {
    const without = page.replace(/^\| `otp_link_rtt_seconds` .*\n/m, '')
    expect(unevenPages(metrics, [without])).toEqual(['otp_link_rtt_seconds has no row'])
    const fewer = metrics.filter((name) => name !== 'otp_link_rtt_seconds')
    expect(unevenPages(fewer, [page])).toEqual(['a row names otp_link_rtt_seconds, which is no metric'])
  })
})

describe('documents', () => {
  test.for(documents)('%s names no metric that is not there', (path) => {
    expect(unknownIn(readFileSync(path, 'utf8'))).toEqual([])
  })

  test('that name a metric which is not there are found', () => {
    expect(unknownIn('See `otp_processes`, `otp_mailbox_wait_seconds_bucket` and `otp_mailbox_length`.')).toEqual(['otp_mailbox_length'])
  })
})
