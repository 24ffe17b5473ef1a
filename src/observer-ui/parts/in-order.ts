// Pure. Rows that change where they stand: none goes, and those that come stand last.

/** `held`: how they stood. A row that is gone stays as it was. */
export function inOrder<T>(rows: readonly T[], keyOf: (row: T) => string, held: readonly T[]): T[] {
  const coming = new Map(rows.map((row) => [keyOf(row), row]))
  const standing = held.map((row) => {
    const key = keyOf(row)
    const now = coming.get(key) ?? row
    coming.delete(key)
    return now
  })
  return [...standing, ...coming.values()]
}
