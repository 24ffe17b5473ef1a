// Three nodes, every trouble a metric counts, and what Prometheus would have read meanwhile.
import { spawnSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { familiesOf, type Sample, samplesOf } from '#test/observability/support/page.ts'
import { eventually } from '#test/support/eventually.ts'
import { METRICS, type MetricEntry, type OtpMetricName, otpMetricNames } from '#vocabulary'
import { ChaosNode } from './support/chaos/chaos-node.ts'
import { Directory, endCommands } from './support/os.ts'
import { Run } from './support/run.ts'

/** What this chaos need not cause, and why. */
const QUIET: Readonly<Record<string, string>> = {
  otp_node_draining: 'who leaves is scraped for moments only',
  otp_children_unplaced: 'while two nodes live, every child has a place',
  otp_handoffs_in_progress: 'a move of a small state is over in milliseconds',
  otp_directory_members_given_up_total: 'takes a hundred thousand ended names',
  otp_frames_refused_total: 'takes a peer that knows the secret and speaks nonsense',
  otp_certificates_refused_total: 'its links are not encrypted',
  otp_secrets_refused_total: 'its secret is in no file',
  otp_topology_errors_total: 'its directory can be read all the time',
  otp_topology_watch_restarts_total: 'only Kubernetes is watched so',
  otp_topology_relists_total: 'only Kubernetes is watched so',
  otp_topology_refused_total: 'only gossip hears strangers',
  otp_link_pauses_total: 'takes more than a node can handle',
  otp_link_queued_bytes: 'takes a peer that does not read for long',
  otp_telemetry_span_queue: 'spans wait for moments only',
  ...Object.fromEntries(
    otpMetricNames
      .filter((name) => (METRICS[name] as MetricEntry).optional === true)
      .map((name) => [name, 'its nodes have no arbiter; the drill of one sees to these']),
  ),
}

const directory = new Directory()
const samples: Sample[] = []
const families = new Set<string>()
let collector: Server
let nodes: ChaosNode[]
let lastPage = ''
let exemplars = ''

const at = (name: string) => nodes.find((node) => node.name === name) as ChaosNode

async function start(name: string): Promise<ChaosNode> {
  const { port } = collector.address() as AddressInfo
  return ChaosNode.start(
    { name, directory: directory.path },
    { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_LOGS_EXPORTER: 'otlp' },
  )
}

/** As Prometheus: every node that answers. */
async function scrape(...from: readonly ChaosNode[]): Promise<void> {
  for (const node of from) {
    lastPage = await node.get('/metrics')
    samples.push(...samplesOf(lastPage))
    for (const family of familiesOf(lastPage)) families.add(family)
  }
}

const together = (count: number, ...of: readonly ChaosNode[]) =>
  eventually(`${count} members`, 60_000, async () => {
    const seen = await Promise.all(of.map((node) => node.do<number>('members')))
    return seen.every((members) => members === count)
  })

async function childOf(name: string, prefix: string): Promise<string> {
  return eventually(`a child of ${name}`, 20_000, async () => {
    const children = await at('n1').do<{ id: string; node: string }[]>('children')
    return children.find(({ id, node }) => node === name && id.startsWith(prefix))?.id
  })
}

async function knockWithGarbage(): Promise<void> {
  const port = await at('n1').do<number>('clusterPort')
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'))
  await new Promise((resolve) =>
    socket
      .on('close', resolve)
      .on('error', () => undefined)
      .resume(),
  )
}

/** Messages that wait, that are too many, that come too late and that reach nobody. */
async function messages(): Promise<void> {
  const n1 = at('n1')
  const sleeping = n1.do('call', { to: 'clerk', name: 'sleep', payload: 10_000, timeoutMs: 500 })
  await sleep(100)
  await n1.do('cast', { to: 'clerk', name: 'note', times: 30 })
  await n1.do('cast', { to: 'nobody', name: 'note', times: 1 })
  await sleep(300)
  await scrape(n1)
  expect(await sleeping).toContain('timeout')
  expect(await n1.do('call', { to: 'nobody', name: 'sleep', payload: 1, timeoutMs: 100 })).toContain('noproc')
  expect(await n1.do('call', { to: 'placement', name: 'dance', payload: 1, timeoutMs: 100 })).not.toBe('ok')
  expect(await n1.do('shout')).toBe(2)
  for (const behaviour of ['broken', 'shy']) expect(await n1.do('spawn', { behaviour })).toBe(false)
}

async function children(): Promise<void> {
  const n1 = at('n1')
  for (let i = 0; i < 12; i++) await n1.do('start', { id: `lot-${i}`, behaviour: 'lot' })
  for (let i = 0; i < 12; i++) await n1.do('start', { id: `ledger-${i}`, behaviour: 'ledger' })
  for (let i = 0; i < 12; i++) {
    expect(await n1.do('ask', { id: `lot-${i}`, name: 'bid' })).toBe('ok')
    expect(await n1.do('ask', { id: `ledger-${i}`, name: 'enter' })).toBe('ok')
  }
  for (const node of nodes) await node.do('cast', { to: 'moody', name: 'crash', times: 1 })
  const lot = await childOf('n1', 'lot-')
  await n1.do('crash', { id: lot })
  expect(await at('n2').do('move', { id: await childOf('n2', 'lot-'), to: 'n1' })).toMatchObject({ outcome: 'completed' })
  await n1.do('start', { id: 'bad', behaviour: 'poison' })
  await n1.do('closeShop')
  expect(await at('n2').do('drain')).toMatchObject({ outcome: 'completed' })
  for (const path of ['/observer', '/observer/v1/supervisors', '/observer/v1/nothing?here=1']) await n1.get(path)
}

async function names(): Promise<void> {
  const [n1, n2] = [at('n1'), at('n2')]
  await n1.do('clumsy')
  expect(await n1.do('register', { name: 'till' })).toBe(true)
  await eventually('the name is known', 5000, async () => (await n2.do('register', { name: 'till' })) === false)
  expect(await n1.do('unregister', { name: 'nothing' })).toBe(false)
  // Both begin before either can have heard of the other.
  for (let i = 0; i < 20; i++) await Promise.all(nodes.map((node) => node.do('register', { name: `contested-${i}` })))
}

beforeAll(async () => {
  collector = createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{}'))
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  nodes = await Promise.all(['n1', 'n2', 'n3'].map(start))
  await together(3, ...nodes)
  await scrape(...nodes)
  await children()
  await messages()
  await names()
  await knockWithGarbage()
  await sleep(3000)
  await scrape(...nodes)
  // Long enough that its links are given up, and that it notices.
  at('n2').signal('SIGSTOP')
  await together(2, at('n1'), at('n3'))
  await sleep(3000)
  at('n2').signal('SIGCONT')
  await together(3, ...nodes)
  await sleep(2000)
  await scrape(...nodes)
  await at('n3').end('SIGKILL')
  await together(2, at('n1'), at('n2'))
  await eventually('what n3 had is taken over', 30_000, async () => {
    const all = await at('n1').do<{ node: string }[]>('children')
    return all.length >= 24 && all.every(({ node }) => node !== 'n3')
  })
  await scrape(at('n1'), at('n2'))
  nodes = [at('n1'), at('n2'), await start('n3')]
  await together(3, ...nodes)
  await at('n2').end('SIGTERM')
  await together(2, at('n1'), at('n3'))
  await scrape(at('n1'), at('n3'))
  await at('n1').do('kinds', { times: 210 })
  await at('n3').end('SIGKILL')
  await together(1, at('n1'))
  await sleep(1000)
  await scrape(at('n1'))
  exemplars = await at('n1').get('/metrics', 'application/openmetrics-text; version=1.0.0')
}, 400_000)

afterAll(async () => {
  await endCommands()
  collector.close()
  directory.remove()
}, 40_000)

describe('of the metrics of the vocabulary', () => {
  test('every one was exposed, and nothing else begins with otp_', () => {
    const exposed = [...families].filter((name) => name.startsWith('otp_'))
    expect(exposed.sort()).toEqual([...otpMetricNames].sort())
  })

  test('every one had a sample that the chaos must have caused', () => {
    const highest = (name: OtpMetricName) => {
      const sample = (METRICS[name] as MetricEntry).kind === 'histogram' ? `${name}_count` : name
      return Math.max(...samples.filter((one) => one.name === sample).map(({ value }) => value))
    }
    expect(otpMetricNames.filter((name) => !(name in QUIET) && !(highest(name) > 0))).toEqual([])
    expect(Object.keys(QUIET).filter((name) => !(name in METRICS))).toEqual([])
  })

  test('no sample has a label that the vocabulary does not know, nor a value beyond its list', () => {
    const wrong = samples.flatMap(({ name, labels }) => {
      const entry = (METRICS as Readonly<Record<string, MetricEntry>>)[name] ?? METRICS[name.replace(/_(bucket|sum|count)$/, '') as never]
      return Object.entries(labels)
        .filter(([label]) => label !== 'le')
        .filter(([label, value]) => {
          const values = (entry as MetricEntry | undefined)?.labels[label]
          return values === undefined || (values !== 'open' && !values.includes(value))
        })
        .map(([label, value]) => `${name} ${label}=${value}`)
    })
    expect([...new Set(wrong)]).toEqual([])
  })
})

test('counters that count what happened lead to kept traces, for who reads OpenMetrics', () => {
  const line = exemplars
    .split('\n')
    .find((one) => one.startsWith('otp_cluster_membership_changes_total{change="down"') && one.includes(' # '))
  expect(line).toMatch(/ # \{trace_id="[0-9a-f]{32}",span_id="[0-9a-f]{16}"\} 1 \d+(\.\d+)?$/)
  expect(exemplars.endsWith('\n# EOF\n')).toBe(true)
})

test('the page is one that Prometheus accepts', (context) => {
  context.skip(spawnSync('promtool', ['--version']).status !== 0, 'promtool is not installed here')
  const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: lastPage, encoding: 'utf8' })
  expect(`${stdout}${stderr}`).not.toMatch(/error|invalid|parse/i)
})

test('under the load of npm start a node exposes at most 1,500 series', async () => {
  const run = await Run.start()
  try {
    await sleep(3000)
    for (const { metrics } of run.nodes) {
      const page = await (await fetch(metrics)).text()
      expect(samplesOf(page).length).toBeGreaterThan(500)
      expect(samplesOf(page).length).toBeLessThanOrEqual(1500)
    }
  } finally {
    await run.stop()
  }
}, 60_000)
