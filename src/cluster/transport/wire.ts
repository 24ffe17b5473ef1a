// The port beneath links: an ordered stream of bytes both ways, such as a socket. The handshake and the frames are above it.
import type { RefusalReason } from '../events.ts'

/** What a wire tells. `ended` comes once, and nothing after it. */
export interface WireListener {
  /** The chunk is lent: after the call other bytes may be in it. */
  bytes(chunk: Buffer): void
  /** The other side ended, or the wire broke: one short word why. Not told for what this side ended itself. */
  ended(reason: string): void
}

export interface Wire {
  /** Where the other side is, for people. */
  readonly remote: string
  /** Bytes that were written and have not left this node. */
  readonly buffered: number
  /** Bytes that both ends of the channel beneath know and nobody else does, such as a TLS exporter; none without such a channel. */
  readonly channelBinding?: Uint8Array | undefined
  /** Sets who is told from now on. Must be called on the same stack on which the wire was handed over. */
  listen(listener: WireListener): void
  write(bytes: Buffer): void
  /** Reads nothing more until `resume`: what comes meanwhile waits, here a little and then at the other side. */
  pause(): void
  resume(): void
  /** Ends when what was written has left; tells nothing more. */
  end(): void
  /** Ends at once; what has not left is lost. Tells nothing more. */
  destroy(): void
}

/** Opens a wire; exactly one of the two is called, later. The answer gives the attempt up: then neither is called. */
export type OpenWire = (connected: (wire: Wire) => void, failed: (failure: WireFailure) => void) => () => void

export interface WireFailure {
  readonly kind: 'refused' | 'unreachable' | 'timeout' | 'handshake'
  readonly detail: string
}

/** Somebody who has connected, and is nobody yet. */
export interface Door {
  /** Where it comes from: `host:port`, or just a host. */
  readonly remote: string
  /**
   * Makes a wire of the connection; exactly one of the two is called, at once or later. It failed without a reason if the other side
   * only looked whether somebody listens.
   */
  open(opened: (wire: Wire) => void, failed: (refusal?: Refusal) => void): void
  close(): void
}

/** Why somebody was turned away. */
export interface Refusal {
  readonly reason: RefusalReason
  readonly detail: string
}
