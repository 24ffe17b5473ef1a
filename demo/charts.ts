// A panel's series as a chart: SVG, made without a browser.
import * as echarts from 'echarts'

/** One line of a chart: seconds of Unix time, and values. */
export interface Line {
  readonly name: string
  readonly points: readonly (readonly [at: number, value: number])[]
}

/** Something that happened, to be seen in every chart. */
export interface Mark {
  readonly at: number
  readonly what: string
}

export interface Chart {
  readonly title: string
  /** Grafana's name of it. */
  readonly unit: string
  readonly lines: readonly Line[]
}

const WIDTH = 720
const HEIGHT = 260
const MOST_LINES = 12

/** An `<svg>` element. Of more than twelve lines the highest are drawn. */
export function svgOf({ title, unit, lines }: Chart, marks: readonly Mark[], from: number, to: number): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT })
  const peak = ({ points }: Line): number => Math.max(...points.map(([, value]) => value))
  const shown = lines.toSorted((a, b) => peak(b) - peak(a)).slice(0, MOST_LINES)
  chart.setOption({
    animation: false,
    title: { text: title, textStyle: { fontSize: 14 } },
    legend: { type: 'plain', bottom: 0, itemHeight: 8, textStyle: { fontSize: 10 } },
    grid: { left: 60, right: 20, top: 48, bottom: 60 },
    xAxis: { type: 'value', min: 0, max: Math.ceil(to - from), name: 's', axisLabel: { formatter: '{value}' } },
    yAxis: { type: 'value', axisLabel: { formatter: (value: number) => written(value, unit) } },
    series: shown.map(({ name, points }, index) => ({
      type: 'line',
      name,
      showSymbol: false,
      lineStyle: { width: 1.5 },
      data: points.map(([at, value]) => [at - from, value]),
      ...(index === 0 ? { markLine: markLineOf(marks, from) } : {}),
    })),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

function markLineOf(marks: readonly Mark[], from: number): object {
  return {
    symbol: 'none',
    silent: true,
    lineStyle: { color: '#c0392b', type: 'dashed' },
    label: { fontSize: 9, formatter: '{b}' },
    data: marks.map(({ at, what }) => ({ name: what, xAxis: at - from })),
  }
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
