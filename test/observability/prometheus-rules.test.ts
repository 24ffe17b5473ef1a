// The alerting rules as Prometheus itself reads and runs them, and proof that their tests can fail.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ALERTS, type AlertName, BOARDS, EVENTS, LOCAL, METRICS, runbookUrl } from '#vocabulary'
import { unknownMetrics } from './support/promql.ts'

const folder = 'observability/prometheus'
const rulesFile = `${folder}/rules/otp.rules.yaml`
const text = readFileSync(rulesFile, 'utf8')

interface Rule {
  record?: string
  alert?: string
  expr: string
  for?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

const { groups } = parse(text) as { groups: { name: string; rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)
const alerts = rules.filter((rule) => rule.alert !== undefined)

const found = spawnSync('promtool', ['--version']).status === 0

function promtool(...args: string[]): { ok: boolean; said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' })
  return { ok: status === 0, said: `${stdout}${stderr}` }
}

/** Runs the rule tests over the rules with one thing changed. */
function testWith(change: (rules: string) => string): { ok: boolean; said: string } {
  const copy = mkdtempSync(join(tmpdir(), 'otp-rules-'))
  try {
    cpSync(folder, copy, { recursive: true })
    const changed = change(text)
    expect(changed).not.toBe(text)
    writeFileSync(join(copy, 'rules/otp.rules.yaml'), changed)
    return promtool('test', 'rules', join(copy, 'tests/otp.test.yaml'))
  } finally {
    rmSync(copy, { recursive: true })
  }
}

describe.skipIf(!found)(`promtool${found ? '' : ' (skipped: promtool is not installed here)'}`, () => {
  test('accepts the configuration and the rules', () => {
    expect(promtool('check', 'config', `${folder}/prometheus.yml`)).toMatchObject({ ok: true })
    expect(promtool('check', 'rules', rulesFile)).toMatchObject({ ok: true })
  })

  test('passes the tests of the rules', () => {
    expect(promtool('test', 'rules', `${folder}/tests/otp.test.yaml`)).toMatchObject({ ok: true })
  })

  test.for([
    ['a threshold that a drip reaches', (rules: string) => rules.replaceAll('increase5m > 20', 'increase5m > 2')],
    ['a threshold that a storm does not reach', (rules: string) => rules.replaceAll('increase5m > 20', 'increase5m > 200')],
    ['every restart counted as a crash', (rules: string) => rules.replaceAll('{cause="crash"}', '')],
    ['two supervisors made an emergency', (rules: string) => rules.replace('>= 3', '>= 2')],
    ['the label of the cluster lost', (rules: string) => rules.replace('count by (cluster)', 'count')],
  ] as const)('fails them with %s', ([, change]) => {
    expect(testWith(change)).toMatchObject({ ok: false, said: expect.stringContaining('FAILED') })
  })
})

describe('every alert', () => {
  test('is one of the vocabulary, with each severity once, and the other way round', () => {
    expect([...new Set(alerts.map(({ alert }) => alert))]).toEqual(Object.keys(ALERTS))
    for (const [name, { severities }] of Object.entries(ALERTS)) {
      expect(alerts.filter(({ alert }) => alert === name).map(({ labels }) => labels?.severity)).toEqual([...severities])
    }
  })

  test('says what it means, where to read on and where to look', () => {
    for (const { alert, annotations = {}, for: wait } of alerts) {
      expect(wait).toMatch(/^\d+[sm]$/)
      expect(annotations.summary).toMatch(/\.$/)
      expect(annotations.description).toMatch(/\{\{ \$labels\.cluster \}\}/)
      expect(annotations.runbook_url).toBe(runbookUrl(alert as AlertName))
      const board = annotations.dashboard_url?.split('?')[0]
      expect(Object.keys(BOARDS).map((uid) => `${LOCAL.grafana}/d/${uid}`)).toContain(board)
    }
  })

  test('has a test in which it fires and one in which it does not', () => {
    const tests = readFileSync(`${folder}/tests/otp.test.yaml`, 'utf8')
    for (const name of Object.keys(ALERTS)) {
      expect(tests).toContain(`alertname: ${name} }`)
      expect(tests).toMatch(new RegExp(`alertname: ${name}\\n +exp_alerts:\\n`))
    }
  })

  test('has a runbook that answers what a person who is paged asks', () => {
    for (const name of Object.keys(ALERTS)) {
      const runbook = readFileSync(`docs/runbooks/${name}.md`, 'utf8')
      expect(runbook.match(/^## .+$/gm)).toEqual([
        '## Meaning',
        '## Impact',
        '## Diagnosis',
        '## Mitigation',
        '## Over when',
        '## Reproduce',
      ])
      expect(unknownMetrics(runbook, rules)).toEqual([])
    }
  })
})

describe('the rules', () => {
  test('name only metrics and recordings that exist', () => {
    expect(rules.flatMap(({ expr }) => unknownMetrics(expr, rules))).toEqual([])
    expect(unknownMetrics(readFileSync(`${folder}/tests/otp.test.yaml`, 'utf8'), rules)).toEqual([])
  })

  test('are caught if they name another', () => {
    expect(unknownMetrics('rate(otp_supervisor_restart_total[5m]) > otp:storms', rules)).toEqual([
      'otp_supervisor_restart_total',
      'otp:storms',
    ])
    expect(unknownMetrics('otp_processes_bucket + otp_call_duration_seconds_bucket', rules)).toEqual(['otp_processes_bucket'])
  })

  test('count crashes under a name and a label that facts really feed', () => {
    expect(EVENTS['supervisor.child_restarted'].metrics).toContain('otp_supervisor_restarts_total')
    expect(METRICS.otp_supervisor_restarts_total.labels.cause).toContain('crash')
  })
})
