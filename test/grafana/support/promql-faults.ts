// Pure. What is wrong with a query, by its syntax tree: names, labels and label values held against the vocabulary, and what a rate is taken of.
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { ENGINE_METRICS, METRICS, type MetricEntry } from '#vocabulary'

const metrics: Readonly<Record<string, MetricEntry>> = { ...METRICS, ...ENGINE_METRICS }
/** What the scrape adds to every series. */
const TARGET_LABELS = new Set(['cluster', 'job', 'instance'])
const RATES = new Set(['rate', 'increase'])
/** Stands for a range that Grafana fills in, since the grammar does not know its variables. */
const RANGE = '4242s'

interface Family {
  readonly entry: MetricEntry
  readonly part: '' | '_bucket' | '_sum' | '_count'
}

function familyOf(name: string): Family | undefined {
  const own = metrics[name]
  if (own !== undefined) return { entry: own, part: '' }
  const [, base = '', part = ''] = /^(.+)(_bucket|_sum|_count)$/.exec(name) ?? []
  const entry = metrics[base]
  return entry?.kind === 'histogram' ? { entry, part: part as Family['part'] } : undefined
}

function* ofSelector(
  name: string,
  matchers: readonly { readonly label: string; readonly op: string; readonly value: string }[],
): Generator<string> {
  const family = familyOf(name)
  if (family === undefined) {
    yield `no metric ${name}`
    return
  }
  for (const { label, op, value } of matchers) {
    if (TARGET_LABELS.has(label) || (label === 'le' && family.part === '_bucket')) continue
    const values = family.entry.labels[label]
    if (values === undefined) yield `${name} has no label ${label}`
    else if (values !== 'open' && op === '=' && !values.includes(value)) yield `${name} is never with ${label}="${value}"`
  }
}

function* ofRate(name: string, isRated: boolean): Generator<string> {
  const family = familyOf(name)
  if (family === undefined) return
  const isCounted = family.entry.kind === 'counter' || family.part !== ''
  if (isCounted && !isRated) yield `a counter without a rate: ${name}`
  if (!isCounted && isRated) yield `a rate of a gauge: ${name}`
}

/** `isBoard`: the query of a panel, whose ranges are Grafana's to choose. */
export function queryFaults(query: string, { isBoard }: { readonly isBoard: boolean }): string[] {
  const expr = query.replaceAll('$__rate_interval', RANGE)
  const text = (node: SyntaxNode) => expr.slice(node.from, node.to)
  const faults: string[] = []
  const known = new Set(['le', ...TARGET_LABELS])
  const grouped: string[] = []
  parser.parse(expr).iterate({
    enter: ({ name, node }) => {
      if (node.type.isError) faults.push(`not PromQL from ${JSON.stringify(expr.slice(node.from, node.from + 20))} on`)
      if (name === 'GroupingLabels') for (const label of node.getChildren('LabelName')) grouped.push(text(label))
      if (name === 'MatrixSelector') {
        const range = node.getChild('DurationExpr')
        if (isBoard && (range === null || text(range) !== RANGE))
          faults.push(`a range that does not fit the scrape interval: ${text(node)}`)
      }
      if (name !== 'VectorSelector') return
      const metric = node.getChild('Identifier')
      if (metric === null) {
        faults.push(`a selector without a metric: ${text(node)}`)
        return
      }
      const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map((matcher) => {
        const [label, op, value] = ['LabelName', 'MatchOp', 'StringLiteral'].map((kind) => text(matcher.getChild(kind) as SyntaxNode))
        return { label: label as string, op: op as string, value: (value as string).slice(1, -1) }
      })
      for (const label of Object.keys(familyOf(text(metric))?.entry.labels ?? {})) known.add(label)
      faults.push(...ofSelector(text(metric), matchers))
      const call = node.parent?.name === 'MatrixSelector' ? node.parent.parent?.parent : undefined
      const rater = call?.getChild('FunctionIdentifier')
      faults.push(...ofRate(text(metric), rater != null && RATES.has(text(rater))))
    },
  })
  // What `count_values` makes is the query's own.
  for (const [, made] of expr.matchAll(/count_values\("(\w+)"/g)) known.add(made as string)
  for (const label of grouped) if (!known.has(label)) faults.push(`grouped by ${label}, which nothing in it has`)
  return faults
}
