// The files between a node and a person: every field is one that its program knows, and what one file says of another is so.
import { describe, expect, test } from 'vitest'
import { lines } from '#observability/alertmanager/contact.ts'
import { ATTRIBUTES, SPANS } from '#vocabulary'
import { Collector, Compose, collector, compose, Loki, loki, Tempo, tempo } from './support/pipeline.ts'

describe('the schemas can fail', () => {
  test.for([
    ['a field that is misspelt', Collector, { ...collector, exporter: {} }],
    ['a block that Tempo 3 refuses', Tempo, { ...tempo, ingester: {} }],
    ['records that are kept for ever', Loki, { ...loki, compactor: { ...loki.compactor, retention_enabled: false } }],
    [
      'an index that takes no structured metadata',
      Loki,
      { ...loki, schema_config: { configs: [{ ...loki.schema_config.configs[0], schema: 'v12' }] } },
    ],
    ['a service with a field of another', Compose, { ...compose, services: { n1: { image: 'x', health: {} } } }],
  ] as const)('on %s', ([, schema, value]) => {
    expect(schema.safeParse(value).success).toBe(false)
  })
})

describe('the collector', () => {
  const pipelines = Object.entries(collector.service.pipelines)
  const defined = (kind: 'receivers' | 'exporters') => [...Object.keys(collector[kind]), ...Object.keys(collector.connectors)]

  test('uses what is defined, and defines what is used', () => {
    const used = (kind: 'receivers' | 'processors' | 'exporters') => new Set(pipelines.flatMap(([, each]) => each[kind]))
    expect([...used('receivers')].toSorted()).toEqual(defined('receivers').toSorted())
    expect([...used('exporters')].toSorted()).toEqual(defined('exporters').toSorted())
    expect([...used('processors')].toSorted()).toEqual(Object.keys(collector.processors).toSorted())
    expect(collector.service.extensions).toEqual(Object.keys(collector.extensions))
  })

  test('guards its memory before anything else', () => {
    for (const [name, { receivers, processors }] of pipelines) {
      if (receivers.includes('otlp')) expect([name, processors[0]]).toEqual([name, 'memory_limiter'])
    }
  })

  test('measures spans before any is dropped', () => {
    const [, measured] = pipelines.find(([, { exporters }]) => exporters.includes('span_metrics')) ?? []
    expect(measured?.receivers).toEqual(['otlp'])
    expect(measured?.processors).toEqual(['memory_limiter'])
    expect(measured?.exporters).toContain('forward')
    const [, sampled] = pipelines.find(([, { processors }]) => processors.includes('tail_sampling')) ?? []
    expect(sampled?.receivers).toEqual(['forward'])
  })

  test('keeps what is marked, the lifecycle, errors and what is slow', () => {
    const { policies } = collector.processors.tail_sampling
    expect(policies).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ boolean_attribute: { key: 'otp.keep' satisfies keyof typeof ATTRIBUTES, value: true } }),
        expect.objectContaining({ status_code: { status_codes: ['ERROR'] } }),
        expect.objectContaining({ type: 'latency' }),
      ]),
    )
    const scopes = policies.flatMap((one) => (one.type === 'ottl_condition' ? one.ottl_condition.span : []))
    const kept = [...new Set(Object.values(SPANS).map(({ scope }) => scope))].filter((scope) => scope !== 'otp.message')
    expect(scopes.toSorted()).toEqual(kept.map((scope) => `instrumentation_scope.name == "${scope}"`).toSorted())
  })

  test('lets every log record through', () => {
    expect(collector.service.pipelines['logs']).toEqual({
      receivers: ['otlp'],
      processors: ['memory_limiter', 'batch'],
      exporters: ['otlp_http'],
    })
  })

  test('labels by attributes that exist and are bounded', () => {
    const labels = collector.connectors.span_metrics.dimensions.map(({ name }) => name)
    for (const label of labels) expect([label, label in ATTRIBUTES]).toEqual([label, true])
    for (const unbounded of ['otp.process.pid', 'otp.name', 'otp.child']) expect(labels).not.toContain(unbounded)
  })
})

test('the contact prints one line for each alert: to whom, what, and where to read on', () => {
  const alert = {
    status: 'firing',
    labels: { alertname: 'OtpNodeDown' },
    annotations: { description: 'Node c is silent.', runbook_url: 'https://x' },
  }
  expect(lines({ receiver: 'ticket', status: 'firing', alerts: [alert, { ...alert, status: 'resolved' }] })).toEqual([
    'ticket: firing  OtpNodeDown  Node c is silent.  https://x',
    'ticket: over  OtpNodeDown  Node c is silent.  https://x',
  ])
})
