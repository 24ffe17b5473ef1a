// A line chart over time, one line a node.
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { History, Sample } from '../net/history.ts'

interface ChartProps {
  readonly title: string
  readonly history: History
  readonly of: keyof Sample
  readonly format: (value: number) => string
}

const LINES = 8
const HEIGHT = 140

const style = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

function options(title: string, names: readonly string[], width: number, format: (value: number) => string): uPlot.Options {
  const axis = { stroke: style('--muted'), grid: { stroke: style('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui' }
  return {
    title,
    width,
    height: HEIGHT,
    cursor: { y: false, sync: { key: 'observer' } },
    legend: { live: false },
    scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, space: 90, values: (_plot, values) => values.map((at) => new Date(at * 1000).toLocaleTimeString('en-GB')) },
      { ...axis, size: 56, values: (_plot, values) => values.map(format) },
    ],
    series: [
      {},
      ...names.map((label, index) => ({ label, stroke: style(`--line-${index % LINES}`), width: 1.5, points: { show: false } })),
    ],
  }
}

export function Chart({ title, history, of, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const names = [...history.nodes.keys()].toSorted()
  const data = [history.times, ...names.map((name) => (history.nodes.get(name) ?? []).map((sample) => sample[of]))]
  const drawn = useRef(data)
  drawn.current = data
  const lines = names.join(' ')

  useEffect(() => {
    const element = place.current as HTMLDivElement
    const draw = (): void => {
      plot.current?.destroy()
      plot.current = new uPlot(options(title, names, element.clientWidth, format), drawn.current as uPlot.AlignedData, element)
    }
    draw()
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }))
    resized.observe(element)
    addEventListener('themechange', draw)
    const system = matchMedia('(prefers-color-scheme: dark)')
    system.addEventListener('change', draw)
    return () => {
      resized.disconnect()
      removeEventListener('themechange', draw)
      system.removeEventListener('change', draw)
      plot.current?.destroy()
      plot.current = undefined
    }
  }, [lines])

  useEffect(() => plot.current?.setData(data as uPlot.AlignedData))

  const last = names.map((name) => `${name} ${format(history.nodes.get(name)?.at(-1)?.[of] ?? 0)}`).join(', ')
  return <div ref={place} class="chart" role="img" aria-label={`${title}: now ${last}`} />
}
