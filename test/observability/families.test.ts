// Cells by name and labels: zeros, bounds, overflow, and what is asked of who counts by himself.
import { describe, expect, test } from 'vitest'
import { keptIds } from '#observability/metrics/exemplar.ts'
import { Families, type Family } from '#observability/metrics/families.ts'
import { formatFor } from '#observability/metrics/format.ts'
import { MAX_LABEL_VALUES } from '#vocabulary'

const families = () => new Families(() => 1_700_000_000_500)
const family = (all: Families, name: string) => [...all.all].find((one) => one.name === name) as Family
const values = (all: Families, name: string) =>
  [...family(all, name).cells.values()].map((cell) => [cell.labels, 'value' in cell ? cell.value : cell.counts])

describe('a cell', () => {
  test('is the same one for the same labels', () => {
    const all = families()
    expect(all.value('otp_processes', { behaviour: 'lot' })).toBe(all.value('otp_processes', { behaviour: 'lot' }))
  })

  test('prints labels as Prometheus reads them', () => {
    const cell = families().value('otp_processes', { behaviour: 'a "quoted"\\\nname' })
    expect(cell.labels).toBe('behaviour="a \\"quoted\\"\\\\\\nname"')
  })

  test('of a histogram counts a value once under the first bound that holds it, as often as it stands for', () => {
    const all = families()
    const cell = all.histogram('otp_mailbox_depth', {})
    expect([1, 2, 4, 5, 100_000].map((value) => cell.observe(value))).toEqual([0, 1, 1, 2, 7])
    cell.observe(16, 10)
    expect(cell.counts).toEqual([1, 2, 11, 0, 0, 0, 0, 1])
    expect(cell.sum).toBe(1 + 2 + 4 + 5 + 100_000 + 160)
  })
})

describe('a family', () => {
  test('whose labels are all known stands at 0 from the beginning', () => {
    const all = families()
    expect(values(all, 'otp_registry_operations_total').map(([, value]) => value)).toEqual([0, 0, 0, 0])
    expect(values(all, 'otp_node_pauses_total')).toEqual([['', 0]])
  })

  test('that is a gauge says nothing before it is set', () => {
    expect(values(families(), 'otp_cluster_quorum')).toEqual([])
  })

  test('that is forgotten takes the same labels again', () => {
    const all = families()
    for (let round = 0; round < 3; round++) {
      all.forget('otp_processes')
      for (let i = 0; i < MAX_LABEL_VALUES; i++) all.set('otp_processes', { behaviour: `b${i}` }, 1)
    }
    expect(values(all, 'otp_processes').length).toBe(MAX_LABEL_VALUES)
    expect(values(all, 'otp_telemetry_label_overflow_total')).toEqual([['metric="otp_processes"', 0]])
  })

  test('adds up what comes beyond 200 values of a label, and counts how often', () => {
    const all = families()
    for (let i = 0; i < MAX_LABEL_VALUES + 3; i++) all.set('otp_processes', { behaviour: `b${i}` }, 5)
    expect(values(all, 'otp_processes').at(-1)).toEqual(['behaviour="other"', 15])
    expect(values(all, 'otp_telemetry_label_overflow_total')).toEqual([['metric="otp_processes"', 3]])
  })

  test('counts overflow also where a cell was kept', () => {
    const all = families()
    for (let i = 0; i < MAX_LABEL_VALUES; i++) all.cells('otp_process_spawns_total', { behaviour: `b${i}` }, 'cause')
    const late = all.cells<'boot'>('otp_process_spawns_total', { behaviour: 'late' }, 'cause')
    late.boot.add()
    late.boot.add()
    all.histogram('otp_process_init_duration_seconds', { behaviour: 'first' }).observe(1)
    expect(values(all, 'otp_telemetry_label_overflow_total')).toEqual([['metric="otp_process_spawns_total"', 2]])
  })
})

test('an exemplar says when, and what was measured', () => {
  const all = families()
  const ids = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) }
  all.count('otp_registry_conflicts_total', { resolution: 'kept' }, ids)
  expect(all.value('otp_registry_conflicts_total', { resolution: 'kept' }).exemplar).toEqual({ ids, value: 1, at: 1_700_000_000.5 })
  all.observe('otp_handoff_duration_seconds', { phase: 'total' }, 0.2, ids)
  const { exemplars } = all.histogram('otp_handoff_duration_seconds', { phase: 'total' })
  expect(exemplars.map((exemplar) => exemplar?.value)).toEqual([
    undefined,
    undefined,
    undefined,
    0.2,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

describe('the ids of a carrier', () => {
  const carrier = (flags: string) => `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}`

  test('are an exemplar only where the sampled flag is set', () => {
    expect(keptIds(carrier('01'))).toEqual({ trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) })
    expect(keptIds(carrier('03'))).toBeDefined()
    expect(keptIds(carrier('00'))).toBeUndefined()
    expect(keptIds(carrier('02'))).toBeUndefined()
    expect(keptIds('nonsense')).toBeUndefined()
    expect(keptIds(undefined)).toBeUndefined()
  })
})

describe('the form of the page', () => {
  const prometheus =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'

  test.for([
    [prometheus, 'openmetrics'],
    ['application/openmetrics-text', 'openmetrics'],
    ['text/plain;q=0.5, application/openmetrics-text;q=0.5', 'openmetrics'],
    ['text/plain, application/openmetrics-text;q=0.5', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['text/plain', 'text'],
    ['text/html,*/*', 'text'],
    ['', 'text'],
    [undefined, 'text'],
  ] as const)('for %s is %s', ([accept, format]) => {
    expect(formatFor(accept)).toBe(format)
  })
})
