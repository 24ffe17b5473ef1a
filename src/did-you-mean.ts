// What somebody may have meant who misspelt a name. Pure.

/** `; did you mean OTP_ZONE?`, or nothing if none of what is known is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const [nearest] = known.map((setting) => ({ setting, distance: distance(name, setting) })).sort((a, b) => a.distance - b.distance)
  return nearest !== undefined && nearest.distance <= 4 ? `; did you mean ${nearest.setting}?` : ''
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
