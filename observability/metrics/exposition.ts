// The page that Prometheus reads: rendered in slices, once for all who ask at the same time, as text or as OpenMetrics.
import { type Metric, type OpenMetricsContentType, Registry } from 'prom-client'
import { type Exemplar, HistogramCell, type ValueCell } from './cells.ts'
import type { Family } from './families.ts'
import { type Format, formatFor } from './format.ts'

/** How long a slice may hold the event loop before others get their turn. */
const SLICE_MS = 5

/** One rendering: what to answer with. */
export interface Page {
  readonly contentType: string
  readonly body: string
}

export interface ExpositionOptions {
  readonly families: readonly Family[]
  /** What prom-client itself knows: of Node.js and the operating-system process. */
  readonly runtime: readonly Metric[]
  /** Called before each rendering; brings the families up to date. */
  readonly refresh: () => Promise<void>
  readonly onRendered: (seconds: number, series: number) => void
}

/** Text before the value, and the exemplar behind it, if it is for OpenMetrics. */
type Line = (name: string, labels: string, value: number, exemplar?: Exemplar) => string

const textLine: Line = (name, labels, value) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}`
const openLine: Line = (name, labels, value, exemplar) => textLine(name, labels, value) + (exemplar === undefined ? '' : shown(exemplar))

function shown({ ids, value, at }: Exemplar): string {
  return ` # {trace_id="${ids.trace_id}",span_id="${ids.span_id}"} ${value} ${at}`
}

function linesOf(name: string, cells: Iterable<ValueCell | HistogramCell>, line: Line, valueName: string): string[] {
  const lines: string[] = []
  for (const cell of cells) {
    if (cell instanceof HistogramCell) lines.push(...histogramLines(name, cell, line))
    else lines.push(line(valueName, cell.labels, cell.value, cell.exemplar))
  }
  return lines
}

function histogramLines(name: string, { labels, bounds, counts, sum, exemplars }: HistogramCell, line: Line): string[] {
  const rest = labels === '' ? '' : `,${labels}`
  let count = 0
  const lines = counts.map((inBucket, place) => {
    count += inBucket
    return line(`${name}_bucket`, `le="${bounds[place] ?? '+Inf'}"${rest}`, count, exemplars[place])
  })
  return [...lines, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, count)]
}

/** Lets the event loop turn. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Renders families in the order given. */
export class Exposition {
  readonly #options: ExpositionOptions
  readonly #underWay = new Map<Format, Promise<Page>>()
  #reading: Promise<void> | undefined

  constructor(options: ExpositionOptions) {
    this.#options = options
  }

  /** OpenMetrics, which alone carries exemplars, for whoever prefers it. */
  render(accept?: string): Promise<Page> {
    const format = formatFor(accept)
    let page = this.#underWay.get(format)
    if (page === undefined) {
      page = this.#render(format).finally(() => this.#underWay.delete(format))
      this.#underWay.set(format, page)
    }
    return page
  }

  async #render(format: Format): Promise<Page> {
    const startedAt = performance.now()
    this.#reading ??= this.#options.refresh().finally(() => {
      this.#reading = undefined
    })
    await this.#reading
    await turn()
    const parts: string[] = []
    let series = 0
    let sliceAt = performance.now()
    for await (const { text, count } of this.#parts(format)) {
      parts.push(text)
      series += count
      if (performance.now() - sliceAt < SLICE_MS) continue
      await turn()
      sliceAt = performance.now()
    }
    const isOpen = format === 'openmetrics'
    const body = isOpen ? `${parts.join('\n')}\n# EOF\n` : `${parts.join('\n\n')}\n`
    this.#options.onRendered((performance.now() - startedAt) / 1000, series)
    return { contentType: isOpen ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE, body }
  }

  async *#parts(format: Format): AsyncGenerator<{ text: string; count: number }> {
    for (const { name, entry, cells } of this.#options.families) {
      const isOpen = format === 'openmetrics'
      // In OpenMetrics the suffix belongs to the sample, not to the family.
      const title = isOpen && entry.kind === 'counter' ? name.replace(/_total$/, '') : name
      const lines = linesOf(name, cells.values(), isOpen ? openLine : textLine, name)
      yield { text: [`# HELP ${title} ${entry.help}`, `# TYPE ${title} ${entry.kind}`, ...lines].join('\n'), count: lines.length }
    }
    const registry = format === 'openmetrics' ? openRegistry() : new Registry()
    for (const metric of this.#options.runtime) {
      const view = format === 'openmetrics' ? withoutSuffix(metric as Named) : (metric as Named)
      registry.registerMetric(view)
      const text = await registry.getSingleMetricAsString(view.name)
      yield { text, count: text.split('\n').length - 2 }
    }
  }
}

function openRegistry(): Registry {
  const registry: Registry<OpenMetricsContentType> = new Registry()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  return registry as unknown as Registry
}

/** What prom-client says of a metric only at run time. */
type Named = Metric & { readonly name: string; readonly type: string; get(): Promise<object> }

/** prom-client strips `_total` from a counter's name for good when it renders OpenMetrics: it gets a view to do it on. */
function withoutSuffix(metric: Named): Named {
  if (metric.type !== 'counter') return metric
  const name = metric.name.replace(/_total$/, '')
  return { name, type: metric.type, get: async () => ({ ...(await metric.get()), name }) } as unknown as Named
}
