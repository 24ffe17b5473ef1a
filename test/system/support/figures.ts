// What the fault tests measured, as a table in the output of the run: figures are told, and not asserted beyond generous bounds.
export type Figure = readonly [fault: string, what: string, value: string]

export class Figures {
  readonly #rows: Figure[] = []
  readonly #words: string[] = []

  /** Notes a time in ms; what has no time has never happened. */
  time(fault: string, what: string, ms: number | undefined): void {
    this.#rows.push([fault, what, ms === undefined || Number.isNaN(ms) ? 'never' : `${ms.toFixed(0)} ms`])
  }

  count(fault: string, what: string, value: number): void {
    this.#rows.push([fault, what, String(value)])
  }

  /** What the checker says of the fault as a whole. */
  words(fault: string, words: string): void {
    this.#words.push(`\n${fault}: ${words}`)
  }

  print(): void {
    if (this.#rows.length === 0) return
    const widths = [0, 1, 2].map((column) => Math.max(...this.#rows.map((row) => (row[column] as string).length)))
    const line = (row: Figure) =>
      row.map((cell, column) => (column === 2 ? cell.padStart(widths[2] ?? 0) : cell.padEnd(widths[column] ?? 0)))
    console.log([...this.#rows.map((row) => line(row).join('  ')), ...this.#words].join('\n'))
  }
}
