// Pure. How long to wait before asking a source again that failed: full jitter, so that nodes which failed together do not return together.

export const FIRST_RETRY_MS = 250
export const LONGEST_RETRY_MS = 30_000

/** After `attempts` failures in a row; never sooner than the source asked for. `random` is in [0, 1). */
export function retryDelay(attempts: number, random: number, atLeastMs = 0): number {
  const limit = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts, 10))
  return Math.max(FIRST_RETRY_MS, random * limit) + atLeastMs
}
