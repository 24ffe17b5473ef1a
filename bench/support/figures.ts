// Numbers as people read them. Pure.

/** Three digits that count, and thousands apart: 2,810,000 rather than 2812345.67. */
export function inFigures(value: number): string {
  return new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(value)
}
