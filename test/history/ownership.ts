// Pure. Who owned which lot when, from the histories: owned twice, by nobody, and served after it was lost.
import { entriesOf, type History, type Span } from './history.ts'

/** One process of a lot, from its start to its end. */
export interface Life extends Span {
  readonly lot: string
  readonly node: string
  readonly life: string
  /** `open`: it lives, and `to` is `Infinity`. `killed`: it ended with its OS process. */
  readonly how: 'ended' | 'killed' | 'open'
  /** While its OS process was stopped it owned nothing that anybody could notice. */
  readonly pauses: readonly Span[]
}

/** Two lives of one lot at one time. */
export interface Double extends Span {
  readonly lot: string
  readonly lives: readonly [Life, Life]
}

export interface Gap extends Span {
  readonly lot: string
}

/** A bid that a life took when a younger life of its lot was there already. */
export interface StaleBid {
  readonly lot: string
  readonly bid: string
  readonly at: number
  readonly life: Life
  readonly younger: Life
}

export function livesOf(histories: readonly History[]): Life[] {
  return histories.flatMap((history) => {
    const ends = new Map(entriesOf([history], 'end').map(({ life, at }) => [life, at]))
    return entriesOf([history], 'begin').map(({ lot, life, at: from }): Life => {
      const end = ends.get(life)
      const how = end !== undefined ? 'ended' : history.endedAt !== undefined ? 'killed' : 'open'
      const to = Math.max(from, end ?? history.endedAt ?? Number.POSITIVE_INFINITY)
      return { lot, node: history.node, life, from, to, how, pauses: history.pauses }
    })
  })
}

/** What is left of a life's time without the pauses of its OS process. */
function awake({ from, to, pauses }: Life): Span[] {
  let spans: Span[] = [{ from, to }]
  for (const pause of pauses) {
    spans = spans.flatMap((span) => [
      { from: span.from, to: Math.min(span.to, pause.from) },
      { from: Math.max(span.from, pause.to), to: span.to },
    ])
  }
  return spans.filter((span) => span.from < span.to)
}

/** Every overlap of two lives of one lot that reaches into the span. */
export function doubles(lives: readonly Life[], within: Span): Double[] {
  const found: Double[] = []
  for (const [lot, ofLot] of Map.groupBy(lives, (life) => life.lot)) {
    for (const [index, one] of ofLot.entries()) {
      for (const other of ofLot.slice(index + 1)) {
        for (const overlap of awake(one).flatMap((a) => awake(other).map((b) => common(a, b)))) {
          const inside = common(overlap, within)
          if (inside.from < inside.to) found.push({ lot, lives: [one, other], ...inside })
        }
      }
    }
  }
  return found
}

function common(a: Span, b: Span): Span {
  return { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) }
}

/** Every time within the span at which one of the lots had no life that was awake. */
export function gaps(lives: readonly Life[], lots: readonly string[], within: Span): Gap[] {
  const byLot = Map.groupBy(lives, (life) => life.lot)
  return lots.flatMap((lot) => {
    const spans = (byLot.get(lot) ?? []).flatMap(awake).toSorted((a, b) => a.from - b.from)
    const found: Gap[] = []
    let covered = within.from
    for (const { from, to } of [...spans, { from: within.to, to: within.to }]) {
      const gap = { lot, from: covered, to: Math.min(from, within.to) }
      if (gap.from < gap.to) found.push(gap)
      covered = Math.max(covered, to)
    }
    return found
  })
}

/** The bids that a life took from `from` on although another node had a younger life of its lot by then. */
export function staleBids(histories: readonly History[], from: number): StaleBid[] {
  const lives = livesOf(histories)
  const byLot = Map.groupBy(lives, (life) => life.lot)
  const byPid = new Map(lives.map((life) => [life.life, life]))
  return entriesOf(histories, 'bid').flatMap(({ lot, bid, life: pid, at }) => {
    const life = byPid.get(pid)
    if (life === undefined || at < from) return []
    const younger = byLot.get(lot)?.find((other) => other.node !== life.node && other.from > life.from && other.from < at)
    return younger === undefined ? [] : [{ lot, bid, at, life, younger }]
  })
}
