// Rules of the arbiter that a simulation takes away, to see what they are there for.

export interface ArbiterRules {
  /** Whether a message is handled only while the lease runs. */
  readonly checksLease: boolean
  /** Whether another's lease is over only when that was written, and not as soon as a read says so. */
  readonly provesByWriting: boolean
  /** Whether leases are left to their observers' clocks, and not to the engine's. */
  readonly countsItself: boolean
}

export const ARBITER_RULES: ArbiterRules = { checksLease: true, provesByWriting: true, countsItself: true }
