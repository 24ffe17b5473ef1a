// Pure. Reads the bytes of a frame without building anything and says why they are not plain data; only what passes is decoded.
import { MAX_DEPTH } from './plain-data.ts'

/** Types of MessagePack extensions that a frame may hold. Everything else the codec's library knows is refused. */
export const EXTENSION = {
  undefined: 0x00,
  bigint: 0x42,
  crash: 0x43,
  date: 0x64,
  error: 0x65,
  map: 0x6d,
  pid: 0x70,
  set: 0x73,
  typedArray: 0x74,
}

/** A map and a set are a tag and a list within it, a crash one more. */
const MAX_LEVELS = 2 * MAX_DEPTH + 2

const TAGS: readonly number[] = [EXTENSION.crash, EXTENSION.date, EXTENSION.error, EXTENSION.map, EXTENSION.pid, EXTENSION.set]
const PROTOTYPE_KEYS = ['__proto__', 'prototype', 'constructor'].map((key) => Buffer.from(key))

/** Why a frame of so few bytes is refused: an empty list is one byte on the wire and many in memory. */
export const tooManyItems = (limit: number): string => `more than ${limit} values in one frame`

/** Bytes that follow the token, for the tokens of fixed size from 0xca to 0xd3. */
const FIXED = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8]

/** What is left to read on each level, and whether the level is a map, whose every other value is a key. One scan runs at a time. */
const left = new Uint32Array(MAX_LEVELS + 1)
const isMap = new Uint8Array(MAX_LEVELS + 1)
/** How many lists and maps a level is in, itself included: what the sender counts, who knows no tags. */
const depths = new Uint16Array(MAX_LEVELS + 1)

/** `undefined` if `bytes[start, end)` is exactly one value of plain data in MessagePack with at most `maxItems` values in it; else the reason. */
export function whyNotPlain(bytes: Uint8Array, start: number, end: number, maxItems: number): string | undefined {
  let at = start
  let level = 0
  let items = 0
  left[0] = 1
  isMap[0] = 0
  for (;;) {
    while (left[level] === 0) {
      if (level-- === 0) return at === end ? undefined : 'bytes after the end of the value'
    }
    if (at >= end) return 'ends within a value'
    const key = isMap[level] === 1 && ((left[level] as number) & 1) === 0
    left[level] = (left[level] as number) - 1
    const token = bytes[at++] as number
    let opens = -1
    let map = 0
    let depth = 1
    if (key) {
      const length = stringLength(bytes, at, token)
      if (length === -1) return 'a map with a key that is no string'
      at += (token < 0xc0 ? 0 : 1 << (token - 0xd9)) + length
      if (at <= end && namesPrototype(bytes, at - length, length)) return 'a map with a key that names a prototype'
    } else if (token < 0x80 || token >= 0xe0) {
      // A whole number in one byte.
    } else if (token < 0x90) {
      opens = 2 * (token - 0x80)
      map = 1
    } else if (token < 0xa0) {
      opens = token - 0x90
    } else if (token < 0xc0) {
      at += token - 0xa0
    } else if (token === 0xc0 || token === 0xc2 || token === 0xc3) {
      // null, false, true
    } else if (token >= 0xca && token <= 0xd3) {
      at += FIXED[token - 0xca] as number
    } else if (token >= 0xd9 && token <= 0xdb) {
      at += (1 << (token - 0xd9)) + stringLength(bytes, at, token)
    } else if (token >= 0xc4 && token <= 0xc6) {
      at += (1 << (token - 0xc4)) + bigEndian(bytes, at, 1 << (token - 0xc4))
    } else if (token >= 0xdc && token <= 0xdf) {
      const width = token === 0xdc || token === 0xde ? 2 : 4
      map = token >= 0xde ? 1 : 0
      opens = bigEndian(bytes, at, width) * (map + 1)
      at += width
    } else if (token === 0xd4 && TAGS.includes(bytes[at] as number)) {
      opens = 1
      depth = 0
      at += 2
    } else {
      const size = extensionSize(bytes, at, token)
      if (size === -1) return at + headerOf(token) > end ? 'ends within a value' : 'a token or an extension that no frame holds'
      at += size
    }
    if (at > end) return 'ends within a value'
    if (opens >= 0) {
      if (opens > end - at) return 'ends within a value'
      depth += depths[level] as number
      if (++level > MAX_LEVELS || depth > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} levels`
      items += opens
      if (items > maxItems) return tooManyItems(maxItems)
      left[level] = opens
      isMap[level] = map
      depths[level] = depth
    }
  }
}

/** Bytes after the token of an extension that carries bytes, its header included; -1 for one that is not allowed here. */
function extensionSize(bytes: Uint8Array, at: number, token: number): number {
  if (token >= 0xd4 && token <= 0xd8) {
    const type = bytes[at]
    if (type === EXTENSION.undefined && token === 0xd4) return 2
    return type === EXTENSION.bigint ? 1 + (1 << (token - 0xd4)) : -1
  }
  if (token < 0xc7 || token > 0xc9) return -1
  const width = 1 << (token - 0xc7)
  const length = bigEndian(bytes, at, width)
  const type = bytes[at + width]
  if (length === 0 || (type !== EXTENSION.bigint && type !== EXTENSION.typedArray)) return -1
  return width + 1 + length
}

/** Bytes from the token to the end of the extension's type, as far as the token is one of an extension. */
function headerOf(token: number): number {
  if (token >= 0xd4 && token <= 0xd8) return 1
  return token >= 0xc7 && token <= 0xc9 ? (1 << (token - 0xc7)) + 1 : 0
}

function stringLength(bytes: Uint8Array, at: number, token: number): number {
  if (token >= 0xa0 && token < 0xc0) return token - 0xa0
  return token >= 0xd9 && token <= 0xdb ? bigEndian(bytes, at, 1 << (token - 0xd9)) : -1
}

/** Beyond the buffer it reads zeros; the caller finds afterwards that it went too far. */
function bigEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let index = 0; index < width; index++) value = value * 256 + (bytes[at + index] ?? 0)
  return value
}

function namesPrototype(bytes: Uint8Array, at: number, length: number): boolean {
  if (length !== 9 && length !== 11) return false
  return PROTOTYPE_KEYS.some((key) => key.length === length && key.every((byte, index) => bytes[at + index] === byte))
}
