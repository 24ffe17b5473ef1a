// Pure. Which events a filter lets through.

/** `supervisor.*` is all of a kind, other texts are parts of a type, several stand with commas. */
export function matches(type: string, filter: string): boolean {
  if (filter.trim() === '') return true
  return filter.split(',').some((one) => {
    const pattern = one.trim()
    if (pattern === '') return false
    const isPrefix = pattern.endsWith('*')
    return isPrefix ? type.startsWith(pattern.slice(0, -1)) : type.includes(pattern)
  })
}
