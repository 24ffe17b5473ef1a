// Writes docs/reference/{metrics,spans,events}.md from the vocabulary: `node observability/generate-docs.ts`, with `--check` it only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import {
  ATTRIBUTES,
  EVENTS,
  MAX_LABEL_VALUES,
  METRICS,
  type MetricEntry,
  OTHER,
  runtimeMetricNames,
  SPANS,
  type SpanEntry,
} from '#vocabulary'
import { declaredEvents } from './event-fields.ts'

const GENERATED = '<!-- Written by `node observability/generate-docs.ts` from observability/vocabulary.ts; edit that, not this. -->'

const code = (text: string): string => `\`${text}\``
const list = (texts: readonly string[]): string => (texts.length === 0 ? '–' : texts.map(code).join(', '))
const row = (...cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
const table = (head: readonly string[], rows: readonly string[]): string =>
  [row(...head), row(...head.map(() => '---')), ...rows].join('\n')

function metricRow([name, { kind, unit, labels, help, buckets, exemplars, optional }]: [string, MetricEntry]): string {
  const said = Object.entries(labels).map(([label, values]) => (values === 'open' ? code(label) : `${code(label)} (${values.join(', ')})`))
  const extra = [
    buckets === undefined ? '' : ` Buckets: ${buckets.join(', ')}.`,
    exemplars === true ? ' With exemplars.' : '',
    optional === true ? ' Absent where the node has no such part.' : '',
  ]
  return row(code(name), kind, unit, said.join(', ') || '–', help + extra.join(''))
}

function metricsPage(): string {
  const all = Object.entries(METRICS as Readonly<Record<string, MetricEntry>>)
  const head = ['Name', 'Kind', 'Unit', 'Labels', 'Meaning']
  const runtime = new Set(runtimeMetricNames)
  return `# Metrics

${GENERATED}

Each node serves these on its metrics port, as Prometheus text or as OpenMetrics. Labels are never a pid, a registered name, an error message or
a trace id. A label without a list of values takes at most ${MAX_LABEL_VALUES} in a family; the rest is counted as \`${OTHER}\`, and \`otp_telemetry_label_overflow_total\` says so.
Counters and histograms stand at 0 in every combination of the listed values as soon as their supervisor, behaviour or optional part is known.

## The runtime, its cluster and its telemetry

${table(head, all.filter(([name]) => !runtime.has(name)).map(metricRow))}

## Node.js and the operating-system process

${table(head, all.filter(([name]) => runtime.has(name)).map(metricRow))}
`
}

function spansPage(): string {
  const spans = Object.entries(SPANS as Readonly<Record<string, SpanEntry>>)
  return `# Spans

${GENERATED}

Traces are made only when \`OTEL_EXPORTER_OTLP_ENDPOINT\` or \`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT\` is set, and sent there as OTLP over HTTP in protobuf.
\`OTEL_SERVICE_NAME\`, \`OTEL_RESOURCE_ATTRIBUTES\`, \`OTEL_EXPORTER_OTLP_HEADERS\`, \`OTEL_TRACES_SAMPLER\` and \`OTEL_TRACES_SAMPLER_ARG\` mean what OpenTelemetry says.

The scope \`otp.message\` is sampled, once, where a request comes in from outside; what follows from it is kept or not with it, on every node, and a
message outside of such a trace makes no span. \`otp.lifecycle\` and \`otp.cluster\` are kept, in a queue of their own; spans that do not fit
are counted in \`otp_telemetry_spans_total\`. The shares are settings (\`OTP_TRACES_*\`) and can be changed while a node runs, as can the behaviours
whose messages make no spans. Of a request for whose spans there is no room nothing is kept: whole traces are left out, and counted, rather than parts of all.

${table(
  ['Name', 'Scope', 'Kind', 'Meaning', 'Attributes'],
  spans.map(([name, { scope, kind, help, attributes }]) => row(code(name), code(scope), kind, help, list(attributes))),
)}

## Attributes

No attribute holds state, the content of a message, or the words of an error.

${table(
  ['Name', 'Meaning'],
  Object.entries(ATTRIBUTES).map(([name, help]) => row(code(name), help)),
)}
`
}

function eventsPage(): string {
  const declared = declaredEvents()
  return `# Events

${GENERATED}

Every fact that a node states on its event stream, and what becomes of it: one log record with the event's name in \`event\` and its fields beside it, the
metrics it feeds, the span it makes. Where there are several levels, the consequence decides. Gauges are not listed: they are read when somebody scrapes.

${table(
  ['Event', 'Log record', 'Level', 'Metrics', 'Spans'],
  Object.entries(EVENTS).map(([type, { says, levels, metrics, spans }]) =>
    row(code(type), says, levels.join(', '), list(metrics), list(spans)),
  ),
)}

## Fields

Times that end in \`At\`, and \`at\`, are wall clock in ms since 1970; what ends in \`Ms\` is a duration. Log records and the event log show pids as text, and
reasons in words.

${table(
  ['Event', 'Fields', 'More'],
  Object.keys(EVENTS).map((type) => row(code(type), list(declared.get(type)?.fields ?? []), declared.get(type)?.comment ?? '')),
)}
`
}

/** Every page by its path. */
export const pages = (): Readonly<Record<string, string>> => ({
  'docs/reference/metrics.md': metricsPage(),
  'docs/reference/spans.md': spansPage(),
  'docs/reference/events.md': eventsPage(),
})

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const isCheck = process.argv.includes('--check')
  for (const [path, text] of Object.entries(pages())) {
    if (!isCheck) writeFileSync(path, text)
    else if (readFileSync(path, 'utf8') !== text) {
      console.error(`${path} is not what the vocabulary says: run node observability/generate-docs.ts`)
      process.exitCode = 1
    }
  }
}
