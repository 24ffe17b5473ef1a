// Facts in, the page that Prometheus reads out.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createMetrics, type MetricsOptions } from '#observability/metrics.ts'
import type { NodeSnapshot } from '#otp-labs'
import { FakeClock } from '#test/support/fake-clock.ts'
import { EVENTS, type Facts, MAX_LABEL_VALUES, METRICS, otpMetricNames, runtimeMetricNames } from '#vocabulary'
import { everyExample, examples } from './support/facts.ts'
import { eventStream, snapshot } from './support/node.ts'

function watch(options: Partial<MetricsOptions> = {}) {
  const clock = new FakeClock()
  const metrics = createMetrics({ snapshot: () => undefined, clock, runtime: false, ...options })
  const events = eventStream()
  events.subscribe('metrics', metrics.table)
  return { clock, metrics, events, page: async (accept?: string) => (await metrics.render(accept)).body }
}

/** Samples of the page, without what depends on how fast this machine is. */
const samples = (page: string): string[] =>
  page.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !/^otp_telemetry_(scrape|series)/.test(line))
const seriesValue = (page: string, series: string): number | undefined => {
  const line = page.split('\n').find((text) => text.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.split(' ')[1])
}
const familiesOf = (page: string): string[] => [...page.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] as string)

describe('the page', () => {
  test('reads as recorded after a small recording', async () => {
    const { events, metrics, clock } = watch({ snapshot: () => snapshot() })
    for (const type of ['supervisor.started', 'process.spawned', 'process.exited', 'supervisor.child_restarted'] as const) {
      for (const event of examples[type]) events.emit(type, event)
    }
    events.emit('cluster.member_changed', examples['cluster.member_changed'][0])
    events.emit('child.taken_over', examples['child.taken_over'][0])
    metrics.callMeasured('remote', 3, 'ok', 1, undefined)
    metrics.messageMeasured({ behaviour: 'lot', count: 3, depth: 2, waitMs: 2, handleMs: 0.5, trace: undefined })
    await clock.advance(300)
    const { contentType, body } = await metrics.render()
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
    await expect(body.replace(/^(otp_telemetry_(?:scrape|series)\S*) .*$/gm, '$1 …')).toMatchFileSnapshot('./support/page.txt')
  })

  test('holds every metric of the vocabulary, and no other', async () => {
    const { page } = watch({ runtime: true })
    expect(familiesOf(await page())).toEqual([...otpMetricNames, ...runtimeMetricNames])
  })

  test('has the kind, help, unit and buckets that the vocabulary says', async () => {
    const { page } = watch({ runtime: true })
    const text = await page()
    for (const [name, entry] of Object.entries(METRICS)) {
      expect(text).toContain(`# TYPE ${name} ${entry.kind}\n`)
      expect(text).toContain(`# HELP ${name} ${entry.help}\n`)
      expect([name, name.endsWith('_total')]).toEqual([name, entry.kind === 'counter'])
      if (entry.unit === 'seconds' || entry.unit === 'bytes' || entry.unit === 'ratio')
        expect(name).toMatch(new RegExp(`_${entry.unit}(_total)?$`))
      if ('buckets' in entry) expect(entry.buckets.length).toBeLessThan(8)
    }
  })

  test('stays within 2,500 series with 20 behaviours and 20 supervisors, four peers, a store and every route of the observer', async () => {
    const of = (count: number) => Array.from({ length: count }, (_, index) => index)
    const { behaviours, supervisors, traffic } = snapshot()
    const node: NodeSnapshot = snapshot({
      behaviours: of(20).map((index) => ({ ...(behaviours[0] as NodeSnapshot['behaviours'][number]), behaviour: `b${index}` })),
      supervisors: of(20).map((index) => ({ ...(supervisors[0] as NodeSnapshot['supervisors'][number]), supervisor: `s${index}` })),
      traffic: of(4).map((index) => ({ ...(traffic[0] as NodeSnapshot['traffic'][number]), peer: `n${index}` })),
      supervisorPath: 's0',
      arbiter: null,
    })
    const { page, events } = watch({ snapshot: () => node, runtime: true })
    for (const index of of(4)) events.emit('cluster.link_up', { ...examples['cluster.link_up'][0], peer: `n${index}.lq3f9b` })
    for (const index of of(4)) events.emit('cluster.peer_answered', { peer: `n${index}.lq3f9b`, durationMs: 1 })
    events.emit('state.written', examples['state.written'][0])
    for (const index of of(7))
      events.emit('http.request_completed', { ...examples['http.request_completed'][0], route: `/observer/r${index}` })
    const count = samples(await page()).length
    expect(count).toBeGreaterThan(2000)
    expect(count).toBeLessThanOrEqual(2500)
  })

  test('is rendered once for two who ask at the same time', async () => {
    let readings = 0
    const { page } = watch({ snapshot: () => snapshot({ registryNames: ++readings }) })
    const [first, second] = await Promise.all([page(), page()])
    expect(second).toBe(first)
    expect(readings).toBe(1)
    expect(seriesValue(await page(), 'otp_registry_names')).toBe(2)
  })

  test('as OpenMetrics carries exemplars of kept spans, and leaves the text page as it was', async () => {
    const ids = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) }
    const { page, events } = watch({ exemplar: () => ids })
    events.emit('supervisor.started', examples['supervisor.started'][0])
    events.emit('supervisor.child_restarted', examples['supervisor.child_restarted'][0])
    const before = samples(await page())
    const open = await page('application/openmetrics-text; version=1.0.0')
    expect(open).toContain('# TYPE otp_supervisor_restarts counter\n')
    expect(open).toContain(
      `otp_supervisor_restarts_total{supervisor="root/lots",cause="crash"} 1 # {trace_id="${ids.trace_id}",span_id="${ids.span_id}"} 1 `,
    )
    expect(open.endsWith('\n# EOF\n')).toBe(true)
    expect(samples(await page())).toEqual(before)
  })

  test('as OpenMetrics leads from messages and calls to the traces in which they were sampled', async () => {
    const carrier = (flags: string) => `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}`
    const { behaviours } = snapshot()
    const behaviour = {
      ...(behaviours[0] as NodeSnapshot['behaviours'][number]),
      tracedCalls: { ok: carrier('01'), timeout: carrier('00') },
    }
    const { page, metrics, clock } = watch({ snapshot: () => snapshot({ behaviours: [behaviour] }) })
    const message = { behaviour: 'lot', count: 1, depth: 1, waitMs: 2 }
    metrics.messageMeasured({ ...message, handleMs: 0.5, trace: carrier('01') })
    metrics.messageMeasured({ ...message, handleMs: 50, trace: carrier('00') })
    metrics.callMeasured('remote', 3, 'ok', 1, carrier('01'))
    const withExemplars = async () =>
      (await page('application/openmetrics-text')).split('\n').filter((line) => line.includes(' # {trace_id="aaaa'))
    const lines = await withExemplars()
    expect(lines.map((line) => line.slice(0, line.indexOf(' ')))).toEqual([
      'otp_mailbox_wait_seconds_bucket{le="0.005",behaviour="lot"}',
      'otp_message_handle_duration_seconds_bucket{le="0.001",behaviour="lot"}',
      'otp_calls_total{behaviour="lot",outcome="ok"}',
      'otp_call_duration_seconds_bucket{le="0.01",locality="remote"}',
    ])
    await clock.advance(15_000)
    expect(await withExemplars()).toEqual(lines)
  })

  test('is read once for two who ask for it in different forms', async () => {
    let readings = 0
    const { page } = watch({ snapshot: () => snapshot({ registryNames: ++readings }) })
    await Promise.all([page(), page('application/openmetrics-text')])
    expect(readings).toBe(1)
  })

  test('says nothing of a node that is not there yet', async () => {
    const { page } = watch()
    expect(await page()).not.toMatch(/^otp_(node_uptime_seconds|cluster_members)[ {]/m)
  })

  test('leaves out how many members there should be where nobody said', async () => {
    let membersExpected: number | undefined = 3
    const { page } = watch({ snapshot: () => snapshot({ membersExpected }) })
    expect(seriesValue(await page(), 'otp_cluster_members_expected')).toBe(3)
    membersExpected = undefined
    expect(seriesValue(await page(), 'otp_cluster_members_expected')).toBeUndefined()
  })
})

test('the lease of an arbiter is shown where there is one', async () => {
  let arbiter: NodeSnapshot['arbiter'] = { name: 'nats', state: 'lost', mayOwn: false, leaseAgeMs: 20_500, limitMs: 14_000, why: null }
  const { page } = watch({ snapshot: () => snapshot({ arbiter }) })
  const lease = (text: string) =>
    (['otp_arbiter_lease_age_seconds', 'otp_arbiter_lease_limit_seconds', 'otp_arbiter_may_own'] as const).map((name) =>
      seriesValue(text, name),
    )
  expect(lease(await page())).toEqual([20.5, 14, 0])
  arbiter = null
  expect(lease(await page())).toEqual([undefined, undefined, undefined])
})

test('an arbiter adds seventy series at most, and is not there at all where a node has none', async () => {
  const of = (text: string) => samples(text).filter((line) => line.startsWith('otp_arbiter_'))
  const { events, page } = watch({ snapshot: () => snapshot() })
  const before = of(await page()).filter((line) => !/^otp_arbiter_(lease_(age|limit)_seconds|may_own) /.test(line))
  expect(before).toEqual([])
  events.emit('arbiter.lease_acquired', examples['arbiter.lease_acquired'][0])
  const after = of(await page())
  expect(seriesValue(after.join('\n'), 'otp_arbiter_claims_total{op="takeover",outcome="unavailable"}')).toBe(0)
  expect(after.length).toBeGreaterThan(40)
  expect(after.length).toBeLessThanOrEqual(70)
})

describe('a counter', () => {
  test('stands at 0 in every combination from the moment its supervisor starts', async () => {
    const { events, page } = watch()
    events.emit('supervisor.started', examples['supervisor.started'][0])
    const text = await page()
    for (const cause of METRICS.otp_supervisor_restarts_total.labels.cause) {
      expect(seriesValue(text, `otp_supervisor_restarts_total{supervisor="root/lots",cause="${cause}"}`)).toBe(0)
    }
    expect(seriesValue(text, 'otp_supervisor_intensity_exceeded_total{supervisor="root/lots"}')).toBe(0)
    expect(seriesValue(text, 'otp_supervisor_restart_intensity_used_ratio_bucket{le="+Inf",supervisor="root/lots"}')).toBe(0)
  })

  test('of a behaviour stands at 0 in every combination from its first process on', async () => {
    const { events, page } = watch()
    events.emit('process.spawned', examples['process.spawned'][0])
    const text = await page()
    expect(seriesValue(text, 'otp_process_spawns_total{behaviour="lot",cause="call"}')).toBe(1)
    expect(seriesValue(text, 'otp_process_spawns_total{behaviour="lot",cause="takeover"}')).toBe(0)
    for (const kind of METRICS.otp_process_exits_total.labels.class) {
      expect(seriesValue(text, `otp_process_exits_total{behaviour="lot",class="${kind}"}`)).toBe(0)
    }
  })

  test('is not set back when its supervisor starts again', async () => {
    const { events, page } = watch()
    for (let round = 0; round < 2; round++) {
      events.emit('supervisor.started', examples['supervisor.started'][0])
      events.emit('supervisor.child_restarted', examples['supervisor.child_restarted'][0])
    }
    const text = await page()
    expect(seriesValue(text, 'otp_supervisor_restarts_total{supervisor="root/lots",cause="crash"}')).toBe(2)
    expect(seriesValue(text, 'otp_supervisor_restart_duration_seconds_count{supervisor="root/lots"}')).toBe(2)
  })

  test('that the core keeps is read, not added up, at each scrape', async () => {
    const { page } = watch({ snapshot: () => snapshot() })
    await page()
    const text = await page()
    expect(seriesValue(text, 'otp_messages_handled_total{behaviour="lot"}')).toBe(100)
    expect(seriesValue(text, 'otp_calls_total{behaviour="lot",outcome="timeout"}')).toBe(2)
  })

  test('of reconnects sees the same life of a peer only', async () => {
    const { events, page } = watch()
    const [link] = examples['cluster.link_up']
    events.emit('cluster.link_up', link)
    events.emit('cluster.link_up', { ...link, peer: 'n2.another' })
    expect(seriesValue(await page(), 'otp_link_reconnects_total{peer="n2"}')).toBe(0)
    events.emit('cluster.link_up', { ...link, peer: 'n2.another' })
    expect(seriesValue(await page(), 'otp_link_reconnects_total{peer="n2"}')).toBe(1)
  })
})

describe('labels', () => {
  test('take 200 values a family, then `other`, and what overflows is counted', async () => {
    const { events, page } = watch()
    const [letter] = examples['topology.failed']
    for (let index = 0; index < MAX_LABEL_VALUES + 5; index++) events.emit('topology.failed', { ...letter, topology: `t${index}` })
    const text = await page()
    expect(text.match(/^otp_topology_errors_total\{/gm)).toHaveLength(MAX_LABEL_VALUES + 1)
    expect(seriesValue(text, 'otp_topology_errors_total{topology="other"}')).toBe(5)
    expect(seriesValue(text, 'otp_telemetry_label_overflow_total{metric="otp_topology_errors_total"}')).toBe(5)
  })

  test('never hold a pid, a name, an address, an error or a trace', async () => {
    const { events, page } = watch({ snapshot: () => snapshot() })
    for (const { type, event } of everyExample) events.emit(type, event)
    const text = await page()
    for (const secret of ['lq3f9', 'lot-1', '127.0.0.1', 'no such lot', '10.0.0.9', 'EACCES', '/observer/processes/n1']) {
      expect(text).not.toContain(secret)
    }
  })
})

describe('every fact', () => {
  test.for(Object.keys(EVENTS) as (keyof Facts)[])('%s feeds the metrics that the vocabulary says', async (type) => {
    const { events, page } = watch()
    const before = new Set(samples(await page()))
    for (const event of examples[type]) events.emit(type, event)
    // Zeros that a fact only prepares are no feed.
    const after = samples(await page()).filter((line) => !before.has(line) && !line.endsWith(' 0'))
    const fed = new Set(after.map((line) => line.replace(/[{ ].*/, '').replace(/_(bucket|sum|count)$/, '')))
    expect([...fed].sort()).toEqual([...EVENTS[type].metrics].sort())
  })

  test('of the observer is measured, other requests are not', async () => {
    const { events, page } = watch()
    const [request] = examples['http.request_completed']
    events.emit('http.request_completed', { ...request, route: '/lots/:lot/bids' })
    events.emit('http.request_completed', { ...request, status: 404 })
    const text = await page()
    expect(text).not.toContain('/lots')
    expect(seriesValue(text, 'otp_observer_requests_total{route="/observer/processes/:pid",outcome="client_error"}')).toBe(1)
  })

  test('that is a stream is counted, and its life is no duration', async () => {
    const { events, page } = watch()
    const [request] = examples['http.request_completed']
    const route = '/observer/v1/events'
    events.emit('http.request_completed', { ...request, route, isStream: true, durationMs: 60_000 })
    expect(await page()).not.toContain('otp_observer_request_duration_seconds_count{route="/observer/v1/events"}')
    events.emit('http.request_completed', { ...request, route })
    const text = await page()
    expect(seriesValue(text, 'otp_observer_request_duration_seconds_count{route="/observer/v1/events"}')).toBe(1)
    expect(seriesValue(text, 'otp_observer_requests_total{route="/observer/v1/events",outcome="ok"}')).toBe(2)
  })
})

test('the event loop is sampled all the time, so that two who scrape do not disturb each other', async () => {
  const { clock, page } = watch()
  await clock.advance(5000)
  const first = await page()
  expect(seriesValue(first, 'otp_eventloop_lag_seconds_count')).toBe(50)
  expect(seriesValue(first, 'otp_eventloop_utilization_ratio')).toBeGreaterThanOrEqual(0)
  expect(seriesValue(await page(), 'otp_eventloop_lag_seconds_count')).toBe(50)
})

test('no metric is named outside the vocabulary', () => {
  const sources = ['metrics.ts', 'index.ts', 'logs.ts', 'traces.ts', 'sdk.ts', 'context.ts', 'resource.ts']
  for (const source of sources)
    expect(readFileSync(`observability/${source}`, 'utf8')).not.toMatch(/new (Counter|Gauge|Histogram|Summary)\(/)
})
