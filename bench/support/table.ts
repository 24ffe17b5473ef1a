// The results as a table: one block a row, one line for each who was measured. Pure.
import { type Result, timesBetter } from './bench.ts'
import { inFigures } from './figures.ts'
import type { Verdict } from './goals.ts'

const OURS = 'otp-labs'

/** Columns as wide as their widest cell; the first is for words, the others for numbers, save the last. */
function align(lines: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const cells of lines) for (const [i, cell] of cells.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  const pad = (cell: string, i: number, last: number) =>
    i === 0 || i === last ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)
  return lines.map((cells) => `  ${cells.map((cell, i) => pad(cell, i, cells.length - 1)).join('  ')}`.trimEnd())
}

/** `ours is`: how many times better the figure with nothing observing is than that of this line. */
export function resultsTable(results: readonly Result[], referencesOf: string): string {
  const blocks = results.map(({ row, ours, observed, peers }) => {
    const against = (figure: number) => `${timesBetter(row.better, ours, figure).toFixed(2)} x`
    return [
      [OURS, inFigures(ours), '', ''],
      ...(observed === undefined ? [] : [[`${OURS}, observed`, inFigures(observed), against(observed), '']]),
      ...Object.entries(peers).map(([name, { median, isReference }]) => [
        name,
        inFigures(median),
        against(median),
        isReference ? `reference ${referencesOf}` : '',
      ]),
    ]
  })
  const lines = align([['', 'median', 'ours is', ''], ...blocks.flat()])
  const out = [lines.shift() ?? '']
  for (const [i, { row }] of results.entries()) {
    out.push(`${row.name}: ${row.title}, ${row.unit}${row.better === 'lower' ? ' (lower is better)' : ''}`)
    out.push(...lines.splice(0, blocks[i]?.length ?? 0))
  }
  return out.join('\n')
}

/** One line a goal, those that were missed included. */
export function goalsTable(verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(({ row, goal, reached, isMet }) => [isMet ? 'met' : 'MISSED', reached, ` ${row} ${goal}`])
  return ['goals', ...align(lines)].join('\n')
}
