// Pure. Checks of what a topology was given: everything that is wrong is told at once, before anything is started.
import { CodedError } from '#base'

/** Whether it is right, what was expected, and what came. */
export type OptionCheck = readonly [isRight: boolean, expected: string, came: unknown]

/** Throws `ERR_OTP_CLUSTER_BAD_TOPOLOGY` that lists each check that failed. */
export function checkOptions(topology: string, checks: readonly OptionCheck[]): void {
  const problems = checks.filter(([isRight]) => !isRight).map(([, expected, came]) => `expected ${expected}, got ${shown(came)}`)
  if (problems.length === 0) return
  throw new CodedError('ERR_OTP_CLUSTER_BAD_TOPOLOGY', `the options of the ${topology} topology cannot work: ${problems.join('; ')}`)
}

/** A duration a timer can wait for. */
export function isDuration(value: unknown, minMs: number, maxMs = 2 ** 31 - 1): boolean {
  return typeof value === 'number' && value >= minMs && value <= maxMs
}

/** A port that can be dialled. */
export function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}
