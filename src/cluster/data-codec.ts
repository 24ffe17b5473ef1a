// Plain data as bytes that somebody keeps: the codec of frames, for what is stored and not sent. Pure.
import { pack, releaseLarge, unpack } from './codec.ts'
import { MAX_FRAME_ITEMS } from './frame.ts'

/** Throws `ERR_OTP_CLUSTER_NOT_PLAIN_DATA` for anything else, and for more values than a frame holds by default. The bytes are the caller's own. */
export function encodeData(value: unknown): Buffer {
  const packed = pack(value, MAX_FRAME_ITEMS)
  const bytes = Buffer.allocUnsafeSlow(packed.end - packed.start)
  packed.copy(bytes, 0, packed.start, packed.end)
  releaseLarge(packed)
  return bytes
}

/** Throws an `Error` that says why the bytes are not exactly one value of plain data. */
export function decodeData(bytes: Uint8Array): unknown {
  return unpack(bytes, 0, bytes.length, MAX_FRAME_ITEMS)
}
