// The boards as they are provisioned: current, complete, and of metrics that exist; and proof that each guard can fail.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { boards } from '#grafana/generate.ts'
import { NOT_SHOWN } from '#grafana/not-shown.ts'
import { unknownMetrics } from '#test/observability/support/promql.ts'
import { ALERTS, type AlertName, BOARDS, METRICS, runbookUrl } from '#vocabulary'
import { type Board, faults, panelsOf } from './support/linter.ts'
import { queryFaults } from './support/promql-faults.ts'

const folder = 'grafana/generated'
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => `${folder}/${file}`)
const texts = Object.fromEntries(files.map((file) => [file, readFileSync(file, 'utf8')]))
const parsed = Object.entries(texts).map(([file, text]) => ({ file, board: JSON.parse(text) as Board }))

describe('the boards', () => {
  test('in the repository are what the code says, and no other', () => {
    expect(texts).toEqual(boards())
    expect(Object.fromEntries(parsed.map(({ board }) => [board.uid, board.title]))).toEqual(BOARDS)
  })

  test.for(parsed)('$file holds the rules of a good board', ({ board }) => {
    expect(faults(board)).toEqual([])
  })

  test.for(parsed)('$file names only metrics that exist', ({ board }) => {
    expect(unknownMetrics(JSON.stringify(board))).toEqual([])
  })

  test('show every metric, or say why not', () => {
    const shown = parsed.flatMap(({ board }) => panelsOf(board).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))).join('\n')
    const isShown = (name: string) => new RegExp(`\\b${name}(?:_bucket|_sum|_count)?\\b`).test(shown)
    const names = Object.keys(METRICS)
    expect(names.filter((name) => !isShown(name) && !(name in NOT_SHOWN))).toEqual([])
    expect(Object.keys(NOT_SHOWN).filter(isShown)).toEqual([])
  })

  test('tell a storm, a deploy and a lost node apart in the first row of the first', () => {
    const overview = parsed.find(({ board }) => board.uid === 'otp-cluster-overview')?.board as Board
    const [first, ...rest] = overview.panels
    const row = rest.slice(
      0,
      rest.findIndex(({ type }) => type === 'row'),
    )
    const exprs = row.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n')
    expect(first?.type).toBe('row')
    for (const part of ['cause="crash"', 'otp_node_draining', 'otp_cluster_members_expected', 'cause="handoff"', 'outcome="started"']) {
      expect(exprs).toContain(part)
    }
  })

  test.for(Object.keys(ALERTS) as AlertName[])('show what %s watches over where its link leads', (alert) => {
    const { board } = ALERTS[alert]
    const shown = parsed.find(({ board: { uid } }) => uid === board)?.board as Board
    const links = panelsOf(shown).flatMap(({ fieldConfig }) => fieldConfig?.defaults.links ?? [])
    const isShown = links.some(({ url }) => url === runbookUrl(alert))
    // No panel is of the one that always fires: it stands in the list of alerts.
    expect([alert, isShown]).toEqual([alert, alert !== 'OtpWatchdog'])
  })

  test('have the panels that runbooks send people to', () => {
    const titles = new Set(parsed.flatMap(({ board }) => [board.title, ...panelsOf(board).map(({ title }) => title)]))
    for (const alert of Object.keys(ALERTS)) {
      const runbook = readFileSync(`docs/runbooks/${alert}.md`, 'utf8')
      const named = [...runbook.matchAll(/(?:board|panel) \*([^*]+)\*/g)].map((match) => match[1] as string)
      expect(named.length).toBeGreaterThan(0)
      expect(named.filter((title) => !titles.has(title))).toEqual([])
    }
  })
})

const found = spawnSync('promtool', ['--version']).status === 0

test.skipIf(!found)(`every query is PromQL${found ? '' : ' (skipped: promtool is not installed here)'}`, () => {
  const exprs = parsed.flatMap(({ board }) => [
    ...panelsOf(board).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...board.annotations.list.map(({ expr }) => expr),
  ])
  const check = (list: readonly string[]) => {
    const at = mkdtempSync(join(tmpdir(), 'otp-boards-'))
    const rules = list.map((expr, index) => ({ record: `panel:${index}`, expr: expr.replaceAll('$__rate_interval', '5m') }))
    writeFileSync(join(at, 'rules.yaml'), stringify({ groups: [{ name: 'panels', rules }] }))
    const { status, stderr, stdout } = spawnSync('promtool', ['check', 'rules', join(at, 'rules.yaml')], { encoding: 'utf8' })
    rmSync(at, { recursive: true })
    return { ok: status === 0, said: stdout + stderr }
  }
  expect(check(exprs)).toMatchObject({ ok: true })
  expect(check(['sum by (x (otp_processes)'])).toMatchObject({ ok: false })
})

describe('the guards can fail', () => {
  const broken = (change: (board: Board) => void): string[] => {
    const board = structuredClone(parsed[0]?.board as Board)
    change(board)
    return faults(board)
  }
  const first = (board: Board) => panelsOf(board).find(({ targets }) => targets !== undefined) as ReturnType<typeof panelsOf>[number]
  const query = (board: Board) => (first(board).targets ?? [])[0] as { expr: string }

  test('on a board that is not the code’s', () => {
    expect({ ...texts, 'grafana/generated/other.json': '{}' }).not.toEqual(boards())
  })

  test('on a metric that does not exist', () => {
    expect(unknownMetrics('{"expr":"sum(otp_proceses)"}')).toEqual(['otp_proceses'])
  })

  test.for([
    ['sum(otp_proceses)', 'no metric otp_proceses'],
    ['otp_processes{behavior="lot"}', 'otp_processes has no label behavior'],
    ['rate(otp_calls_total{outcome="okay"}[$__rate_interval])', 'otp_calls_total is never with outcome="okay"'],
    ['sum(otp_calls_total)', 'a counter without a rate: otp_calls_total'],
    ['rate(otp_processes[$__rate_interval])', 'a rate of a gauge: otp_processes'],
    ['rate(otp_calls_total[5m])', 'a range that does not fit the scrape interval: otp_calls_total[5m]'],
    ['sum by (version) (otp_processes)', 'grouped by version, which nothing in it has'],
    ['gnatsd_varz_memory{cluster=~"$cluster"}', 'no metric gnatsd_varz_memory'],
    ['gnatsd_varz_in_msgs{cluster=~"$cluster"}', 'a counter without a rate: gnatsd_varz_in_msgs'],
    ['sum by (x (otp_processes)', 'not PromQL'],
    ['{cluster="a"}', 'a selector without a metric: {cluster="a"}'],
  ] as const)('on the query %s', ([expr, fault]) => {
    expect(queryFaults(expr, { isBoard: true }).join('\n')).toContain(fault)
  })

  test.for([
    [
      'a title',
      (board: Board) => {
        first(board).title = ''
      },
    ],
    [
      'a description',
      (board: Board) => {
        first(board).description = ''
      },
    ],
    [
      'a question in the description',
      (board: Board) => {
        first(board).description = 'Shows processes.'
      },
    ],
    [
      'a unit',
      (board: Board) => {
        delete first(board).fieldConfig?.defaults.unit
      },
    ],
    [
      'a data link',
      (board: Board) => {
        first(board).fieldConfig = { defaults: { unit: 'short' } }
      },
    ],
    [
      'the data source as a variable',
      (board: Board) => {
        first(board).datasource = { type: 'prometheus', uid: 'prometheus' }
      },
    ],
    [
      'a range that fits',
      (board: Board) => {
        query(board).expr = 'sum(rate(otp_calls_total{cluster=~"$cluster",job=~"$job",instance=~"$instance"}[5m]))'
      },
    ],
    [
      'a rate over a counter',
      (board: Board) => {
        query(board).expr = 'sum(otp_calls_total{cluster=~"$cluster",job=~"$job",instance=~"$instance"})'
      },
    ],
    [
      'the scope',
      (board: Board) => {
        query(board).expr = 'sum(otp_processes)'
      },
    ],
    [
      'the cluster of an engine',
      (board: Board) => {
        query(board).expr = 'sum(gnatsd_varz_mem)'
      },
    ],
    [
      'an alert list',
      (board: Board) => {
        board.panels = board.panels.filter(({ type }) => type !== 'alertlist')
      },
    ],
    [
      'an annotation',
      (board: Board) => {
        board.annotations.list.pop()
      },
    ],
    [
      'a variable',
      (board: Board) => {
        board.templating.list.pop()
      },
    ],
    [
      'the way to the observer',
      (board: Board) => {
        board.links = board.links.filter(({ title }) => title !== 'Observer')
      },
    ],
    [
      'protection from edits',
      (board: Board) => {
        board.editable = true
      },
    ],
    [
      'room for each panel',
      (board: Board) => {
        first(board).gridPos.x = 20
      },
    ],
  ] as const)('on a board without %s', ([, change]) => {
    expect(broken(change)).toHaveLength(1)
  })
})

test('every link to a runbook leads to one', () => {
  const urls = new Set((Object.keys(ALERTS) as AlertName[]).map(runbookUrl))
  for (const text of Object.values(texts)) {
    for (const [url] of text.matchAll(/https:[^"]+\/docs\/runbooks\/[^"]+/g)) expect(urls).toContain(url)
  }
})
