// What a page of metrics adds up to, read as text: for tests that look at nodes from outside.

/** The sum of a metric's samples whose labels hold all these texts; 0 where there is none. */
export function sumOf(page: string, metric: string, ...labels: readonly string[]): number {
  return page
    .split('\n')
    .filter((line) => (line.startsWith(`${metric}{`) || line.startsWith(`${metric} `)) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + sampleValue(line), 0)
}

/** After the value may come a time or an exemplar, and a label may hold blanks. */
function sampleValue(line: string): number {
  const [, value] = /^[^{ ]+(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})? (\S+)/.exec(line) ?? []
  return Number(value)
}
