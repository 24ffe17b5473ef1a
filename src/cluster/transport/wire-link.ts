// A link over a wire: frames gathered for one turn of the event loop and written at once, and the bytes of the peer cut into frames.
import type { NodeId } from '#process'
import { FrameDecoder, FrameEncoder } from '../frame.ts'
import type { Peer } from '../handshake.ts'
import type { Frame, Link, LinkCounts, TransportListener } from './transport.ts'
import type { Wire } from './wire.ts'

/** Bounds of one link. */
export interface LinkLimits {
  readonly maxFrameBytes: number
  /** Bytes that may wait for a peer that does not read; a link over it is closed: 'overloaded'. */
  readonly maxBufferedBytes: number
}

type Owner = Pick<TransportListener, 'frame' | 'closed' | 'frameRefused'>

/** What a link was closed for when nobody gave another reason. */
const OVERLOADED = 'overloaded'
const BAD_FRAME = 'bad frame'

export class WireLink implements Link {
  readonly peer: NodeId
  readonly peerAddress: string
  readonly direction: 'out' | 'in'
  readonly counts: LinkCounts = { bytesOut: 0, bytesIn: 0, messagesOut: 0, messagesIn: 0 }
  readonly #wire: Wire
  readonly #owner: Owner
  readonly #limits: LinkLimits
  readonly #encoder: FrameEncoder
  readonly #decoder: FrameDecoder
  #isOpen = true
  #isFlushDue = false

  constructor(wire: Wire, peer: Peer, direction: 'out' | 'in', limits: LinkLimits, owner: Owner) {
    this.peer = peer.id
    this.peerAddress = peer.address
    this.direction = direction
    this.#wire = wire
    this.#owner = owner
    this.#limits = limits
    this.#encoder = new FrameEncoder(limits.maxFrameBytes)
    this.#decoder = new FrameDecoder(limits.maxFrameBytes)
  }

  /** Begins to read; `rest` are bytes that came behind the handshake. */
  start(rest: Buffer): void {
    this.#wire.listen({ bytes: (chunk) => this.#read(chunk), ended: (reason) => this.#close(reason, 'destroy') })
    if (rest.length > 0) this.#read(rest)
  }

  send(frame: Frame): void {
    // Over the limit the link is lost already; it is closed at the end of the turn, not under the sender's feet.
    if (!this.#isOpen || this.#encoder.size > this.#limits.maxBufferedBytes) return
    this.#encoder.add(frame)
    this.counts.messagesOut++
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    process.nextTick(() => this.#flush())
  }

  close(reason: string): void {
    this.#close(reason, 'end')
  }

  #flush(): void {
    this.#isFlushDue = false
    if (!this.#isOpen) return
    const batch = this.#encoder.take()
    if (batch === undefined) return
    this.counts.bytesOut += batch.length
    if (this.#wire.buffered + batch.length > this.#limits.maxBufferedBytes) this.#close(OVERLOADED, 'destroy')
    else this.#wire.write(batch)
  }

  #read(chunk: Buffer): void {
    if (!this.#isOpen) return
    this.counts.bytesIn += chunk.length
    const refusal = this.#decoder.push(chunk, this.#onFrame)
    if (refusal === undefined || !this.#isOpen) return
    this.#owner.frameRefused(this.peer, refusal)
    this.#close(BAD_FRAME, 'destroy')
  }

  /** A frame's receiver may close the link: what came in the same chunk is not told any more. */
  readonly #onFrame = (frame: Frame): void => {
    if (!this.#isOpen) return
    this.counts.messagesIn++
    this.#owner.frame(this, frame)
  }

  #close(reason: string, how: 'end' | 'destroy'): void {
    if (!this.#isOpen) return
    if (how === 'end') this.#flush()
    if (!this.#isOpen) return
    this.#isOpen = false
    if (how === 'end') this.#wire.end()
    else this.#wire.destroy()
    this.#owner.closed(this, reason)
  }
}
