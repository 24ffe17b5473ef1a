// Medians and quantiles of what was measured. Pure.

/** The value below which the share `q` (0–1) of all values lies, interpolated between neighbours; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

/** The middle value, or the mean of the two in the middle: one disturbed run does not move it. */
export const median = (values: readonly number[]): number => quantile(values, 0.5)
