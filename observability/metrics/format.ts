// Which form of the page a scraper prefers, by the Accept header of its request. Pure.

export type Format = 'text' | 'openmetrics'

const OPENMETRICS = 'application/openmetrics-text'

/** OpenMetrics only for who names it, and does not like plain text better: everything else can be read as text. */
export function formatFor(accept = ''): Format {
  const open = preferenceFor(accept, [OPENMETRICS])
  const text = preferenceFor(accept, ['text/plain', 'text/*', '*/*'])
  return open > 0 && open >= text ? 'openmetrics' : 'text'
}

/** The quality that the most specific of these ranges was given, 0 to 1; 0 if none is named. */
function preferenceFor(accept: string, ranges: readonly string[]): number {
  const named = accept.split(',').map((part) => {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    return { range, quality: q === undefined ? 1 : Number(q.slice(2)) || 0 }
  })
  for (const wanted of ranges) {
    const qualities = named.filter(({ range }) => range === wanted).map(({ quality }) => quality)
    if (qualities.length > 0) return Math.max(...qualities)
  }
  return 0
}
