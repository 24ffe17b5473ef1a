// Pure. Expressions over the vocabulary: every selector keeps to the chosen clusters, jobs and instances, and every name is checked by the compiler.
import type { ENGINE_METRICS, EngineMetricName, METRICS, MetricName } from '#vocabulary'

type NameOfKind<K extends string> = { [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never }[MetricName]
type LabelOf<N extends MetricName> = keyof (typeof METRICS)[N]['labels'] & string
type Target = 'instance' | 'cluster' | 'job'
type Matchers<N extends MetricName> = Partial<Record<LabelOf<N> | Target, string>>

/** What every query of every board keeps to. */
export const SCOPE = 'cluster=~"$cluster",job=~"$job",instance=~"$instance"'

/** What the first letter of a matcher says; without one it is equality. */
const OPERATORS: Readonly<Record<string, string>> = { '!': '!=', '~': '=~' }

const braces = (matchers: Readonly<Record<string, string | undefined>>): string => {
  const own = Object.entries(matchers).map(([label, value = '']) => {
    const operator = OPERATORS[value.charAt(0)]
    return operator === undefined ? `${label}="${value}"` : `${label}${operator}"${value.slice(1)}"`
  })
  return `{${[SCOPE, ...own].join(',')}}`
}

/** A metric in the chosen scope; a value that begins with `!` excludes, one that begins with `~` is a pattern. */
export const select = <N extends MetricName>(name: N, matchers: Matchers<N> = {}): string => `${name}${braces(matchers)}`

/** A metric of the engine's exporter in the chosen clusters; its servers are no instances of nodes, and its job is its own. */
export const engine = <N extends EngineMetricName>(
  name: N,
  matchers: Partial<Record<keyof (typeof ENGINE_METRICS)[N]['labels'] & string, string>> = {},
): string => {
  const own = Object.entries<string | undefined>(matchers).map(([label, value = '']) => `${label}="${value}"`)
  return `${name}{${['cluster=~"$cluster"', ...own].join(',')}}`
}

/** Per second, over a range that fits the scrape interval and the zoom. */
export const rate = <N extends NameOfKind<'counter'>>(name: N, matchers: Matchers<N> = {}): string =>
  `rate(${select(name, matchers)}[$__rate_interval])`

/** How many more, between two points of the panel. */
export const increase = <N extends NameOfKind<'counter'>>(name: N, matchers: Matchers<N> = {}): string =>
  `increase(${select(name, matchers)}[$__rate_interval])`

/** Added up by labels; by none, in all. */
export const sum = (expr: string, ...by: readonly string[]): string =>
  by.length === 0 ? `sum(${expr})` : `sum by (${by.join(', ')}) (${expr})`

/** The greatest by labels. */
export const max = (expr: string, ...by: readonly string[]): string =>
  by.length === 0 ? `max(${expr})` : `max by (${by.join(', ')}) (${expr})`

/** A quantile of a histogram, by labels. */
export const quantile = <N extends NameOfKind<'histogram'>>(
  q: number,
  name: N,
  by: readonly (LabelOf<N> | Target)[] = [],
  matchers: Matchers<N> = {},
): string => `histogram_quantile(${q}, ${sum(`rate(${name}_bucket${braces(matchers)}[$__rate_interval])`, ...by, 'le')})`

/** The mean of what a histogram observed, by labels. */
export const mean = <N extends NameOfKind<'histogram'>>(name: N, by: readonly (LabelOf<N> | Target)[] = []): string =>
  `${sum(`rate(${name}_sum${braces({})}[$__rate_interval])`, ...by)} / ${sum(`rate(${name}_count${braces({})}[$__rate_interval])`, ...by)}`

/** How many observations more, between two points of the panel. */
export const observations = <N extends NameOfKind<'histogram'>>(name: N, matchers: Matchers<N> = {}): string =>
  `increase(${name}_count${braces(matchers)}[$__rate_interval])`
