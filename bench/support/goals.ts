// Goals: what a row's figure has to reach, by itself or beside a peer. Pure.
import { type Result, timesBetter } from './bench.ts'
import { inFigures } from './figures.ts'

/** A bound of the figure itself (in the row's unit, whichever way is better), or of how many times better it is than a peer's. */
export type Goal = { readonly bound: number } | { readonly times: number; readonly peer: string }

/** A goal beside what was reached. */
export interface Verdict {
  readonly row: string
  readonly goal: string
  readonly reached: string
  readonly isMet: boolean
}

/** Holds every goal of the results against the figures with nothing observing; a goal beside a peer without a figure is missed. */
export function judge(results: readonly Result[]): Verdict[] {
  return results.flatMap((result) => result.row.goals.map((goal) => verdict(result, goal)))
}

function verdict({ row, ours, peers }: Result, goal: Goal): Verdict {
  if ('bound' in goal) {
    const sign = row.better === 'higher' ? '>=' : '<='
    const isMet = row.better === 'higher' ? ours >= goal.bound : ours <= goal.bound
    return { row: row.name, goal: `${sign} ${inFigures(goal.bound)} ${row.unit}`, reached: inFigures(ours), isMet }
  }
  const peer = peers[goal.peer]
  const times = peer === undefined ? Number.NaN : timesBetter(row.better, ours, peer.median)
  const note = peer?.isReference ? ' (reference)' : ''
  return { row: row.name, goal: `>= ${goal.times} x ${goal.peer}${note}`, reached: `${times.toFixed(2)} x`, isMet: times >= goal.times }
}
