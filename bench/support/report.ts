// The results as one line of JSON, for programs. Pure.
import { type Result, timesBetter } from './bench.ts'
import type { Verdict } from './goals.ts'

interface ReportedRow {
  readonly name: string
  readonly unit: string
  readonly better: 'higher' | 'lower'
  readonly ours: number
  readonly observed: number | undefined
  readonly peers: Readonly<Record<string, number>>
  /** How many times better ours is. */
  readonly ratio: Readonly<Record<string, number>>
  /** The peers whose figure is a reference, not of this run. */
  readonly references: readonly string[]
  readonly goals: readonly { readonly goal: string; readonly reached: string; readonly met: boolean }[]
}

/** What `--json` prints. */
export interface Report {
  readonly bench: string
  readonly runs: number
  readonly node: string
  readonly rows: readonly ReportedRow[]
  readonly met: boolean
}

/** Figures as they are, ratios to two digits; `observed` is left out where nothing was observed. */
export function report(about: Pick<Report, 'bench' | 'runs' | 'node'>, results: readonly Result[], verdicts: readonly Verdict[]): Report {
  const rows = results.map(({ row, ours, observed, peers }): ReportedRow => {
    const entries = Object.entries(peers)
    return {
      name: row.name,
      unit: row.unit,
      better: row.better,
      ours,
      observed,
      peers: Object.fromEntries(entries.map(([name, { median }]) => [name, median])),
      ratio: Object.fromEntries(entries.map(([name, { median }]) => [name, Number(timesBetter(row.better, ours, median).toFixed(2))])),
      references: entries.filter(([, { isReference }]) => isReference).map(([name]) => name),
      goals: verdicts.filter((verdict) => verdict.row === row.name).map(({ goal, reached, isMet }) => ({ goal, reached, met: isMet })),
    }
  })
  return { ...about, rows, met: verdicts.every(({ isMet }) => isMet) }
}
