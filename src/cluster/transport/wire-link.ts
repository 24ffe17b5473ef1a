// A link over a wire: frames gathered for one turn of the event loop and written at once, and the bytes of the peer cut into frames.
import type { Clock } from '#base'
import type { NodeId } from '#process'
import { FrameDecoder, FrameEncoder } from '../frame.ts'
import type { Peer } from '../handshake.ts'
import { TokenBucket } from '../token-bucket.ts'
import { noLinkCounts } from './link-counts.ts'
import type { LinkLimits } from './link-limits.ts'
import type { Frame, Link, LinkCounts, TransportListener } from './transport.ts'
import type { Wire } from './wire.ts'

type Owner = Pick<TransportListener, 'frame' | 'closed' | 'frameRefused' | 'isBehind'>

/** What a link was closed for when nobody gave another reason. */
const OVERLOADED = 'overloaded'
const BAD_FRAME = 'bad frame'

/** However busy this node is, its peers' heartbeats are read in time. */
const LONGEST_PAUSE_MS = 100
const LOOK_AGAIN_MS = 1

export class WireLink implements Link {
  readonly peer: NodeId
  readonly peerAddress: string
  readonly protocol: number
  readonly direction: 'out' | 'in'
  readonly counts: LinkCounts = noLinkCounts()
  readonly #wire: Wire
  readonly #owner: Owner
  readonly #limits: LinkLimits
  readonly #clock: Clock
  readonly #encoder: FrameEncoder
  readonly #decoder: FrameDecoder
  readonly #intake: TokenBucket
  #isOpen = true
  #isFlushDue = false

  constructor(wire: Wire, peer: Peer, direction: 'out' | 'in', limits: LinkLimits, clock: Clock, owner: Owner) {
    this.peer = peer.id
    this.peerAddress = peer.address
    this.protocol = peer.protocol
    this.direction = direction
    this.#wire = wire
    this.#owner = owner
    this.#limits = limits
    this.#clock = clock
    this.#encoder = new FrameEncoder(limits)
    this.#decoder = new FrameDecoder(limits)
    this.#intake = new TokenBucket(limits.maxBytesPerSecond, clock.now())
  }

  /** Begins to read; `rest` are bytes that came behind the handshake. */
  start(rest: Buffer): void {
    this.#wire.listen({ bytes: (chunk) => this.#read(chunk), ended: (reason) => this.#close(reason, 'destroy') })
    if (rest.length > 0) this.#read(rest)
  }

  get queuedBytes(): number {
    return this.#encoder.size + this.#wire.buffered
  }

  get isOverloaded(): boolean {
    return this.queuedBytes > this.#limits.maxQueuedBytes
  }

  send(frame: Frame): number {
    const { size } = this.#encoder
    // Counted first, and taken back: what is refused by throwing is no message either.
    this.counts.sendErrors++
    // Over the limit the link is lost already; it is closed at the end of the turn, not under the sender's feet.
    if (!this.#isOpen || size > this.#limits.maxBufferedBytes) return 0
    this.#encoder.add(frame)
    this.counts.sendErrors--
    this.counts.messagesOut++
    if (!this.#isFlushDue) {
      this.#isFlushDue = true
      process.nextTick(this.#onTurnEnd)
    }
    return this.#encoder.size - size
  }

  close(reason: string): void {
    this.#close(reason, 'end')
  }

  readonly #onTurnEnd = (): void => this.#flush()

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
    if (!this.#isOpen) return
    if (refusal === undefined) {
      this.#slowDown(chunk.length)
    } else {
      this.#owner.frameRefused(this.peer, refusal)
      this.#close(BAD_FRAME, 'destroy')
    }
  }

  /** A frame's receiver may close the link: what came in the same chunk is not told any more. */
  readonly #onFrame = (frame: Frame): void => {
    if (!this.#isOpen) return
    this.counts.messagesIn++
    this.#owner.frame(this, frame)
  }

  /** What is not read waits in the network, and then at the peer, where a limit says so to whoever sends. */
  #slowDown(bytes: number): void {
    const now = this.#clock.now()
    const waitMs = this.#intake.took(bytes, now)
    if (waitMs === 0 && !this.#owner.isBehind()) return
    this.counts.pauses++
    this.#wire.pause()
    if (waitMs > 0) this.#clock.after(waitMs, () => this.#wire.resume())
    else this.#clock.soon(() => this.#goOn(now))
  }

  #goOn(pausedAt: number): void {
    if (!this.#owner.isBehind() || this.#clock.now() - pausedAt >= LONGEST_PAUSE_MS) this.#wire.resume()
    else this.#clock.after(LOOK_AGAIN_MS, () => this.#goOn(pausedAt))
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
