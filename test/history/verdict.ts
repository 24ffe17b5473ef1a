// Pure. The checker: reads the histories of a workload and says in words what was lost, owned twice and left without an owner.
import { acknowledged, type LostBid, lostBids } from './bids.ts'
import type { History, Span } from './history.ts'
import { type Double, doubles, type Gap, gaps, type Life, livesOf } from './ownership.ts'

/** What is asked: of the time from then to then. `to` is before the histories were read, or they do not go as far. */
export interface Question extends Span {
  /** What should be there all the time. */
  readonly lots: readonly string[]
}

export interface Verdict extends Question {
  readonly doubles: readonly Double[]
  readonly gaps: readonly Gap[]
  readonly lostBids: readonly LostBid[]
  readonly acknowledgedBids: number
}

export function judge(histories: readonly History[], question: Question): Verdict {
  const lives = livesOf(histories)
  return {
    ...question,
    doubles: doubles(lives, question),
    gaps: gaps(lives, question.lots, question),
    lostBids: lostBids(histories, question.to),
    acknowledgedBids: acknowledged(histories, question.to).length,
  }
}

/** Without the gaps that have ended: a lot whose node has gone has no owner until it is taken over. */
export function afterTakeover(verdict: Verdict): Verdict {
  return { ...verdict, gaps: verdict.gaps.filter(({ to }) => to === verdict.to) }
}

export function longest(spans: readonly Span[]): number {
  return spans.reduce((most, { from, to }) => Math.max(most, to - from), 0)
}

/** For how long after `at` a lot still had two owners. */
export function lastDoubleAfter({ doubles: found }: Verdict, at: number): number {
  return found.reduce((most, { to }) => Math.max(most, to - at), 0)
}

/** How many of each kind are told one by one. */
const TOLD = 5

/** All that should not be, a line each, the first few of a kind; times are from the beginning of the question. Empty if nothing is wrong. */
export function violations({ doubles: twice, gaps: none, lostBids: lost, from: zero }: Verdict): string[] {
  const span = ({ from, to }: Span) => `from ${ms(from - zero)} to ${ms(to - zero)}`
  const life = (of: Life) => `${of.life} (${of.how === 'open' ? `since ${ms(of.from - zero)}` : span(of)}, ${of.how})`
  return [
    ...told(
      'had two owners',
      twice,
      ({ lot, lives: [one, other], ...of }) => `${lot} had two owners ${span(of)}: ${life(one)}, ${life(other)}`,
    ),
    ...told('had no owner', none, (gap) => `${gap.lot} had no owner ${span(gap)}`),
    ...told('lost bids', lost, ({ bid, lot, life: by, why }) => `${lot} lost bid ${bid}, acknowledged by ${by}: ${why}`),
  ]
}

/** The verdict in three sentences; what should not be is told by `violations`, which knows what was to be expected. */
export function inWords(verdict: Verdict): string {
  const { lots, from, to, doubles: twice, gaps: none, lostBids: lost, acknowledgedBids } = verdict
  return [
    `${lots.length} lots over ${((to - from) / 1000).toFixed(1)} s, ${acknowledgedBids} bids acknowledged, ${lost.length} of them lost`,
    `${lotsOf(twice)} lots had two owners, for ${ms(longest(twice))} at most; at the end ${lotsOf(atEnd(twice, to))} have`,
    `${lotsOf(none)} lots had no owner, for ${ms(longest(none))} at most; at the end ${lotsOf(atEnd(none, to))} have none`,
  ].join('\n')
}

function told<T extends { readonly lot: string }>(what: string, list: readonly T[], tell: (item: T) => string): string[] {
  const rest = list.length - TOLD
  return [...list.slice(0, TOLD).map(tell), ...(rest > 0 ? [`and ${rest} times more; in all ${lotsOf(list)} lots ${what}`] : [])]
}

function atEnd<T extends Span>(spans: readonly T[], end: number): T[] {
  return spans.filter(({ to }) => to === end)
}

function lotsOf(spans: readonly { readonly lot: string }[]): number {
  return new Set(spans.map(({ lot }) => lot)).size
}

const ms = (value: number): string => `${value.toFixed(0)} ms`
