// Pure. What tables, pages and documents lack, or say too much: each finding in words.

/** Facts without a row in a table, and rows of facts that nobody states. */
export function unevenRows(events: readonly string[], tables: Readonly<Record<string, object>>): string[] {
  return Object.entries(tables).flatMap(([table, rows]) => [
    ...events.filter((event) => !(event in rows)).map((event) => `${table} has no row for ${event}`),
    ...Object.keys(rows)
      .filter((event) => !events.includes(event))
      .map((event) => `${table} has a row for ${event}, which nobody states`),
  ])
}

/** Metrics without a row of a table in any of the pages, and rows of metrics that are not there. */
export function unevenPages(metrics: readonly string[], pages: readonly string[]): string[] {
  const rows = pages.flatMap((page) => [...page.matchAll(/^\| `([a-z0-9_]+)` \|/gm)].map((match) => match[1] as string))
  return [
    ...metrics.filter((name) => !rows.includes(name)).map((name) => `${name} has no row`),
    ...rows.filter((name) => !metrics.includes(name)).map((name) => `a row names ${name}, which is no metric`),
  ]
}
