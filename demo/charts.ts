// A panel's series as a chart: SVG, made without a browser, in colours that can be read on light and dark ground.
import * as echarts from 'echarts'

/** One line of a chart: seconds of Unix time, and values. */
export interface Line {
  readonly name: string
  /** Where it carries the meaning: red, blue or orange, as on the boards. */
  readonly color: string | undefined
  readonly points: readonly (readonly [at: number, value: number])[]
}

/** Something that happened, to be seen in every chart. */
export interface Mark {
  readonly at: number
  readonly what: string
}

export interface Chart {
  /** Grafana's name of it. */
  readonly unit: string
  readonly look: 'lines' | 'bars'
  readonly lines: readonly Line[]
}

/** What a chart is drawn over, in seconds of Unix time. */
export interface Span {
  readonly from: number
  readonly to: number
}

const WIDTH = 720
const HEIGHT = 250
const FEW_LINES = 4
const MOST_LINES = 12
/** Points further apart than this belong to two lives of a series. */
const GAP_SECONDS = 3
const INK = '#7d8590'
const FAINT = '#7d859040'
const MARK = '#a371f7'
const FONT = { color: INK, fontFamily: 'system-ui, sans-serif', fontSize: 11 } as const
/** Of those without a meaning of their own. */
const PALETTE = ['#3f83f8', '#2da44e', '#bf8700', '#d1578f', '#0e9aa7', '#8b6ef0', '#cf5b3c', '#6b9e1f']
const MEANT: Readonly<Record<string, string>> = { red: '#e5484d', blue: '#3f83f8', orange: '#f08c2e' }

/** An `<svg>` element. Of more than four lines those are drawn that are not 0 all the time, and of more than twelve the highest. */
export function svgOf({ unit, look, lines }: Chart, marks: readonly Mark[], span: Span): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT })
  const shown = worthShowing(lines)
  chart.setOption({
    animation: false,
    color: PALETTE,
    textStyle: FONT,
    legend: { type: 'plain', bottom: 0, itemHeight: 8, itemWidth: 14, itemGap: 26, textStyle: FONT },
    grid: { left: 64, right: 24, top: 26, bottom: 62 },
    xAxis: {
      type: 'value',
      min: 0,
      max: Math.ceil(span.to - span.from),
      axisLabel: { ...FONT, formatter: '{value} s' },
      axisLine: { lineStyle: { color: FAINT } },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      min: 0,
      minInterval: unit === 'short' && peakOf(shown) >= 1 ? 1 : 0,
      axisLabel: { ...FONT, formatter: (value: number) => written(value, unit) },
      splitLine: { lineStyle: { color: FAINT } },
    },
    series: shown.map((line, index) => seriesOf(line, look, index === 0 ? marks : [], span)),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

function worthShowing(lines: readonly Line[]): readonly Line[] {
  const alive = lines.filter((line) => peak(line) > 0)
  const some = lines.length > FEW_LINES && alive.length > 0 ? alive : lines
  return some.length <= MOST_LINES ? some : some.toSorted((a, b) => peak(b) - peak(a)).slice(0, MOST_LINES)
}

const peak = ({ points }: Line): number => points.reduce((most, [, value]) => Math.max(most, value), 0)
const peakOf = (lines: readonly Line[]): number => lines.reduce((most, line) => Math.max(most, peak(line)), 0)

function seriesOf({ name, color, points }: Line, look: Chart['look'], marks: readonly Mark[], { from }: Span): object {
  const how = look === 'bars' ? { type: 'bar', stack: 'all', barWidth: 3 } : { type: 'line', showSymbol: false, lineStyle: { width: 1.5 } }
  return {
    ...how,
    name,
    ...(color !== undefined && { color: MEANT[color] ?? color }),
    data: broken(points).map(([at, value]) => [at - from, value]),
    markLine: {
      symbol: 'none',
      silent: true,
      lineStyle: { color: MARK, type: 'dashed' },
      label: { ...FONT, color: MARK, fontSize: 10, formatter: '{b}' },
      data: marks.map(({ at, what }) => ({ name: what, xAxis: at - from })),
    },
  }
}

/** With a hole wherever there was nothing: no line is drawn over it. */
function broken(points: Line['points']): readonly (readonly [at: number, value: number | null])[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1]
    return before === undefined || point[0] - before[0] <= GAP_SECONDS ? [point] : [[before[0] + 1, null] as const, point]
  })
}

const SIZES = ['', 'k', 'M', 'G'] as const

/** A value in the unit of its panel, short enough for an axis. */
export function written(value: number, unit: string): string {
  if (unit === 'percentunit') return `${Math.round(value * 1000) / 10} %`
  if (unit === 's') return value !== 0 && Math.abs(value) < 1 ? `${Math.round(value * 1e6) / 1000} ms` : `${value} s`
  const size = value === 0 ? 0 : Math.min(SIZES.length - 1, Math.max(0, Math.floor(Math.log10(Math.abs(value)) / 3)))
  const text = `${Math.round((value / 1000 ** size) * 100) / 100}${SIZES[size]}`
  return unit === 'bytes' || unit === 'Bps' ? `${text}B` : text
}
