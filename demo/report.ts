// `npm run demo:report`: a storm, a rolling restart and a node that is killed, as the boards show them, in one HTML file without Grafana.
import { writeFileSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { type PanelQuery, panelQueries } from '#grafana/queries.ts'
import { PROGRAMS, Stack } from '#test/drill/stack.ts'
import { missing } from '#test/system/support/debian.ts'
import { endCommands } from '#test/system/support/os.ts'
import { type Line, type Mark, svgOf } from './charts.ts'

/** A scrape a second, and calm between what happens. */
const FACTOR = 1 / 15
const RATE_INTERVAL = '5s'
const CALM_MS = 8000
const FILE = 'report.html'

/** What tells the three apart, and what people feel of them. */
const PANELS: readonly (readonly [board: string, panel: string])[] = [
  ['OTP / Cluster overview', 'What started processes again or elsewhere'],
  ['OTP / Cluster overview', 'Members by status, and how many there should be'],
  ['OTP / Cluster overview', 'Supervisors that restart crashed children'],
  ['OTP / Cluster overview', 'Children taken over from nodes that went'],
  ['OTP / Placement and handoff', 'Handoffs, by reason and outcome'],
  ['OTP / Cluster overview', 'Calls a second, by outcome'],
  ['OTP / Cluster overview', 'How long a call takes'],
  ['OTP / Cluster overview', 'Processes by node'],
]

interface Answer {
  readonly data: { readonly result: readonly { readonly metric: Readonly<Record<string, string>>; readonly values: [number, string][] }[] }
}

async function linesOf(prometheus: string, { expr, legend }: PanelQuery, from: number, to: number): Promise<Line[]> {
  const range = new URLSearchParams({ query: expr, start: String(from), end: String(to), step: '1' })
  const response = await fetch(`${prometheus}/api/v1/query_range?${range.toString()}`)
  if (!response.ok) throw new Error(`Prometheus did not answer ${expr}: ${await response.text()}`)
  const { data } = (await response.json()) as Answer
  return data.result.map(({ metric, values }) => ({
    name: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
    points: values.map(([at, value]): [number, number] => [at, Number(value)]).filter(([, value]) => Number.isFinite(value)),
  }))
}

/** Does it all; answers what happened when. */
async function happenings(stack: Stack): Promise<Mark[]> {
  const marks: Mark[] = []
  const happens = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    marks.push({ at: Date.now() / 1000, what })
    await act()
    await after(CALM_MS)
  }
  await after(CALM_MS)
  await happens('storm', () => stack.ask('n1', '/chaos/storm', { crashes: 200, perSecond: 40 }))
  for (const node of ['n1', 'n2', 'n3'] as const) {
    await happens(`restart ${node}`, async () => {
      await stack.end(node, 'SIGTERM')
      await stack.rejoin(node)
    })
  }
  await happens('kill n3', () => stack.end('n3', 'SIGKILL'))
  await happens('n3 back', () => stack.rejoin('n3'))
  return marks
}

async function report(): Promise<string> {
  const stack = await Stack.start({ factor: FACTOR, settings: {}, load: true })
  try {
    const from = Date.now() / 1000
    const marks = await happenings(stack)
    const to = Date.now() / 1000
    const queries = panelQueries(RATE_INTERVAL)
    const charts = PANELS.map(async ([board, panel]) => {
      const own = queries.filter((query) => query.board === board && query.panel === panel)
      const [first] = own
      if (first === undefined) throw new Error(`the board ${board} has no panel ${panel}`)
      const lines = await Promise.all(own.map((query) => linesOf(stack.prometheus, query, from, to)))
      return svgOf({ title: panel, unit: first.unit, lines: lines.flat() }, marks, from, to)
    })
    return page(await Promise.all(charts))
  } finally {
    await stack.stop()
  }
}

const page = (charts: readonly string[]): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A storm, a rolling restart and a node that is killed</title>
<style>body{font-family:sans-serif;margin:24px;max-width:1480px}figure{display:inline-block;margin:8px}</style>
<h1>A storm, a rolling restart and a node that is killed</h1>
<p>Three nodes under load, as Prometheus saw them: the queries are those of the boards. Crashes are restarts, a deploy is moves, a lost node is takeovers and a missing member.</p>
${charts.map((svg) => `<figure>${svg}</figure>`).join('\n')}
</html>
`

if (import.meta.main) {
  const absent = PROGRAMS.map(missing).filter((reason) => reason !== undefined)
  if (absent.length > 0) throw new Error(absent.join('; '))
  const file = process.argv[2] ?? FILE
  try {
    writeFileSync(file, await report())
  } finally {
    await endCommands()
  }
  process.stdout.write(`${file} is written: open it in a browser\n`)
}
