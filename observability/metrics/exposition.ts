// The page that Prometheus reads: rendered in slices, once for all who ask at the same time, as text or as OpenMetrics.
import { type Metric, Registry } from 'prom-client'

/** How long a slice may hold the event loop before others get their turn. */
const SLICE_MS = 5

/** One rendering: what to answer with. */
export interface Page {
  readonly contentType: string
  readonly body: string
}

type OpenRegistry = Registry<'application/openmetrics-text; version=1.0.0; charset=utf-8'>

/** prom-client strips `_total` from a counter's name for good when it renders OpenMetrics: it gets a view to do it on. */
function withoutSuffix(metric: Metric & { name: string; get(): Promise<object>; type: string }): Metric {
  if (metric.type !== 'counter') return metric
  const name = metric.name.replace(/_total$/, '')
  return { name, type: metric.type, get: async () => ({ ...(await metric.get()), name }) } as unknown as Metric
}

/** Renders families in the order given. `refresh` is called once before each rendering. */
export class Exposition {
  readonly #text = new Registry()
  readonly #open: OpenRegistry = new Registry()
  readonly #refresh: () => void
  readonly #onRendered: (seconds: number, series: number) => void
  readonly #underWay = new Map<Registry | OpenRegistry, Promise<Page>>()

  constructor(families: readonly Metric[], refresh: () => void, onRendered: (seconds: number, series: number) => void) {
    this.#refresh = refresh
    this.#onRendered = onRendered
    this.#open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    for (const family of families) {
      this.#text.registerMetric(family)
      this.#open.registerMetric(withoutSuffix(family as never))
    }
  }

  /** OpenMetrics, which alone carries exemplars, for whoever asks for it. */
  render(accept = ''): Promise<Page> {
    const registry = accept.includes('application/openmetrics-text') ? this.#open : this.#text
    let page = this.#underWay.get(registry)
    if (page === undefined) {
      page = this.#render(registry).finally(() => this.#underWay.delete(registry))
      this.#underWay.set(registry, page)
    }
    return page
  }

  async #render(registry: Registry | OpenRegistry): Promise<Page> {
    const startedAt = performance.now()
    this.#refresh()
    const parts: string[] = []
    let sliceAt = performance.now()
    for (const { name } of registry.getMetricsAsArray()) {
      parts.push(await registry.getSingleMetricAsString(name))
      if (performance.now() - sliceAt < SLICE_MS) continue
      await new Promise((resolve) => setImmediate(resolve))
      sliceAt = performance.now()
    }
    const isOpen = registry === this.#open
    const body = isOpen ? `${parts.join('\n')}\n# EOF\n` : `${parts.join('\n\n')}\n`
    const series = body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
    this.#onRendered((performance.now() - startedAt) / 1000, series)
    return { contentType: registry.contentType, body }
  }
}
