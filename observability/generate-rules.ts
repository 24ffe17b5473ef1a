// Writes what Prometheus and Alertmanager read, from observability/alerts: `node observability/generate-rules.ts`, with `--check` it only compares.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { stringify } from 'yaml'
import { alertmanagerConfig, type Contacts, PEOPLE, webhooks } from './alerts/alertmanager.ts'
import { arbiter } from './alerts/arbiter.ts'
import { type Case, promtoolFile } from './alerts/case.ts'
import { arbiterCases } from './alerts/cases/arbiter.ts'
import { membershipCases } from './alerts/cases/membership.ts'
import { placementCases } from './alerts/cases/placement.ts'
import { processesCases } from './alerts/cases/processes.ts'
import { supervisionCases } from './alerts/cases/supervision.ts'
import { telemetryCases } from './alerts/cases/telemetry.ts'
import { membership } from './alerts/membership.ts'
import { alertsPage } from './alerts/page.ts'
import { placement } from './alerts/placement.ts'
import { processes } from './alerts/processes.ts'
import { type Places, prometheusConfig } from './alerts/prometheus.ts'
import { type Addresses, type Group, rendered } from './alerts/rule.ts'
import { supervision } from './alerts/supervision.ts'
import { telemetry } from './alerts/telemetry.ts'
import { type Times, times } from './alerts/times.ts'

interface Topic {
  readonly groups: (t: Times) => readonly Group[]
  readonly cases: readonly Case[]
}

/** One rule file each, evaluated in this order. */
export const TOPICS: Readonly<Record<string, Topic>> = {
  membership: { groups: membership, cases: membershipCases },
  supervision: { groups: supervision, cases: supervisionCases },
  processes: { groups: processes, cases: processesCases },
  placement: { groups: placement, cases: placementCases },
  arbiter: { groups: arbiter, cases: arbiterCases },
  telemetry: { groups: telemetry, cases: telemetryCases },
}

/** A monitoring of its own: for a drill, with shorter times, other addresses and its own contact. */
export interface Monitoring {
  /** 1 as shipped; 0.1 makes every time a tenth of it. */
  readonly factor: number
  readonly places: Places
  readonly contacts: Contacts
  readonly addresses?: Addresses
}

const WRITTEN = 'Written by `node observability/generate-rules.ts` from observability/alerts; edit that, not this.'
const yaml = (about: string, content: object): string =>
  `# ${WRITTEN}\n# ${about}\n${stringify(content, { lineWidth: 0, aliasDuplicateObjects: false })}`

/** What Prometheus and Alertmanager need, by path: put under one folder, it is a complete configuration of both. */
export function monitoring({ factor, places, contacts, addresses }: Monitoring): Record<string, string> {
  const t = times(factor)
  return {
    'prometheus.yml': yaml('Needs --enable-feature=exemplar-storage.', prometheusConfig(t, places)),
    'alertmanager.yml': yaml('Who is told, and what is not said while something else is.', alertmanagerConfig(t, contacts)),
    ...ruleFiles(t, addresses),
  }
}

function ruleFiles(t: Times, addresses?: Addresses): Record<string, string> {
  return Object.fromEntries(
    Object.entries(TOPICS).map(([topic, { groups }]) => [
      `rules/${topic}.yaml`,
      yaml(`Rules on ${topic}.`, { groups: groups(t).map((group) => rendered(group, addresses)) }),
    ]),
  )
}

const CONTACT = 'http://127.0.0.1:9099'
/** Three nodes of `npm start` on this machine. */
const MACHINE: Places = { cluster: 'local', nodes: [9101, 9102, 9103].map((port) => `127.0.0.1:${port}`), alertmanager: '127.0.0.1:9093' }
/** The services of observability/compose.yaml. */
const COMPOSE: Places = {
  cluster: 'compose',
  nodes: ['n1:9100', 'n2:9100', 'n3:9100'],
  alertmanager: 'alertmanager:9093',
  others: {
    prometheus: 'localhost:9090',
    alertmanager: 'alertmanager:9093',
    tempo: 'tempo:3200',
    loki: 'loki:3100',
    collector: 'collector:8888',
    spans: 'collector:8889',
  },
  engine: ['nats1-exporter:7777', 'nats2-exporter:7777', 'nats3-exporter:7777'],
}

function testFiles(): Record<string, string> {
  const shipped = times()
  const groups = Object.values(TOPICS).flatMap((topic) => topic.groups(shipped))
  const files = Object.keys(TOPICS).map((topic) => `../rules/${topic}.yaml`)
  return Object.fromEntries(
    Object.entries(TOPICS).map(([topic, { cases }]) => [
      `observability/prometheus/tests/${topic}.test.yaml`,
      yaml(`For promtool test rules: cases of ${topic}.`, promtoolFile(files, groups, cases)),
    ]),
  )
}

/** Every file by its path, as text. */
export function files(): Readonly<Record<string, string>> {
  const t = times()
  const { 'alertmanager.yml': alertmanager, ...prometheus } = monitoring({ factor: 1, places: MACHINE, contacts: webhooks(CONTACT) })
  const compose = monitoring({ factor: 1, places: COMPOSE, contacts: webhooks('http://contact:9099') })
  const atHome = Object.entries(prometheus).map(([path, text]) => [`observability/prometheus/${path}`, text])
  return {
    ...Object.fromEntries(atHome),
    'observability/alertmanager/alertmanager.yml': alertmanager as string,
    'observability/prometheus/compose.yml': compose['prometheus.yml'] as string,
    'observability/alertmanager/compose.yml': compose['alertmanager.yml'] as string,
    'observability/alertmanager/people.example.yml': yaml(
      'By mail and chat: put your own addresses into PEOPLE, or copy this and edit the receivers.',
      alertmanagerConfig(t, PEOPLE, ['/etc/alertmanager/otp.tmpl']),
    ),
    ...testFiles(),
    'docs/reference/alerts.md': alertsPage(
      Object.values(TOPICS).flatMap(({ groups }) => groups(t)),
      WRITTEN,
    ),
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const isCheck = process.argv.includes('--check')
  for (const [path, text] of Object.entries(files())) {
    if (!isCheck) writeFileSync(path, text)
    else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
      console.error(`${path} is not what the code says: run node observability/generate-rules.ts`)
      process.exitCode = 1
    }
  }
}
