// Leases by the observer's own clock: when this node's is over, and what proves that another's is. Pure.
//
// A renewal is a compare-and-set of a node's key. Its owner counts from before it was sent; whoever watches counts from after it was seen, and
// then has to write the same key itself, expecting the revision that it has seen all along. So the watcher's wait begins after the owner's has
// begun, and ends with a proof that the owner renewed nothing meanwhile. What wall clocks say, when the engine forgets a key and how old a read
// is do not come into it.
import { CodedError } from '#base'
import { checkLimits } from '../limits.ts'
import type { SessionEntry } from './entries.ts'
import type { KeyValueEntry } from './key-value.ts'

/** What of a lease of this length is for what, in ms. */
export interface LeaseTimes {
  readonly leaseMs: number
  /** After the last renewal was sent nothing is handled for longer; short of the lease by what clocks may differ in pace over it. */
  readonly limitMs: number
  /** After so long children begin to stop. */
  readonly stopAtMs: number
  readonly renewMs: number
  /** Before what failed is tried again. */
  readonly retryMs: number
  /** For how long an answer is waited for. */
  readonly requestMs: number
}

export interface LeaseOptions {
  /** How long a node that is gone keeps its names from others; what is asked of the engine has to be answered within half of it. Default 15 s. */
  readonly leaseMs?: number
  /** What an owner stops short of that, for clocks that differ in pace; default a fifteenth, and at least 1 s. */
  readonly marginMs?: number
}

const LEASE_MS = 15_000
const LEAST_LEASE_MS = 3000
const MARGIN_MS = 1000
const REQUEST_MS = 2000

/**
 * Children get three tenths to stop in, and a renewal is due every fifth: at 15 s, an engine that has no leader for 5 s has time to elect one.
 * Throws `ERR_OTP_DISTRIBUTED_BAD_LIMIT`.
 */
export function leaseTimes(options: LeaseOptions): LeaseTimes {
  checkLimits('arbiter', { leaseMs: options.leaseMs, marginMs: options.marginMs }, { leaseMs: LEAST_LEASE_MS })
  const { leaseMs = LEASE_MS } = options
  const { marginMs = Math.max(MARGIN_MS, leaseMs / 15) } = options
  const limitMs = leaseMs - marginMs
  const stopAtMs = limitMs - 0.3 * leaseMs
  const renewMs = leaseMs / 5
  const requestMs = Math.min(REQUEST_MS, stopAtMs - renewMs)
  if (requestMs > 0) return { leaseMs, limitMs, stopAtMs, renewMs, retryMs: leaseMs / 50, requestMs }
  throw new CodedError('ERR_OTP_DISTRIBUTED_BAD_LIMIT', `expected arbiter.marginMs to be less than half of ${leaseMs}, got ${marginMs}`)
}

/** What a node has seen of another's session, and since when that has not changed. */
export interface Observation {
  readonly revision: number
  readonly entry: SessionEntry | undefined
  /** Monotonic ms, at the end of the read that first showed it. */
  readonly since: number
}

/** Another look, which ended at `now`. */
export function observed(before: Observation | undefined, { value, revision }: KeyValueEntry, now: number, decode: Decode): Observation {
  if (before?.revision === revision) return before
  return { revision, entry: value === undefined ? undefined : decode(value), since: now }
}

type Decode = (value: Uint8Array) => SessionEntry

/**
 * The highest session that is over by what the key holds. That holds for ever: numbers only grow, and a session that is dead stays so, which
 * is why a read may be as old as it likes.
 */
export function overBy(entry: SessionEntry | undefined): number {
  if (entry === undefined) return -1
  return entry.dead ? entry.n : entry.n - 1
}

/** Whether it has been the same for a lease: whoever now writes the key at that revision has proved that its owner's is over. */
export function isRipe({ since }: Observation, now: number, { leaseMs }: LeaseTimes): boolean {
  return now - since >= leaseMs
}

/**
 * What the key of this node's own session `n` says after a renewal that expected `expected` was refused. `ours`: an earlier one was written
 * whose answer was lost. `gone`: another has ended the session. `unclear`: the read is older than what was refused, or the engine cannot tell.
 */
export function standingOf(n: number, expected: number, revision: number, entry: SessionEntry | undefined): 'ours' | 'gone' | 'unclear' {
  if (revision <= expected) return 'unclear'
  return entry?.n === n && !entry.dead ? 'ours' : 'gone'
}
