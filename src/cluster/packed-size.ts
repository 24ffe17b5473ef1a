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

/** Looks at little more than `most` values: each takes a byte at least, a text or a buffer as many as it is long. */
function mayFit(value: unknown, most: number): boolean {
  const left: object[] = []
  let least = 0
  const look = (item: unknown): void => {
    least++
    if (typeof item === 'string') least += item.length
    else if (typeof item === 'object' && item !== null) {
      if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) least += item.byteLength
      else if (!isOne(item)) left.push(item)
    }
  }
  look(value)
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (Array.isArray(next) || next instanceof Set) {
      if (least + (next instanceof Set ? next.size : next.length) > most) return false
      for (const item of next) look(item)
    } else if (next instanceof Map) {
      if (least + next.size > most) return false
      for (const [key, item] of next) {
        look(key)
        look(item)
      }
    } else {
      const keys = Object.keys(next)
      if (least + keys.length > most) return false
      for (const key of keys) {
        look(key)
        look((next as Record<string, unknown>)[key])
      }
    }
  }
  return least <= most
}

/** Written as one; behind a pid stands far more than is written of it. */
function isOne(value: object): boolean {
  return value instanceof Pid || value instanceof Date || value instanceof Error || value instanceof Crash
}
