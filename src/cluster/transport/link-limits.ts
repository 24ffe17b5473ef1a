// Pure. What a link and a stranger may cost this node, and the limits that hold when nobody sets others.
import { FRAME_LIMITS, type FrameLimits } from '../frame.ts'

/** Bounds of one link. */
export interface LinkLimits extends FrameLimits {
  /** Bytes that may wait for a peer; past it messages between processes are refused as `overloaded`. Default 16 MiB. */
  readonly maxQueuedBytes: number
  /** Bytes that may wait for a peer at all, what keeps the cluster together included; past it the link is closed as `overloaded`. Default 64 MiB. */
  readonly maxBufferedBytes: number
  /** A peer is read no faster than this; what it sends faster waits on its own side. Default 1 GiB. */
  readonly maxBytesPerSecond: number
}

/** Bounds of those who have not proven themselves yet. */
export interface StrangerLimits {
  /** From the beginning of a dial, or from accepting a stranger, to the link. Default 5 s. */
  readonly handshakeMs: number
  /** Strangers that may be in a handshake at once; who comes on top is turned away. Default 64. */
  readonly maxStrangers: number
  /** So many of them from one address: one host cannot take all the places. Default 16. */
  readonly maxStrangersPerHost: number
}

export type Limits = LinkLimits & StrangerLimits

const DEFAULT_LIMITS: Limits = {
  ...FRAME_LIMITS,
  maxQueuedBytes: 16 * 1024 * 1024,
  maxBufferedBytes: 64 * 1024 * 1024,
  maxBytesPerSecond: 1024 * 1024 * 1024,
  handshakeMs: 5000,
  maxStrangers: 64,
  maxStrangersPerHost: 16,
}

/** The limits as they hold: those that were given, and for the rest the defaults. */
export function limitsFrom(given: Partial<Limits>): Limits {
  const names = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[]
  return Object.fromEntries(names.map((name) => [name, given[name] ?? DEFAULT_LIMITS[name]])) as unknown as Limits
}
