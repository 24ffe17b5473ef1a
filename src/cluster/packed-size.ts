// How many bytes plain data takes when it is packed, of what is not too large: that is found out without packing it. Pure.
import { Crash, Pid } from '#process'
import { pack, releaseLarge } from './codec.ts'

/** `undefined`: more than `most`, or a value within itself. Throws `ERR_OTP_CLUSTER_NOT_PLAIN_DATA` for what is no plain data. */
export function packedSize(value: unknown, most: number): number | undefined {
  if (!mayFit(value, most)) return undefined
  const packed = pack(value, Number.POSITIVE_INFINITY)
  const size = packed.end - packed.start
  releaseLarge(packed)
  return size > most ? undefined : size
}

/** Looks at no more than `most` values: each takes a byte at least, a text or a buffer as many as it is long. */
function mayFit(value: unknown, most: number): boolean {
  const left = [value]
  let least = 0
  while (left.length > 0) {
    const next = left.pop()
    least += 1 + contentOf(next)
    if (least + left.length + itemsOf(next) > most) return false
    if (typeof next === 'object' && next !== null) push(next, left)
  }
  return true
}

function contentOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? value.byteLength : 0
}

/** Known before any of them is looked at. */
function itemsOf(value: unknown): number {
  if (Array.isArray(value)) return value.length
  return value instanceof Map || value instanceof Set ? value.size : 0
}

function push(value: object, left: unknown[]): void {
  // Written as a whole; behind a pid stands far more than is written of it.
  if (ArrayBuffer.isView(value) || value instanceof Pid || value instanceof Date || value instanceof Error || value instanceof Crash) return
  if (Array.isArray(value) || value instanceof Set) for (const item of value) left.push(item)
  else if (value instanceof Map) for (const [key, item] of value) left.push(key, item)
  else for (const [key, item] of Object.entries(value)) left.push(key, item)
}
