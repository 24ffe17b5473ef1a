// The vocabulary against the pages and the sources that are made from it.
import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { pages } from '#observability/generate-docs.ts'
import { ATTRIBUTES, type Attribute, EVENTS, METRICS, type MetricEntry, otpMetricNames, SPANS } from '#vocabulary'

describe('the reference pages', () => {
  test.for(Object.entries(pages()))('%s is what the vocabulary says', ([path, text]) => {
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('name every metric, span, attribute and event', () => {
    const text = Object.values(pages()).join('\n')
    for (const name of [METRICS, SPANS, ATTRIBUTES, EVENTS].flatMap(Object.keys)) expect(text).toContain(`| \`${name}\` |`)
  })
})

describe('names', () => {
  test('begin with otp and are of base units', () => {
    for (const name of otpMetricNames) {
      expect(name).toMatch(/^otp_[a-z]+(_[a-z]+)*$/)
      expect(name).not.toMatch(/_(ms|milliseconds|kb|megabytes|percent|minutes)(_|$)/)
    }
  })

  test('of labels are of the bounded set that the code knows', () => {
    const bounded = [
      'application',
      'behaviour',
      'cause',
      'change',
      'class',
      'direction',
      'kind',
      'locality',
      'metric',
      'op',
      'outcome',
      'peer',
      'phase',
      'reason',
      'resolution',
      'role',
      'route',
      'scope',
      'state',
      'status',
      'store',
      'subscriber',
      'supervisor',
      'topology',
      'version',
      'zone',
    ]
    const labels = otpMetricNames.flatMap((name) => Object.keys((METRICS[name] as MetricEntry).labels))
    expect([...new Set(labels)].sort()).toEqual(bounded)
  })

  test('of attributes are all used by a span', () => {
    const used = new Set(Object.values(SPANS).flatMap(({ attributes }) => attributes as readonly Attribute[]))
    expect(Object.keys(ATTRIBUTES).filter((name) => !used.has(name as Attribute))).toEqual([])
  })

  test('of metrics stand in no source beside the vocabulary that the compiler does not check', () => {
    const sources = globSync('observability/**/*.ts').filter((path) => !path.includes('vocabulary'))
    expect(sources.length).toBeGreaterThan(10)
    for (const path of sources) {
      for (const [name] of readFileSync(path, 'utf8').matchAll(/\botp_[a-z_]+\b/g)) expect([path, name in METRICS]).toEqual([path, true])
    }
  })
})
