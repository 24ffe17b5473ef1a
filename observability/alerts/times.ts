// Pure. The times of the rules, as they are shipped or shortened in step for a drill.

/** How Prometheus writes a time. */
export type Duration = `${number}${'s' | 'm' | 'h'}`

/** Every time of every rule goes through one of these, in seconds as shipped: so a drill shortens all or none. */
export interface Times {
  /** What a query looks back on; never shorter than four scrapes, or `increase` would see nothing. */
  range(seconds: number): Duration
  /** How long something has to hold, or waits. */
  wait(seconds: number): Duration
  /** How often a group is evaluated or targets are scraped; never below a second. */
  every(seconds: number): Duration
}

/** How often nodes are scraped, as shipped. */
export const SCRAPE_SECONDS = 15
const SCRAPES_A_RANGE = 4

/** `factor` 1 is what is shipped; 0.1 makes an hour six minutes. */
export function times(factor = 1): Times {
  const scrape = Math.max(1, Math.round(SCRAPE_SECONDS * factor))
  const scaled = (seconds: number, least: number): Duration => written(Math.max(least, Math.round(seconds * factor)))
  return {
    range: (seconds) => scaled(seconds, scrape * SCRAPES_A_RANGE),
    wait: (seconds) => scaled(seconds, 0),
    every: (seconds) => scaled(seconds, 1),
  }
}

function written(seconds: number): Duration {
  if (seconds !== 0 && seconds % 3600 === 0) return `${seconds / 3600}h`
  if (seconds !== 0 && seconds % 60 === 0) return `${seconds / 60}m`
  return `${seconds}s`
}
