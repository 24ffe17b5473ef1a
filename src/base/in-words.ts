// Anything in one line of words, for messages and events: printing must not fail where something has failed already.

/** Objects as JSON, everything else and errors as `String` has them; never throws. */
export function inWords(term: unknown): string {
  try {
    if (typeof term !== 'object' || term === null || term instanceof Error) return String(term)
    return JSON.stringify(term) ?? Object.prototype.toString.call(term)
  } catch {
    return `a value of type ${typeof term} that cannot be printed`
  }
}
