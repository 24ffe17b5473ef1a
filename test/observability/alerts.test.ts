// The alerts as they are shipped: complete, documented, of metrics that exist, quick enough, and silent only where they should be.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { times } from '#observability/alerts/times.ts'
import { files, monitoring, TOPICS } from '#observability/generate-rules.ts'
import { ALERTS, type AlertEntry, type AlertName, ATTRIBUTES, EVENTS, LOCAL, METRICS, runbookUrl, SPANS } from '#vocabulary'
import {
  allCases,
  allFirings,
  type Inhibition,
  inhibits,
  labelsOf,
  type Route,
  type Rule,
  type RuleFile,
  routeOf,
  seconds,
} from './support/alerting.ts'
import { unknownMetrics } from './support/promql.ts'

const folder = 'observability/prometheus'
const read = <T>(path: string): T => parse(readFileSync(path, 'utf8')) as T

const groups = readdirSync(`${folder}/rules`).flatMap((file) => read<RuleFile>(`${folder}/rules/${file}`).groups)
const rules = groups.flatMap((group) => group.rules)
const alerts = rules.filter((rule): rule is Rule & { alert: AlertName } => rule.alert !== undefined)
const names = Object.keys(ALERTS) as AlertName[]
const alertmanager = read<{ route: Route; inhibit_rules: Inhibition[] }>('observability/alertmanager/alertmanager.yml')
const prometheus = read<{ global: Record<string, string>; scrape_configs: { job_name: string }[] }>(`${folder}/prometheus.yml`)

/** It fires always. */
const ALWAYS: AlertName = 'OtpWatchdog'

describe('the files', () => {
  test('in the repository are what the code says, and no other', () => {
    const there = [`${folder}/rules`, `${folder}/tests`].flatMap((path) => readdirSync(path).map((file) => `${path}/${file}`))
    const made = Object.keys(files())
    expect(there.filter((path) => !made.includes(path))).toEqual([])
    for (const [path, text] of Object.entries(files())) expect([path, readFileSync(path, 'utf8') === text]).toEqual([path, true])
  })

  test('differ from a drill’s in their times alone', () => {
    const places = { cluster: 'local', nodes: ['127.0.0.1:9101'], alertmanager: '127.0.0.1:9093' }
    const contacts = { page: {}, ticket: {}, heartbeat: {} }
    const shipped = monitoring({ factor: 1, places, contacts })
    const drill = monitoring({ factor: 0.1, places, contacts })
    const withoutTimes = (text: string | undefined) => text?.replaceAll(/\b\d+[smh]\b(?!:|_)/g, 'T')
    for (const path of Object.keys(shipped)) expect([path, withoutTimes(drill[path])]).toEqual([path, withoutTimes(shipped[path])])
    expect(drill['rules/supervision.yaml']).toContain('[30s]')
    expect(drill['rules/supervision.yaml']).not.toContain('[5m]')
  })

  test('of a drill look back on four scrapes at least, however short it is', () => {
    const short = times(1 / 60)
    expect([short.every(15), short.range(300), short.range(60), short.wait(20), short.every(10)]).toEqual(['1s', '5s', '4s', '0s', '1s'])
    expect([times().range(3600), times().range(90), times().wait(0)]).toEqual(['1h', '90s', '0s'])
  })
})

describe('every alert', () => {
  test('is one of the vocabulary, with each severity once, and the other way round', () => {
    expect([...new Set(alerts.map(({ alert }) => alert))].toSorted()).toEqual(names.toSorted())
    for (const name of names) {
      const severities = alerts.filter(({ alert }) => alert === name).map(({ labels }) => labels?.['severity'])
      expect([name, severities.toSorted()]).toEqual([name, [...ALERTS[name].severities].toSorted()])
    }
  })

  test('says what it means, where to read on and where to look', () => {
    for (const { alert, annotations = {}, for: wait = '' } of alerts) {
      expect([alert, seconds(wait)]).toEqual([alert, expect.any(Number)])
      expect(annotations['summary']).toBe(ALERTS[alert].says)
      expect(annotations['summary']).not.toContain('{{')
      expect(annotations['summary']).toMatch(/^\S.*\.$/)
      if (alert !== ALWAYS) expect(annotations['description']).toMatch(/\$labels\.cluster\b/)
      expect(annotations['look_first']?.split('\n')).toHaveLength(3)
      expect(annotations['runbook_url']).toBe(runbookUrl(alert))
      expect(annotations['dashboard_url']).toBe(`${LOCAL.grafana}/d/${ALERTS[alert].board}?var-cluster={{ $labels.cluster }}`)
    }
  })

  test.for(names)('%s fires in one case, with each severity, and is silent in one where one might expect it', (name) => {
    const severities = new Set(allFirings.filter(({ alert }) => alert === name).map(({ severity }) => severity))
    expect([...severities].toSorted()).toEqual([...(ALERTS[name] as AlertEntry).severities].toSorted())
    if (name !== ALWAYS) expect(allCases.filter(({ quiet }) => quiet?.includes(name) === true).length).toBeGreaterThan(0)
  })

  test('fires with the same labels in every case', () => {
    for (const name of names) {
      for (const severity of ALERTS[name].severities) {
        const sets = allFirings
          .filter((firing) => firing.alert === name && firing.severity === severity)
          .map(({ labels }) => Object.keys(labels).toSorted().join(','))
          // Of targets that are gone nobody knows the cluster.
          .filter((labels) => labels !== '' || name === ALWAYS)
        expect([name, new Set(sets).size]).toEqual([name, 1])
      }
    }
  })
})

describe('a runbook', () => {
  const SECTIONS = ['Meaning', 'Impact', 'Diagnosis', 'Mitigation', 'Over when', 'Reproduce']

  test('belongs to each alert, and to nothing else', () => {
    expect(readdirSync('docs/runbooks').toSorted()).toEqual(names.map((name) => `${name}.md`).toSorted())
  })

  test.for(names)('for %s answers what a person who is paged asks', (name) => {
    const text = readFileSync(`docs/runbooks/${name}.md`, 'utf8')
    const [title, ...sections] = text.split(/^## /m)
    expect(title?.trim()).toBe(`# ${name}`)
    expect(sections.map((section) => section.split('\n')[0])).toEqual(SECTIONS)
    const [, , diagnosis = '', mitigation = '', , reproduce = ''] = sections
    expect(diagnosis.match(/^# A (?:storm|deploy|lost node): .+$/gm)).toHaveLength(3)
    expect(diagnosis).toContain('/observer')
    expect(diagnosis).toMatch(/^ *\{ .+ \}/m)
    expect(mitigation).toMatch(/^Safe:\n\n- [\s\S]+\n\nMakes it worse:\n\n- /m)
    expect(reproduce).toMatch(/```sh\n[\s\S]+```/)
    for (const section of sections) expect(section.trim().split('\n').length).toBeGreaterThan(1)
  })

  test.for(names)('for %s names only metrics, spans, attributes and facts that exist', (name) => {
    const text = readFileSync(`docs/runbooks/${name}.md`, 'utf8')
    expect(unknownMetrics(text, rules)).toEqual([])
    expect(unknownTelemetry(text)).toEqual([])
  })

  test('that names others is caught', () => {
    expect(unknownTelemetry('{ name = "otp.crash" && span.otp.supervisor = "x" } | select(span.otp.sup) event="process.left"')).toEqual([
      'otp.crash',
      'otp.sup',
      'process.left',
    ])
    expect(unknownMetrics('rate(otp_supervisor_restart_total[5m]) > otp:storms', rules)).toEqual([
      'otp_supervisor_restart_total',
      'otp:storms',
    ])
    expect(unknownMetrics('otp_processes_bucket + otp_call_duration_seconds_bucket', rules)).toEqual(['otp_processes_bucket'])
  })
})

/** Spans, attributes and log records in a text that the vocabulary does not have. */
function unknownTelemetry(text: string): string[] {
  const found = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] as string)
  const outside = ['telemetry.sdk', 'telemetry.logs_held_back']
  return [
    ...found(/(?<![.\w])name = "([^"]+)"/g).filter((name) => !(name in SPANS)),
    ...found(/\bspan\.((?:otp|error)\.[a-z_.]*[a-z])/g).filter((name) => !(name in ATTRIBUTES)),
    ...found(/\bevent="([^"]+)"/g).filter((name) => !(name in EVENTS) && !outside.includes(name)),
  ]
}

describe('the rules', () => {
  test('name only metrics and recordings that exist', () => {
    expect(rules.flatMap(({ expr }) => unknownMetrics(expr, rules))).toEqual([])
    for (const topic of Object.keys(TOPICS)) {
      expect(unknownMetrics(readFileSync(`${folder}/tests/${topic}.test.yaml`, 'utf8'), rules)).toEqual([])
    }
  })

  test('ask for buckets that there are', () => {
    const bounds = rules.flatMap(({ expr }) => [...expr.matchAll(/(otp_\w+)_bucket\{[^}]*le="([^"+]+)"/g)])
    expect(bounds.length).toBeGreaterThan(0)
    for (const [, metric, le] of bounds) {
      const { buckets } = METRICS[metric as 'otp_supervisor_restart_intensity_used_ratio']
      expect([metric, buckets]).toEqual([metric, expect.arrayContaining([Number(le)])])
    }
  })

  test('count crashes under a name and a label that facts really feed', () => {
    expect(EVENTS['supervisor.child_restarted'].metrics).toContain('otp_supervisor_restarts_total')
    expect(METRICS.otp_supervisor_restarts_total.labels.cause).toContain('crash')
  })
})

describe('whoever is told', () => {
  const interval = (name: string) => seconds(groups.find((group) => group.rules.some(({ alert }) => alert === name))?.interval ?? '')

  /** Until the counter is seen, until the rule is evaluated, as long as it has to hold, and what Alertmanager waits for more of the same. */
  function worstCase({ alert, for: wait = '', labels = {} }: Rule & { alert: AlertName }): number {
    const { group_wait = '', group_interval = '' } = routeOf(alertmanager.route, { alertname: alert, ...labels })
    const held = Math.ceil(seconds(wait) / interval(alert)) * interval(alert)
    return (
      seconds(prometheus.global['scrape_interval'] ?? '') + interval(alert) + held + Math.max(seconds(group_wait), seconds(group_interval))
    )
  }

  test('hears of a storm within 90 s of its start, at worst', () => {
    // Two crashes a second pass the threshold of 20 restarts after 10.5 s.
    const passed = 11
    const [one, everywhere] = alerts.filter(({ alert }) => alert === 'OtpRestartStorm').map((rule) => passed + worstCase(rule))
    expect([one, everywhere]).toEqual([86, 86])
    expect(Math.max(one ?? 0, everywhere ?? 0)).toBeLessThanOrEqual(90)
  })

  test('is woken by what is critical, reads what is a warning, and never hears of what only explains', () => {
    const receivers = Object.fromEntries(
      ['critical', 'warning', 'info'].map((severity) => [
        severity,
        [
          ...new Set(
            allFirings
              .filter((one) => one.severity === severity && one.alert !== ALWAYS)
              .map((one) => routeOf(alertmanager.route, labelsOf(one)).receiver),
          ),
        ],
      ]),
    )
    expect(receivers).toEqual({ critical: ['page'], warning: ['ticket'], info: ['nobody'] })
    expect(routeOf(alertmanager.route, { alertname: ALWAYS, severity: 'info' }).receiver).toBe('heartbeat')
  })

  test('gets one message of a cluster and an alert, not one of each instance', () => {
    expect(alertmanager.route).toMatchObject({ group_by: ['cluster', 'alertname'] })
  })
})

describe('what is not said while something else is', () => {
  const silencedBy = (source: (typeof allFirings)[number]): string[] => {
    const silenced = allFirings.filter((target) =>
      alertmanager.inhibit_rules.some((rule) => inhibits(rule, labelsOf(source), labelsOf(target))),
    )
    return [...new Set(silenced.map(({ alert, severity }) => `${alert} ${severity}`))].toSorted()
  }
  const firing = (name: AlertName, severity?: string) =>
    allFirings.find((one) => one.alert === name && (severity === undefined || one.severity === severity)) as (typeof allFirings)[number]

  test('a deploy silences slow handoffs and uneven placement, and nothing else', () => {
    expect(silencedBy(firing('OtpDeployInProgress'))).toEqual(['OtpHandoffSlow warning', 'OtpUnevenPlacement warning'])
  })

  test('what is critical silences its own warning, of the same thing', () => {
    expect(silencedBy(firing('OtpRestartStorm', 'critical'))).toEqual(['OtpRestartStorm warning'])
    expect(silencedBy(firing('OtpCallErrorBudgetBurn', 'critical'))).toEqual(['OtpCallErrorBudgetBurn warning'])
    expect(silencedBy(firing('OtpSupervisorGaveUp'))).toEqual(['OtpCrashLoopSlow warning', 'OtpRestartStorm warning'])
  })

  test('a node without a lease is told once, and another node is told besides', () => {
    const source = labelsOf(firing('OtpArbiterLeaseLost'))
    const late = labelsOf(firing('OtpArbiterDegraded'))
    expect(silencedBy(firing('OtpArbiterLeaseLost'))).toEqual(['OtpArbiterDegraded warning'])
    expect(alertmanager.inhibit_rules.some((rule) => inhibits(rule, source, { ...late, instance: 'b' }))).toBe(false)
  })

  test('another supervisor, another behaviour, another cluster is not silenced', () => {
    const rules = alertmanager.inhibit_rules
    const any = (source: Record<string, string>, target: Record<string, string>) => rules.some((rule) => inhibits(rule, source, target))
    const gaveUp = labelsOf(firing('OtpSupervisorGaveUp'))
    const storm = { ...labelsOf(firing('OtpRestartStorm', 'warning')), supervisor: gaveUp['supervisor'] as string }
    expect([any(gaveUp, storm), any(gaveUp, { ...storm, supervisor: 'root/other' }), any(gaveUp, { ...storm, cluster: 'other' })]).toEqual([
      true,
      false,
      false,
    ])
    const burn = labelsOf(firing('OtpCallErrorBudgetBurn', 'critical'))
    const ticket = labelsOf(firing('OtpCallErrorBudgetBurn', 'warning'))
    expect([any(burn, ticket), any(burn, { ...ticket, behaviour: 'other' })]).toEqual([true, false])
    const deploy = labelsOf(firing('OtpDeployInProgress'))
    const slow = labelsOf(firing('OtpHandoffSlow'))
    expect([any(deploy, slow), any(deploy, { ...slow, cluster: 'other' })]).toEqual([true, false])
  })

  test('everything else is said, whatever fires beside it', () => {
    const allowed = [
      'OtpDeployInProgress info',
      'OtpRestartStorm critical',
      'OtpCallErrorBudgetBurn critical',
      'OtpSupervisorGaveUp critical',
      'OtpArbiterLeaseLost critical',
    ]
    const silencing = allFirings.filter((one) => silencedBy(one).length > 0).map(({ alert, severity }) => `${alert} ${severity}`)
    expect([...new Set(silencing)].toSorted()).toEqual(allowed.toSorted())
  })

  test('speaks of labels that both have, or neither', () => {
    for (const { source_matchers, target_matchers, equal } of alertmanager.inhibit_rules.filter(({ equal: labels }) => labels.length < 3)) {
      const of = (matchers: readonly string[]) => allFirings.map(labelsOf).filter((labels) => matchersHold(matchers, labels))
      expect(of(source_matchers).length).toBeGreaterThan(0)
      for (const labels of [...of(source_matchers), ...of(target_matchers)])
        expect(Object.keys(labels)).toEqual(expect.arrayContaining([...equal]))
    }
  })

  function matchersHold(matchers: readonly string[], labels: Readonly<Record<string, string>>): boolean {
    return inhibits({ source_matchers: matchers, target_matchers: [], equal: [] }, labels, {})
  }
})
