// Spans as people read them: a trace as a tree, and restarts as the chain that they are. Pure.
import type { ReadableSpan } from '@opentelemetry/sdk-trace'

const KINDS = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const

const idOf = (span: ReadableSpan): string => span.spanContext().spanId
const ms = ([seconds, nanos]: readonly [number, number]): string => `${(seconds * 1000 + nanos / 1e6).toFixed(2)} ms`
const nodeOf = (span: ReadableSpan): string => `on ${String(span.resource.attributes['otp.node.name'])}`
const shown = (value: unknown): string => (typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : String(value))

function line(span: ReadableSpan, attributes: readonly string[]): string {
  const said = attributes.flatMap((name) => (span.attributes[name] === undefined ? [] : [`${name}=${shown(span.attributes[name])}`]))
  return [span.name, KINDS[span.kind], nodeOf(span), ms(span.duration), ...said].join('  ')
}

const MESSAGE = ['http.route', 'otp.mailbox.wait_ms', 'error.type']

/** One trace, each span under its parent, in the order in which they began. */
export function traceAsTree(spans: readonly ReadableSpan[], traceId: string): string[] {
  const ours = spans
    .filter((span) => span.spanContext().traceId === traceId)
    .toSorted((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1])
  const ids = new Set(ours.map(idOf))
  const under = (parent: string | undefined): readonly ReadableSpan[] =>
    ours.filter(({ parentSpanContext: from }) => (from !== undefined && ids.has(from.spanId) ? from.spanId : undefined) === parent)
  const branch = (span: ReadableSpan, indent: string, isLast: boolean): string[] => [
    `${indent}${isLast ? '└─ ' : '├─ '}${line(span, MESSAGE)}`,
    ...under(idOf(span)).flatMap((child, i, all) => branch(child, `${indent}${isLast ? '   ' : '│  '}`, i === all.length - 1)),
  ]
  return [`trace ${traceId}`, ...under(undefined).flatMap((root, i, all) => branch(root, '', i === all.length - 1))]
}

const RESTART = ['otp.child', 'otp.restart.cause', 'otp.exit.reason', 'otp.restart.budget_used']
const CRASH = ['otp.handling', 'otp.exit.reason', 'otp.keep', 'error.type']

const linked = (span: ReadableSpan, relation: string): string | undefined =>
  span.links.find(({ attributes }) => attributes?.['otp.link.relation'] === relation)?.context.spanId

/** A restart with the crash that led to it, and under it the restart before, as far back as there are links. */
export function restartsAsChain(spans: readonly ReadableSpan[], last: ReadableSpan): string[] {
  const byId = new Map(spans.map((span) => [idOf(span), span]))
  const lines: string[] = []
  let indent = ''
  for (let restart: ReadableSpan | undefined = last; restart !== undefined; ) {
    const crash = byId.get(linked(restart, 'crash') ?? '')
    const previous = byId.get(linked(restart, 'previous_restart') ?? '')
    lines.push(`${indent}${indent === '' ? '' : '└─ previous_restart: '}${line(restart, RESTART)}`)
    indent = indent === '' ? '   ' : `${indent}   `
    if (crash !== undefined) lines.push(`${indent}${previous === undefined ? '└─' : '├─'} crash: ${line(crash, CRASH)}`)
    restart = previous
  }
  return lines
}
