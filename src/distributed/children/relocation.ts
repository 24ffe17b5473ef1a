// Where a child goes that failed on a node: elsewhere after a wait, or into quarantine once it has failed wherever it went. Pure.
import type { Random } from '#base'
import { type Backoff, backoffMs } from '#otp'
import type { NodeId } from '#process'
import type { Failures } from '../directory/failures.ts'

export interface RelocationOptions {
  /** After so many failures in a row a child is quarantined; default 3. */
  readonly maxFailures?: number
  /** Waits between a failure and the start elsewhere; default 1 s, doubled up to 30 s, a fifth of it by chance. */
  readonly backoff?: Backoff
  /** A child that ran so long has its failures forgotten; default 60 s. */
  readonly stableMs?: number
}

export type RelocationSettings = Required<RelocationOptions>

export const RELOCATION: RelocationSettings = {
  maxFailures: 3,
  backoff: { minMs: 1000, maxMs: 30_000, factor: 2, jitter: 0.2 },
  stableMs: 60_000,
}

/** `crashed`: it made the local supervisor give up, and its siblings fall. `start_failed`: its `init` failed, which harms nobody. */
export type FailureCause = 'crashed' | 'start_failed'

export interface Failure {
  readonly before: Failures | undefined
  readonly cause: FailureCause
  readonly reason: string
  /** Where and when (wall clock, ms) it failed. */
  readonly on: NodeId
  readonly at: number
  /** Who may own it now. */
  readonly candidates: readonly NodeId[]
}

/** `to` is undefined for want of candidates: it stays where it is until there are some. */
export type Verdict =
  | { readonly verdict: 'elsewhere'; readonly to: NodeId | undefined; readonly failures: Failures }
  | { readonly verdict: 'quarantine'; readonly failures: Failures }

/**
 * Nodes on which it has not failed come first. A child that takes its siblings down is quarantined after `maxFailures`; one that only
 * fails to start is tried on every candidate before. `choose` is the strategy's choice among some of the candidates.
 */
export function afterFailure(
  failure: Failure,
  settings: RelocationSettings,
  choose: (among: readonly NodeId[]) => NodeId | undefined,
  random: Random,
): Verdict {
  const { cause, reason, on, at, candidates } = failure
  const before = isRemembered(failure.before, at, settings.stableMs) ? failure.before : undefined
  const count = (before?.count ?? 0) + 1
  const tried = before === undefined ? [on] : before.on.includes(on) ? before.on : [...before.on, on]
  const failures = { count, on: tried, reason, at, waitMs: 0, isQuarantined: true }
  const untried = without(candidates, tried)
  if (count >= settings.maxFailures && (cause === 'crashed' || untried.length === 0)) return { verdict: 'quarantine', failures }
  const waitMs = Math.round(backoffMs(settings.backoff, count - 1, random))
  return {
    verdict: 'elsewhere',
    to: choose(firstNotEmpty(untried, without(candidates, [on]), candidates)),
    failures: { ...failures, waitMs, isQuarantined: false },
  }
}

/** A child that ran well for long starts with a clean slate. Judged by wall clocks: skew makes it sooner or later, nothing else. */
function isRemembered(before: Failures | undefined, at: number, stableMs: number): boolean {
  return before !== undefined && at - before.at < before.waitMs + stableMs
}

/** The candidates on which a child has not failed, or all if there are none: where it is taken over when its owner dies. */
export function untriedFirst(candidates: readonly NodeId[], failures: Failures | undefined): readonly NodeId[] {
  return failures === undefined ? candidates : firstNotEmpty(without(candidates, failures.on), candidates)
}

function without(ids: readonly NodeId[], excluded: readonly NodeId[]): readonly NodeId[] {
  return ids.filter((id) => !excluded.includes(id))
}

function firstNotEmpty(...lists: readonly (readonly NodeId[])[]): readonly NodeId[] {
  return lists.find(({ length }) => length > 0) ?? []
}
