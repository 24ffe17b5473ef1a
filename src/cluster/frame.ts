// Frames on a byte stream: a length in four bytes, then one list in MessagePack. Many frames of one turn become one buffer.
import { whyOf } from '#base'
import { frameTooLarge, pack, releaseLarge, unpack } from './codec.ts'
import type { Frame } from './transport/transport.ts'

/** 16 MiB: a peer cannot make this node hold more than this for one frame. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024

/** 1 Mi values: an empty list is one byte on the wire, and in memory many times that. */
export const MAX_FRAME_ITEMS = 1024 * 1024

/** What one frame may hold; the same on every node. */
export interface FrameLimits {
  readonly maxFrameBytes: number
  readonly maxFrameItems: number
}

export const FRAME_LIMITS: FrameLimits = { maxFrameBytes: MAX_FRAME_BYTES, maxFrameItems: MAX_FRAME_ITEMS }

const HEADER_BYTES = 4
const SLAB_BYTES = 64 * 1024

/** The codec makes a view of each buffer it reads from: for so few bytes that costs more than to copy them where there is one already. */
const ROOM_BYTES = 2 * 1024

/** Gathers frames until `take`, which answers them as one buffer to write. */
export class FrameEncoder {
  readonly #limits: FrameLimits
  #slab = Buffer.alloc(0)
  /** What is gathered lies in `slab[start, end)`; before it is what was taken and may still be on its way out. */
  #start = 0
  #end = 0

  constructor(limits = FRAME_LIMITS) {
    this.#limits = limits
  }

  /** Bytes gathered since the last `take`. */
  get size(): number {
    return this.#end - this.#start
  }

  /** Adds a frame. Throws `ERR_OTP_CLUSTER_NOT_PLAIN_DATA` or `ERR_OTP_CLUSTER_FRAME_TOO_LARGE`, and then nothing was added. */
  add(frame: Frame): void {
    const { maxFrameBytes, maxFrameItems } = this.#limits
    const packed = pack(frame, maxFrameItems)
    const length = packed.end - packed.start
    if (length > maxFrameBytes) {
      releaseLarge(packed)
      throw frameTooLarge(length, maxFrameBytes, String(frame[0]))
    }
    const body = this.#reserve(HEADER_BYTES + length) + HEADER_BYTES
    this.#slab.writeUInt32BE(length, body - HEADER_BYTES)
    packed.copy(this.#slab, body, packed.start, packed.end)
    releaseLarge(packed)
  }

  /** Everything gathered, `undefined` if there is nothing. The buffer is the caller's: it is never written again. */
  take(): Buffer | undefined {
    if (this.#start === this.#end) return undefined
    const batch = this.#slab.subarray(this.#start, this.#end)
    this.#start = this.#end
    return batch
  }

  #reserve(bytes: number): number {
    const at = this.#end
    if (at + bytes <= this.#slab.length) {
      this.#end = at + bytes
      return at
    }
    const gathered = this.#slab.subarray(this.#start, this.#end)
    const needed = gathered.length + bytes
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, gathered.length === 0 ? needed : 2 * needed))
    this.#slab.set(gathered, 0)
    this.#start = 0
    this.#end = needed
    return gathered.length
  }
}

/** Cuts a stream of bytes, in whatever pieces it comes, into frames. After a refusal it must not be fed again. */
export class FrameDecoder {
  readonly #limits: FrameLimits
  /** The beginning of a frame whose end has not come; grows as bytes come, not as its header promises. */
  #partial = Buffer.alloc(0)
  #used = 0
  readonly #room = Buffer.allocUnsafeSlow(ROOM_BYTES)

  constructor(limits = FRAME_LIMITS) {
    this.#limits = limits
  }

  /** Calls `visit` for every frame that is complete, in order; answers the reason if the bytes are no frame of this protocol. */
  push(bytes: Buffer, visit: (frame: Frame) => void): string | undefined {
    if (this.#used > 0 || bytes.length > ROOM_BYTES) return this.#cut(bytes, bytes.length, visit)
    this.#room.set(bytes)
    return this.#cut(this.#room, bytes.length, visit)
  }

  #cut(chunk: Buffer, size: number, visit: (frame: Frame) => void): string | undefined {
    let at = 0
    while (this.#used > 0) {
      const wanted = this.#used < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + this.#partial.readUInt32BE(0)
      if (wanted - HEADER_BYTES > this.#limits.maxFrameBytes) return this.#tooLarge(wanted - HEADER_BYTES)
      if (this.#used >= HEADER_BYTES && this.#used === wanted) {
        const frame = this.#decode(this.#partial, HEADER_BYTES, wanted)
        if (typeof frame === 'string') return frame
        this.#partial = Buffer.alloc(0)
        this.#used = 0
        visit(frame)
      } else if (at < size) {
        const taken = Math.min(wanted - this.#used, size - at)
        this.#keep(chunk, at, at + taken, wanted)
        at += taken
      } else {
        return undefined
      }
    }
    while (size - at >= HEADER_BYTES) {
      const length = chunk.readUInt32BE(at)
      if (length > this.#limits.maxFrameBytes) return this.#tooLarge(length)
      const end = at + HEADER_BYTES + length
      if (end > size) break
      const frame = this.#decode(chunk, at + HEADER_BYTES, end)
      if (typeof frame === 'string') return frame
      at = end
      visit(frame)
    }
    if (at < size) this.#keep(chunk, at, size, 0)
    return undefined
  }

  #tooLarge(length: number): string {
    return `a frame of ${length} bytes is over the limit of ${this.#limits.maxFrameBytes}`
  }

  #decode(bytes: Buffer, start: number, end: number): Frame | string {
    try {
      const frame = unpack(bytes, start, end, this.#limits.maxFrameItems)
      if (Array.isArray(frame) && typeof frame[0] === 'string') return frame as unknown as Frame
      return 'a frame must be a list that begins with a string'
    } catch (error) {
      return whyOf(error)
    }
  }

  /** Doubles the room, so that a frame which comes byte by byte is copied a bounded number of times. */
  #keep(chunk: Buffer, start: number, end: number, wanted: number): void {
    const used = this.#used + end - start
    if (used > this.#partial.length) {
      const room = Buffer.allocUnsafeSlow(Math.max(used, Math.min(wanted, 2 * this.#partial.length)))
      this.#partial.copy(room, 0, 0, this.#used)
      this.#partial = room
    }
    chunk.copy(this.#partial, this.#used, start, end)
    this.#used = used
  }
}
