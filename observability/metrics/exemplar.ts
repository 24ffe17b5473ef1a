// The ids of an exemplar, from what travels with a message. Pure.
import type { ExemplarLabels } from './cells.ts'

const CARRIER = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/
const SAMPLED = 1

/** Of a trace that is kept; a link to one that nobody sends anywhere leads nowhere. */
export function keptIds(carrier: string | undefined): ExemplarLabels | undefined {
  const match = carrier === undefined ? null : CARRIER.exec(carrier)
  if (match === null || (Number.parseInt(match[3] as string, 16) & SAMPLED) === 0) return undefined
  return { trace_id: match[1] as string, span_id: match[2] as string }
}
