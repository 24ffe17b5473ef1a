// `npm run demo:report`: a storm, a rolling restart and a node that is killed, as the boards show them, in one HTML file without Grafana.
import { writeFileSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { type PanelQuery, panelQueries } from '#grafana/queries.ts'
import { onStopSignals } from '#src/launcher/stop-signals.ts'
import { PROGRAMS, Stack } from '#test/drill/stack.ts'
import { missing } from '#test/system/support/debian.ts'
import { endCommands, endForGood } from '#test/system/support/os.ts'
import { type Line, type Mark, type Span, svgOf } from './charts.ts'
import { type Figure, pageOf } from './report-page.ts'

/** A scrape a second, and calm between what happens. */
const FACTOR = 1 / 15
const RATE_INTERVAL = '5s'
const CALM_MS = 10_000
const FILE = 'report.html'
const INTERRUPTED = 130

/** What tells the three apart, and what people feel of them. */
export const PANELS: readonly (readonly [board: string, panel: string])[] = [
  ['OTP / Cluster overview', 'What started processes again or elsewhere'],
  ['OTP / Cluster overview', 'Members by status, and how many there should be'],
  ['OTP / Cluster overview', 'Supervisors that restart crashed children'],
  ['OTP / Cluster overview', 'Children taken over from nodes that went'],
  ['OTP / Cluster overview', 'Changes of membership, and how nodes knew'],
  ['OTP / Cluster overview', 'Calls a second, by outcome'],
  ['OTP / Cluster overview', 'How long a call takes'],
  ['OTP / Cluster overview', 'Processes by node'],
]

/** The queries of a panel; throws where the boards have no such panel. */
export function queriesOf(board: string, panel: string): readonly [PanelQuery, ...PanelQuery[]] {
  const [first, ...others] = panelQueries(RATE_INTERVAL).filter((query) => query.board === board && query.panel === panel)
  if (first === undefined) throw new Error(`the board ${board} has no panel ${panel}`)
  return [first, ...others]
}

interface Answer {
  readonly data: { readonly result: readonly { readonly metric: Readonly<Record<string, string>>; readonly values: [number, string][] }[] }
}

async function linesOf(prometheus: string, { expr, legend, color }: PanelQuery, { from, to }: Span): Promise<Line[]> {
  const range = new URLSearchParams({ query: expr, start: String(from), end: String(to), step: '1' })
  const response = await fetch(`${prometheus}/api/v1/query_range?${range.toString()}`)
  if (!response.ok) throw new Error(`Prometheus did not answer ${expr}: ${await response.text()}`)
  const { data } = (await response.json()) as Answer
  return data.result.map(({ metric, values }) => ({
    name: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
    color,
    points: values.map(([at, value]): [number, number] => [at, Number(value)]).filter(([, value]) => Number.isFinite(value)),
  }))
}

/** Does it all; answers what happened when. */
async function happenings(stack: Stack): Promise<Mark[]> {
  const marks: Mark[] = []
  const happens = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    process.stdout.write(`${what}\n`)
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
  // Not the one that came back last: that has next to nothing to lose.
  await happens('kill n2', () => stack.end('n2', 'SIGKILL'))
  await happens('n2 back', () => stack.rejoin('n2'))
  return marks
}

async function figuresOf(stack: Stack, marks: readonly Mark[], span: Span): Promise<Figure[]> {
  return Promise.all(
    PANELS.map(async ([board, panel]) => {
      const queries = queriesOf(board, panel)
      const [{ unit, look, about }] = queries
      const lines = await Promise.all(queries.map((query) => linesOf(stack.prometheus, query, span)))
      return { title: panel, about, svg: svgOf({ unit, look, lines: lines.flat() }, marks, span) }
    }),
  )
}

async function report(): Promise<string> {
  const stack = await Stack.start({ factor: FACTOR, settings: {}, load: true })
  try {
    const from = Date.now() / 1000
    const marks = await happenings(stack)
    return pageOf(await figuresOf(stack, marks, { from, to: Date.now() / 1000 }))
  } finally {
    await stack.stop()
  }
}

if (import.meta.main) {
  const leave = (): void => void endForGood().then(() => process.exit(INTERRUPTED))
  onStopSignals(leave, () => process.exit(INTERRUPTED))
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
