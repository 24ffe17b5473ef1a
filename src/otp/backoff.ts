// How long a child that keeps failing waits before it is started again. Pure.
import { CodedError, type Random } from '#base'

/** Beyond OTP and off by default: restarts of a child are spread out instead of made at once. Each try still counts for the intensity. */
export interface Backoff {
  /** The wait before the first restart, ms. */
  readonly minMs: number
  /** No wait is longer, ms. */
  readonly maxMs: number
  /** Each wait is this many times the one before it; default 2. */
  readonly factor?: number
  /** Share of a wait that is left to chance, 0–1: with 0.2 it is 80 % to 100 % of what it would be. Default 0. */
  readonly jitter?: number
  /** A child that ran this long starts from `minMs` again; default twice `maxMs`. */
  readonly healthyMs?: number
}

/** Milliseconds to wait after `failures` restarts in a row before this one. */
export function backoffMs(backoff: Backoff, failures: number, random: Random): number {
  const { minMs, maxMs, factor = 2, jitter = 0 } = backoff
  const wait = Math.min(maxMs, minMs * factor ** failures)
  return jitter === 0 ? wait : wait * (1 - jitter * random.next())
}

/** How often a child failed in a row, and since when it runs. */
export interface Failures {
  readonly count: number
  /** Monotonic ms of its last successful restart. */
  readonly restartedAt: number | undefined
}

/** The failures in a row with one more at `now`; a child that was healthy before it has had none. */
export function oneMore(backoff: Backoff, before: Failures | undefined, now: number): Failures {
  const { healthyMs = 2 * backoff.maxMs } = backoff
  const wasHealthy = before?.restartedAt !== undefined && now - before.restartedAt >= healthyMs
  return { count: before === undefined || wasHealthy ? 1 : before.count + 1, restartedAt: undefined }
}

/** Throws `ERR_OTP_OTP_BAD_BACKOFF`. */
export function checkBackoff(backoff: Backoff | undefined): void {
  if (backoff === undefined) return
  const { minMs, maxMs, factor = 2, jitter = 0, healthyMs = 0 } = backoff
  if (minMs >= 0 && maxMs >= minMs && maxMs < Number.POSITIVE_INFINITY && factor >= 1 && jitter >= 0 && jitter <= 1 && healthyMs >= 0)
    return
  throw new CodedError(
    'ERR_OTP_OTP_BAD_BACKOFF',
    `expected 0 <= minMs <= maxMs, factor >= 1, jitter from 0 to 1 and healthyMs >= 0, got ${JSON.stringify(backoff)}`,
  )
}
