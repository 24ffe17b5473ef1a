// The transport port: authenticated, ordered links between two nodes. Who implements it owes what is written here.
import type { NodeId } from '#process'
import type { RefusalReason } from '../events.ts'

/** One message between two nodes: plain data, `[kind, ...]`. What a kind holds is checked by who receives it. */
export type Frame = readonly [kind: string, ...content: unknown[]]

/** A link to an authenticated peer. Frames arrive once, whole and in order, or the link closes. */
export interface Link {
  readonly peer: NodeId
  /** Where the peer listens, as it said in the handshake. */
  readonly peerAddress: string
  readonly direction: 'out' | 'in'
  /** The highest version of the protocol that both sides speak. */
  readonly protocol: number
  /** Counted by the transport since the link is up; bytes on the wire, messages in frames. */
  readonly counts: LinkCounts
  /** Bytes that wait for the peer to read. */
  readonly queuedBytes: number
  /** So many bytes wait that messages between processes are to be refused; what keeps the cluster together may still be sent. */
  readonly isOverloaded: boolean
  /** Queues a frame; frames of one turn of the event loop leave together. A frame over the limit throws `ERR_OTP_CLUSTER_FRAME_TOO_LARGE`; on a closed link it is lost. A link whose peer does not read for too long is closed: 'overloaded'. Answers how many bytes were queued. */
  send(frame: Frame): number
  close(reason: string): void
}

export interface LinkCounts {
  bytesOut: number
  bytesIn: number
  messagesOut: number
  messagesIn: number
  /** How often reading waited: the peer sent faster than this node handles, or than it may. */
  pauses: number
  /** Frames that could not be sent: too large, no plain data, or too much waited already. */
  sendErrors: number
  /** What of the bytes that went out was the directory's; counted by who sends it. */
  replicationBytes: number
}

/** What a transport tells its owner. `closed` comes once for each link that was `up`, and nothing comes after it. */
export interface TransportListener {
  up(link: Link, durationMs: number): void
  frame(link: Link, frame: Frame): void
  closed(link: Link, reason: string): void
  /** A stranger or a misfit was turned away before anything of it was read. */
  handshakeRefused(reason: RefusalReason, remote: string, detail: string): void
  /** An authenticated peer sent what cannot be decoded, or too much; its link was closed. */
  frameRefused(peer: NodeId, reason: string): void
  /** New certificates cannot be used; the last good ones still are. */
  certificatesRefused(error: string): void
  /** Whether what has come already keeps this node busy: then reading waits for a turn of the event loop, 100 ms at most. */
  isBehind(): boolean
}

/**
 * How a dial ended without a link. `refused`: the host answered that nobody listens there (and only that).
 * `duplicate`: the two nodes are linked already, or about to be. `self`: the address is this node's own.
 */
export type DialFailure = {
  readonly kind: 'refused' | 'unreachable' | 'timeout' | 'duplicate' | 'self' | 'handshake'
  readonly detail: string
}

export interface Transport {
  /** Where peers reach this node; known once `listen` has resolved. */
  readonly address: string
  /** Starts to accept; rejects with `ERR_OTP_CLUSTER_LISTEN` that names the address if it is taken. */
  listen(listener: TransportListener): Promise<void>
  /** Dials; a link that comes of it is told to the listener before this resolves with `undefined`. Never rejects. */
  dial(address: string): Promise<DialFailure | undefined>
  /** Closes every link and stops accepting. */
  close(): Promise<void>
}
