// Limits that somebody has set, checked before they bound anything. Pure.
import { CodedError } from '#base'

/** Throws `ERR_OTP_DISTRIBUTED_BAD_LIMIT` for a number below its least; what is not set is not checked. */
export function checkLimits(of: string, limits: object, least: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(limits)) {
    const lowest = least[name] ?? 0
    if (value === undefined || (typeof value === 'number' && value >= lowest)) continue
    throw new CodedError('ERR_OTP_DISTRIBUTED_BAD_LIMIT', `expected ${of}.${name} to be a number from ${lowest}, got ${String(value)}`)
  }
}
