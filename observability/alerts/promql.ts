// Pure. Selectors of the rules: metrics and labels are checked by the compiler, the rest is PromQL as it is.
import type { METRICS, MetricName } from '#vocabulary'
import type { Duration } from './times.ts'

type OfKind<K extends string> = { [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never }[MetricName]
type Label<N extends MetricName> = (keyof (typeof METRICS)[N]['labels'] & string) | 'cluster' | 'instance' | 'job'

/** Values by label. One that begins with `!`, `=~` or `!~` is such a matcher. */
export type Labels<N extends MetricName> = Partial<Record<Label<N>, string>>

const matcher = ([label, value]: [string, string]): string => {
  const [operator = '='] = /^(?:=~|!~|!)/.exec(value) ?? []
  const text = operator === '=' ? value : value.slice(operator.length)
  return `${label}${operator === '!' ? '!=' : operator}"${text}"`
}

/** A series, or all that match. */
export function series<N extends MetricName>(name: N, labels: Labels<N> = {}): string {
  return selector(name, labels)
}

/** One of the three families of a histogram; `le` is a bound, of buckets only. */
export function part<N extends OfKind<'histogram'>>(
  name: N,
  which: 'bucket' | 'sum' | 'count',
  labels: Labels<N> = {},
  le?: string,
): string {
  return selector(`${name}_${which}`, le === undefined ? labels : { ...labels, le })
}

/** How much counters grew within `range`. */
export function increase<N extends OfKind<'counter'>>(name: N, range: Duration, labels: Labels<N> = {}): string {
  return `increase(${series(name, labels)}[${range}])`
}

function selector(name: string, labels: Readonly<Record<string, string | undefined>>): string {
  const matchers = Object.entries(labels).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return matchers.length === 0 ? name : `${name}{${matchers.map(matcher).join(',')}}`
}
