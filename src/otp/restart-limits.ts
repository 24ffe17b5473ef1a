// What a supervisor's owner may say of its restarts: how many, how spread out, and when to shut itself down. Pure.
import { CodedError, type Random, systemRandom } from '#base'
import type { AutoShutdown } from './auto-shutdown.ts'
import { type Backoff, checkBackoff } from './backoff.ts'

export interface RestartLimits {
  /** OTP's `intensity`; default 3, as in Elixir. */
  readonly maxRestarts?: number | undefined
  /** OTP's `period`; default 5000 ms. */
  readonly periodMs?: number | undefined
}

export interface RestartOptions extends RestartLimits {
  /** Default `never`. */
  readonly autoShutdown?: AutoShutdown
  /** For every child whose specification has none of its own. Default: restarts are made at once, as in OTP. */
  readonly backoff?: Backoff
  /** For the jitter of `backoff`; default the machine's own. */
  readonly random?: Random
}

/** The same with every default filled in. */
export interface RestartSettings {
  readonly maxRestarts: number
  readonly periodMs: number
  readonly autoShutdown: AutoShutdown
  readonly backoff: Backoff | undefined
  readonly random: Random
}

const AUTO_SHUTDOWNS: readonly unknown[] = ['never', 'any_significant', 'all_significant'] satisfies AutoShutdown[]

/** Throws `ERR_OTP_OTP_BAD_RESTART_LIMITS` or `ERR_OTP_OTP_BAD_BACKOFF`. */
export function restartSettings(options: RestartOptions): RestartSettings {
  const { maxRestarts = 3, periodMs = 5000, autoShutdown = 'never', backoff, random = systemRandom } = options
  if (!Number.isInteger(maxRestarts) || maxRestarts < 0 || !(periodMs > 0)) {
    throw new CodedError(
      'ERR_OTP_OTP_BAD_RESTART_LIMITS',
      `expected maxRestarts to be a whole number from 0 and periodMs to be above 0, got ${maxRestarts} and ${periodMs}`,
    )
  }
  if (!AUTO_SHUTDOWNS.includes(autoShutdown)) {
    throw new CodedError(
      'ERR_OTP_OTP_BAD_RESTART_LIMITS',
      `expected autoShutdown to be one of ${AUTO_SHUTDOWNS.join(', ')}, got ${JSON.stringify(autoShutdown)}`,
    )
  }
  checkBackoff(backoff)
  return { maxRestarts, periodMs, autoShutdown, backoff, random }
}
