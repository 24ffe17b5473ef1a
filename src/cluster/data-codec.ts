// Plain data as bytes that somebody keeps, or that travel in pieces: the codec of frames without the limits of one frame. Pure.
import { pack, releaseLarge, unpack } from './codec.ts'

/** Throws `ERR_OTP_CLUSTER_NOT_PLAIN_DATA` for anything else. The bytes are the caller's own. */
export function encodeData(value: unknown): Buffer {
  const packed = pack(value, Number.POSITIVE_INFINITY)
  const bytes = Buffer.allocUnsafeSlow(packed.end - packed.start)
  packed.copy(bytes, 0, packed.start, packed.end)
  releaseLarge(packed)
  return bytes
}

/** Throws an `Error` that says why the bytes are not exactly one value of plain data. A value takes a byte at least, so its bytes bound what it holds. */
export function decodeData(bytes: Uint8Array): unknown {
  return unpack(bytes, 0, bytes.length, Number.POSITIVE_INFINITY)
}
