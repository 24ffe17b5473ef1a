// What can be a name of the cluster. Pure.
import { CodedError } from '#base'

/** The longest name; it travels in every change of its owner. */
export const MAX_NAME_LENGTH = 255

/** Throws `ERR_OTP_DISTRIBUTED_BAD_NAME`. Keys that begin with NUL are the cluster's own. */
export function checkName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name !== '' && name.length <= MAX_NAME_LENGTH && name.charCodeAt(0) !== 0) return
  const got = typeof name !== 'string' ? typeof name : name.charCodeAt(0) === 0 ? 'one that begins with NUL' : `${name.length} characters`
  throw new CodedError('ERR_OTP_DISTRIBUTED_BAD_NAME', `expected a name of 1 to ${MAX_NAME_LENGTH} characters, got ${got}`)
}
