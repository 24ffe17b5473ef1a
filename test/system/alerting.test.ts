// Rules and routes as Prometheus and Alertmanager themselves read and run them, and proof that the cases of the rules can fail.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { webhooks } from '#observability/alerts/alertmanager.ts'
import { promtoolFile } from '#observability/alerts/case.ts'
import { times } from '#observability/alerts/times.ts'
import { monitoring, TOPICS } from '#observability/generate-rules.ts'
import { allFirings, labelsOf } from '#test/observability/support/alerting.ts'
import { eventually } from '#test/support/eventually.ts'
import { missing, run, type Said } from './support/debian.ts'
import { Command, Directory, endCommands, freePortBase } from './support/os.ts'

const PROMTOOL = missing('promtool')
const AMTOOL = missing('amtool')
const ALERTMANAGER = missing('prometheus-alertmanager')

const directory = new Directory()
const places = { cluster: 'local', nodes: ['127.0.0.1:9101'], alertmanager: '127.0.0.1:9093' }

afterAll(async () => {
  await endCommands()
  directory.remove()
})

/** Files by their paths, in a folder of their own. */
function written(name: string, contents: Readonly<Record<string, string>>): string {
  const folder = join(directory.path, name)
  for (const [path, text] of Object.entries(contents)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

describe('promtool', () => {
  test('accepts the configurations and the rules, also those of a drill', async (context) => {
    context.skip(PROMTOOL !== undefined, PROMTOOL)
    const drill = written('drill', monitoring({ factor: 1 / 15, places, contacts: webhooks('http://127.0.0.1:1') }))
    const configs = ['observability/prometheus/prometheus.yml', 'observability/prometheus/compose.yml', join(drill, 'prometheus.yml')]
    expect(await run('promtool', ['check', 'config', ...configs])).toMatchObject({ ok: true })
    const rules = readdirSync('observability/prometheus/rules').map((file) => `observability/prometheus/rules/${file}`)
    expect(rules).toHaveLength(Object.keys(TOPICS).length)
    expect(await run('promtool', ['check', 'rules', ...rules])).toMatchObject({ ok: true })
  })

  test.concurrent.for(Object.keys(TOPICS))(
    'finds that the rules say of the cases of %s what they should',
    { timeout: 300_000 },
    async (topic, context) => {
      context.skip(PROMTOOL !== undefined, PROMTOOL)
      const said = await run('promtool', ['test', 'rules', `observability/prometheus/tests/${topic}.test.yaml`])
      context.expect(said).toMatchObject({ ok: true })
    },
  )

  /** What is done to the rules of a topic, and the case that has to notice. */
  const faults: readonly (readonly [name: string, topic: string, noticedBy: string, from: string, to: string])[] = [
    ['a threshold that a drip reaches', 'supervision', 'a drip of one crash', 'increase5m > 20', 'increase5m > 2'],
    ['a threshold that a storm does not reach', 'supervision', 'a storm in one supervisor', 'increase5m > 20', 'increase5m > 200'],
    ['every restart counted as a crash', 'supervision', 'restarts that use the budget', '{cause="crash"}', ''],
    ['two supervisors made an emergency', 'supervision', 'storms in two supervisors', '>= 3', '>= 2'],
    ['the label of the cluster lost', 'supervision', 'storms of another cluster', 'count by (cluster)', 'count'],
    [
      'a cure taken for a regression',
      'supervision',
      'a version that comes to a node',
      'otp:version_uptime_seconds < on',
      'otp:version_uptime_seconds <= on',
    ],
    ['goodbyes forgotten', 'membership', 'a rolling deploy', ' - clamp_max(otp:cluster_leaves:increase5m, 1)', ''],
    ['goodbyes that excuse everybody', 'membership', 'a node that dies while', 'clamp_max(otp:cluster_leaves:increase5m, 1)', '9'],
    ['nodes that leave counted as unseen', 'membership', 'a rolling deploy', 'down|left|suspect', 'down|left|suspect|leaving'],
    [
      'views that are on their way',
      'membership',
      'views that differ',
      'changes(otp_cluster_view_checksum[1m]) > 0',
      'changes(otp_cluster_view_checksum[1m]) > 9',
    ],
    ['a single late renewal told', 'arbiter', 'a leader that dies', '>= 3', '>= 1'],
    ['leases that are given back', 'arbiter', 'a node on its way out', 'unless on (cluster, instance) otp_node_draining == 1', ''],
  ]

  test.concurrent.for(faults)('finds fault with %s', { timeout: 300_000 }, async ([name, topic, noticedBy, from, to], context) => {
    context.skip(PROMTOOL !== undefined, PROMTOOL)
    const rules = monitoring({ factor: 1, places, contacts: webhooks('http://127.0.0.1:1') })
    const path = `rules/${topic}.yaml`
    const changed = (rules[path] as string).replaceAll(from, to)
    context.expect(changed).not.toBe(rules[path])
    const cases = TOPICS[topic]?.cases.filter(({ says }) => says.startsWith(noticedBy)) ?? []
    context.expect(cases).toHaveLength(1)
    const groups = Object.values(TOPICS).flatMap((each) => each.groups(times()))
    const ruleFiles = Object.keys(TOPICS).map((each) => `rules/${each}.yaml`)
    const folder = written(name.replaceAll(' ', '-'), {
      ...rules,
      [path]: changed,
      'case.yaml': stringify(promtoolFile(ruleFiles, groups, cases)),
    })
    const said = await run('promtool', ['test', 'rules', join(folder, 'case.yaml')])
    context.expect(said).toMatchObject({ ok: false, text: context.expect.stringContaining('FAILED') as string })
  })
})

describe('amtool', () => {
  const configs = readdirSync('observability/alertmanager')
    .filter((file) => file.endsWith('.yml'))
    .map((file) => `observability/alertmanager/${file}`)

  test('accepts every configuration', async (context) => {
    context.skip(AMTOOL !== undefined, AMTOOL)
    expect(configs).toHaveLength(3)
    for (const config of configs) expect(await run('amtool', ['check-config', config])).toMatchObject({ ok: true })
    expect(await run('amtool', ['check-config', 'observability/alertmanager/otp.tmpl'])).toMatchObject({ ok: false })
  })

  test('takes each alert to whom it belongs', async (context) => {
    context.skip(AMTOOL !== undefined, AMTOOL)
    const receiver = { critical: 'page', warning: 'ticket', info: 'nobody' } as const
    const unlike = new Map(allFirings.map((one) => [`${one.alert} ${one.severity}`, one]))
    const routed = async (config: string, expected: string, labels: Readonly<Record<string, string>>): Promise<Said> => {
      const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
      return run('amtool', ['config', 'routes', 'test', `--config.file=${config}`, `--verify.receivers=${expected}`, ...pairs])
    }
    for (const config of configs) {
      for (const one of unlike.values()) {
        const expected = one.alert === 'OtpWatchdog' ? 'heartbeat' : receiver[one.severity]
        expect([one.alert, await routed(config, expected, labelsOf(one))]).toEqual([
          one.alert,
          { ok: true, text: expect.anything() as string },
        ])
      }
      expect(await routed(config, 'page', { alertname: 'OtpHandoffSlow', severity: 'warning' })).toMatchObject({ ok: false })
    }
  })

  test('renders what a tired person can read: what, where, since when, what to look at first, and links', async (context) => {
    context.skip(AMTOOL !== undefined, AMTOOL)
    const render = async (template: string, status: 'firing' | 'resolved'): Promise<string> => {
      const folder = written(`template-${status}`, { 'data.json': JSON.stringify(message(status)) })
      const said = await run('amtool', [
        'template',
        'render',
        '--template.glob=observability/alertmanager/otp.tmpl',
        `--template.text={{ template "${template}" . }}`,
        `--template.data=${join(folder, 'data.json')}`,
      ])
      expect(said).toMatchObject({ ok: true })
      return said.text.trim()
    }
    expect(await render('otp.subject', 'firing')).toBe('WARNING: OtpRestartStorm in local (2 times)')
    expect(await render('otp.subject', 'resolved')).toBe('OVER: OtpRestartStorm in local')
    expect(await render('otp.link', 'firing')).toBe('https://example.invalid/runbook')
    expect(await render('otp.text', 'firing')).toBe(`A supervisor restarts crashed children again and again.

WHAT   root/lots restarts.
WHERE  cluster local, supervisor root/lots
SINCE  03:14:15 UTC, Tuesday 3 February 2026

WHAT   root/bank restarts.
WHERE  cluster local, supervisor root/bank
SINCE  03:14:15 UTC, Tuesday 3 February 2026

LOOK FIRST
1. Which children.
2. The crashes.
3. The versions.

Runbook    https://example.invalid/runbook
Dashboard  https://example.invalid/board
Silence it http://alertmanager/#/silences/new?filter=%7Balertname%3D%22OtpRestartStorm%22%7D`)
    expect(await render('otp.text', 'resolved')).toContain('from 03:14:15 to 03:24:15 UTC')
  })
})

/** What Alertmanager gives to a template. */
function message(status: 'firing' | 'resolved'): object {
  const annotations = {
    summary: 'A supervisor restarts crashed children again and again.',
    look_first: '1. Which children.\n2. The crashes.\n3. The versions.',
    runbook_url: 'https://example.invalid/runbook',
    dashboard_url: 'https://example.invalid/board',
  }
  const common = { alertname: 'OtpRestartStorm', cluster: 'local', severity: 'warning', scope: 'supervisor' }
  const alerts = ['root/lots', 'root/bank'].map((supervisor) => ({
    status,
    labels: { ...common, supervisor },
    annotations: { ...annotations, description: `${supervisor} restarts.` },
    startsAt: '2026-02-03T03:14:15Z',
    endsAt: status === 'firing' ? '0001-01-01T00:00:00Z' : '2026-02-03T03:24:15Z',
  }))
  return {
    receiver: 'ticket',
    status,
    alerts,
    groupLabels: { alertname: 'OtpRestartStorm', cluster: 'local' },
    commonLabels: common,
    commonAnnotations: annotations,
    externalURL: 'http://alertmanager',
  }
}

interface Notice {
  readonly receiver: string
  readonly status: string
  readonly alerts: readonly { readonly labels: Readonly<Record<string, string>> }[]
}

describe('Alertmanager', () => {
  const notices: Notice[] = []
  let contact: Server
  let api: string

  beforeAll(async () => {
    if (ALERTMANAGER !== undefined) return
    contact = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        notices.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Notice)
        response.end()
      })
    })
    await new Promise<void>((resolve) => contact.listen(0, '127.0.0.1', resolve))
    const { port } = contact.address() as AddressInfo
    // Every wait a fifteenth of what is shipped; who inhibits whom is as shipped.
    const folder = written('alertmanager', monitoring({ factor: 1 / 15, places, contacts: webhooks(`http://127.0.0.1:${port}`) }))
    const own = (await freePortBase()) + 1
    api = `http://127.0.0.1:${own}/api/v2`
    const program = new Command('prometheus-alertmanager', [
      `--config.file=${join(folder, 'alertmanager.yml')}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${own}`,
      '--cluster.listen-address=',
    ])
    await eventually(`Alertmanager is ready: ${program.stderr}`, 20_000, async () => (await fetch(`${api}/status`)).ok)
  })

  afterAll(() => {
    contact?.close()
  })

  const told = (receiver: string) =>
    new Set(
      notices.filter((notice) => notice.receiver === receiver).flatMap(({ alerts }) => alerts.map(({ labels }) => labels['alertname'])),
    )

  test('keeps silent what a deploy explains, tells all else, and wakes somebody only for what is critical', async (context) => {
    context.skip(ALERTMANAGER !== undefined, ALERTMANAGER)
    const firing = [
      'OtpDeployInProgress',
      'OtpHandoffSlow',
      'OtpUnevenPlacement',
      'OtpRestartStorm',
      'OtpSupervisorGaveUp',
      'OtpMailboxBacklog',
    ]
    // Another supervisor than the one that gave up, or its storm would be explained by that.
    const alerts = allFirings
      .filter(({ alert, severity }) => firing.includes(alert) && (alert !== 'OtpRestartStorm' || severity === 'warning'))
      .map((one) => (one.alert === 'OtpRestartStorm' ? { ...labelsOf(one), supervisor: 'root/other' } : labelsOf(one)))
      .map((labels) => ({ labels }))
    // What explains has to be there first, as it is in life: a deploy fires at once, the others have to hold.
    const explains = alerts.filter(({ labels }) => labels['alertname'] === 'OtpDeployInProgress')
    for (const some of [explains, alerts]) {
      const posted = await fetch(`${api}/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(some),
      })
      expect(posted.status).toBe(200)
    }
    const suppressed = await eventually('two alerts are inhibited', 10_000, async () => {
      const all = (await (await fetch(`${api}/alerts`)).json()) as { labels: Record<string, string>; status: { state: string } }[]
      const silent = all.filter(({ status }) => status.state === 'suppressed').map(({ labels }) => labels['alertname'])
      return silent.length >= 2 && silent
    })
    expect(suppressed.toSorted()).toEqual(['OtpHandoffSlow', 'OtpUnevenPlacement'])
    await eventually('the page and the tickets', 10_000, () => told('page').size >= 1 && told('ticket').size >= 2)
    expect([[...told('page')], [...told('ticket')].toSorted()]).toEqual([['OtpSupervisorGaveUp'], ['OtpMailboxBacklog', 'OtpRestartStorm']])
  })
})
