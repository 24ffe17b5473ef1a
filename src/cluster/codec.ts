// The codec of frames: MessagePack by msgpackr, held to plain data. Its records, pointers, regular expressions and other extras are never used and never read.

import { addExtension, Packr, Unpackr } from 'msgpackr/pack'
import { CodedError } from '#base'
import { Crash, Pid } from '#process'
import { parseNodeId } from './node-name.ts'
import { plainData, WireMap } from './plain-data.ts'
import { EXTENSION, whyNotPlain } from './wire-scan.ts'

/** The codec's own buffer; what was packed lies in `[start, end)` until the next call of `pack`. */
export type Packed = Buffer & { readonly start: number; readonly end: number }

/** msgpackr: answer the buffer itself with `start` and `end` set, and begin the next value at the same place. */
const IN_PLACE = 512 | 1024

/** A value larger than this would leave its buffer behind for the life of the OS process. */
const KEEP_BYTES = 1024 * 1024

const packr = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false, moreTypes: true, structuredClone: false })
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'bigint', structuredClone: false, copyBuffers: true })

/** Packs plain data of at most `maxItems` values; throws `ERR_OTP_CLUSTER_NOT_PLAIN_DATA` for anything else. */
export function pack(value: unknown, maxItems: number): Packed {
  const packed = packr.pack(plainData(value), IN_PLACE) as Packed
  // A value takes a byte at least: only what is this long can hold too many, and is looked at twice.
  if (packed.end - packed.start > maxItems && whyNotPlain(packed, packed.start, packed.end, maxItems) !== undefined) {
    releaseLarge(packed)
    throw new CodedError(
      'ERR_OTP_CLUSTER_NOT_PLAIN_DATA',
      `expected at most ${maxItems} values in one frame; send fewer at once, numbers as a typed array, or raise maxFrameItems on every node`,
    )
  }
  return packed
}

/** To be called when the bytes of a large value were copied: gives its buffer back. */
export function releaseLarge(packed: Packed): void {
  if (packed.end - packed.start > KEEP_BYTES) packr.useBuffer(Buffer.allocUnsafeSlow(8192))
}

/** What the bytes say; throws an `Error` with the reason if they are not exactly one value of plain data. */
export function unpack(bytes: Uint8Array, start: number, end: number, maxItems: number): unknown {
  const reason = whyNotPlain(bytes, start, end, maxItems)
  if (reason !== undefined) throw new Error(reason)
  return unpackr.unpack(bytes, { start, end })
}

/** Packs what travels in pieces, however much it is: bytes of its own. Throws `ERR_OTP_CLUSTER_NOT_PLAIN_DATA`. */
export function packWhole(value: unknown): Uint8Array {
  const packed = pack(value, Number.POSITIVE_INFINITY)
  const bytes = Uint8Array.prototype.slice.call(packed, packed.start, packed.end)
  releaseLarge(packed)
  return bytes
}

/** Reads what `packWhole` made; throws an `Error` with the reason if it is none. A value takes a byte at least, so its bytes bound what it holds. */
export function unpackWhole(bytes: Uint8Array): unknown {
  return unpack(bytes, 0, bytes.byteLength, Number.POSITIVE_INFINITY)
}

// Each extension is a tag before a value; what the value may be is checked where it is read.

function define<T>(type: number, Class: unknown, write: (instance: T) => unknown, read: (value: unknown) => unknown): void {
  addExtension({ type, Class: Class as Function, write, read })
}

define<Set<unknown>>(
  EXTENSION.set,
  Set,
  (set) => [...set],
  (value) => {
    if (!Array.isArray(value)) throw new Error('a set without its list')
    return new Set(value)
  },
)

define<WireMap>(
  EXTENSION.map,
  WireMap,
  (map) => map.entries,
  (value) => {
    if (!Array.isArray(value) || value.length % 2 === 1) throw new Error('a map without its list of keys and values')
    const map = new Map<unknown, unknown>()
    for (let index = 0; index < value.length; index += 2) map.set(value[index], value[index + 1])
    return map
  },
)

define<Date>(
  EXTENSION.date,
  Date,
  (date) => date.getTime(),
  (value) => {
    if (typeof value !== 'number') throw new Error('a date without its time')
    return new Date(value)
  },
)

define<Error & { code?: unknown }>(
  EXTENSION.error,
  Error,
  ({ name, message, stack, code }) => [
    String(name),
    String(message),
    stack === undefined ? '' : String(stack),
    typeof code === 'string' ? code : null,
  ],
  (value) => {
    if (!Array.isArray(value) || value.length !== 4 || value.slice(0, 3).some((part) => typeof part !== 'string')) {
      throw new Error('an error without name, message and stack')
    }
    const [name, message, stack, code] = value
    return remoteError(name, message, stack, code)
  },
)

/** Not built by its own class: a constructor of this node does not run on a peer's word. */
function remoteError(name: string, message: string, stack: string, code: unknown): Error {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const error = new Error(message)
  Error.stackTraceLimit = limit
  const hidden = { enumerable: false, writable: true, configurable: true }
  Object.defineProperty(error, 'name', { value: name, ...hidden })
  Object.defineProperty(error, 'stack', { value: stack, ...hidden })
  if (typeof code === 'string') Object.defineProperty(error, 'code', { value: code, ...hidden, enumerable: true })
  return error
}

define<Crash>(
  EXTENSION.crash,
  Crash,
  (crash) => crash.error,
  (value) => {
    if (!(value instanceof Error)) throw new Error('a crash without its error')
    return new Crash(value)
  },
)

// Last, so that it is tried first: most frames hold a pid.
define<Pid>(
  EXTENSION.pid,
  Pid,
  (pid) => [pid.node, pid.serial],
  (value) => {
    const [node, serial] = Array.isArray(value) && value.length === 2 ? value : []
    if (typeof node !== 'string' || parseNodeId(node) === undefined || !Number.isSafeInteger(serial) || serial < 1) {
      throw new Error('a pid without node and serial')
    }
    return new Pid(node, serial)
  },
)

/** For who packs more than it may send: says how large it was. */
export function frameTooLarge(bytes: number, limit: number, kind: string): CodedError {
  return new CodedError(
    'ERR_OTP_CLUSTER_FRAME_TOO_LARGE',
    `a frame "${kind}" of ${bytes} bytes is over the limit of ${limit}; send less at once, or raise maxFrameBytes on every node`,
  )
}
