// Measures every row of a benchmark several times and takes the medians.
import type { Command, Figures, Measured, Result, Row, Source } from './bench.ts'
import { median } from './median.ts'

const keyOf = (command: Command): string => JSON.stringify(command)

/**
 * Every program once a run, and run after run: what disturbs the machine for a while disturbs all of them alike.
 * `measure` runs one program; `onRun` is told before each run.
 */
export async function runRows(
  rows: readonly Row[],
  runs: number,
  measure: (command: Command) => Promise<Figures>,
  onRun: (run: number) => void = () => undefined,
): Promise<Result[]> {
  const commands = new Map(rows.flatMap(sourcesOf).map(({ command }) => [keyOf(command), command]))
  const taken = new Map<string, Figures[]>([...commands.keys()].map((key) => [key, []]))
  for (let run = 1; run <= runs; run++) {
    onRun(run)
    for (const [key, command] of commands) taken.get(key)?.push(await measure(command))
  }
  const figure = ({ command, figure }: Source): number => {
    const values = (taken.get(keyOf(command)) ?? []).map((figures) => figures[figure])
    if (values.some((value) => value === undefined)) throw new Error(`${command.join(' ')} did not measure '${figure}'`)
    return median(values as number[])
  }
  return rows.map((row) => resultOf(row, figure))
}

function sourcesOf({ ours, observed, peers }: Row): Source[] {
  return [ours, observed, ...Object.values(peers).map(({ source }) => source)].filter((source) => source !== undefined)
}

function resultOf(row: Row, figure: (source: Source) => number): Result {
  const peers: Record<string, Measured> = {}
  for (const [name, { source, reference }] of Object.entries(row.peers)) {
    if (source !== undefined) peers[name] = { median: figure(source), isReference: false }
    else if (reference !== undefined) peers[name] = { median: reference, isReference: true }
  }
  return { row, ours: figure(row.ours), observed: row.observed === undefined ? undefined : figure(row.observed), peers }
}
