// Pure. What may cross the wire: makes a value ready for the codec, or says where in it something is that cannot be sent.
import { CodedError } from '#base'
import { Crash, Pid } from '#process'

/** How deep arrays, objects, maps and sets may nest in a frame, the frame itself included. */
export const MAX_DEPTH = 128

/** A `Map` on its way out: MessagePack's own map stands for a plain object. */
export class WireMap {
  readonly entries: readonly unknown[]

  constructor(entries: readonly unknown[]) {
    this.entries = entries
  }
}

/** Names which lead from plain data into prototypes when somebody merges carelessly. */
export function isPrototypeKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}

/** Found while walking; the path is put together while the walk unwinds. */
class Misfit extends Error {
  readonly path: string[] = []
}

/**
 * The value as the codec takes it: the very same unless it holds a `Map` or an instance of a foreign class.
 * Throws `ERR_OTP_CLUSTER_NOT_PLAIN_DATA` with the path to what does not fit.
 */
export function plainData(value: unknown): unknown {
  try {
    return plain(value, 0)
  } catch (error) {
    if (!(error instanceof Misfit)) throw error
    const where = error.path.reverse().join('')
    throw new CodedError('ERR_OTP_CLUSTER_NOT_PLAIN_DATA', `expected plain data, got ${error.message} at frame${where}`)
  }
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'object') return value === null ? null : plainObject(value, depth)
  if (typeof value === 'function') throw new Misfit(`a function${value.name === '' ? '' : ` (${value.name})`}`)
  if (typeof value === 'symbol') throw new Misfit(`a symbol (${String(value)})`)
  return value
}

function plainObject(value: object, depth: number): unknown {
  if (depth === MAX_DEPTH) throw new Misfit(`something nested deeper than ${MAX_DEPTH} levels, or within itself,`)
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) return plainFields(value as Record<string, unknown>, depth, false)
  if (Array.isArray(value)) return plainItems(value, depth)
  if (value instanceof Pid || value instanceof Date || value instanceof Error || value instanceof Crash) return value
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value
  if (value instanceof Map) return plainMap(value, depth)
  if (value instanceof Set) return plainSet(value, depth)
  if (isOpaque(value)) throw new Misfit(`a ${value.constructor.name}`)
  return plainFields(value as Record<string, unknown>, depth, prototype !== null)
}

/** Those whose contents nobody can see would arrive as `{}`: a loss that is better said at once. */
function isOpaque(value: object): boolean {
  return (
    value instanceof Promise ||
    value instanceof RegExp ||
    value instanceof WeakMap ||
    value instanceof WeakSet ||
    value instanceof WeakRef ||
    value instanceof SharedArrayBuffer
  )
}

function plainItems(items: readonly unknown[], depth: number): readonly unknown[] {
  let copy: unknown[] | undefined
  let index = 0
  try {
    for (; index < items.length; index++) {
      const item = items[index]
      const ready = plain(item, depth + 1)
      if (ready === item || Number.isNaN(item)) continue
      copy ??= [...items]
      copy[index] = ready
    }
  } catch (error) {
    throw within(error, `[${index}]`)
  }
  return copy ?? items
}

function plainFields(fields: Record<string, unknown>, depth: number, foreign: boolean): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined = foreign ? { ...fields } : undefined
  let key = ''
  try {
    for (key of Object.keys(fields)) {
      if (isPrototypeKey(key)) throw new Misfit('a key that names a prototype')
      const item = fields[key]
      const ready = plain(item, depth + 1)
      if (ready === item || Number.isNaN(item)) continue
      copy ??= { ...fields }
      copy[key] = ready
    }
  } catch (error) {
    throw within(error, /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`)
  }
  return copy ?? fields
}

function plainMap(map: ReadonlyMap<unknown, unknown>, depth: number): WireMap {
  const entries: unknown[] = []
  let index = 0
  try {
    for (const [key, value] of map) {
      entries.push(plain(key, depth + 1), plain(value, depth + 1))
      index++
    }
  } catch (error) {
    throw within(error, `.entry(${index})`)
  }
  return new WireMap(entries)
}

function plainSet(set: ReadonlySet<unknown>, depth: number): ReadonlySet<unknown> {
  const items = [...set]
  const ready = plainItems(items, depth)
  return ready === items ? set : new Set(ready)
}

function within(error: unknown, step: string): unknown {
  if (error instanceof Misfit) error.path.push(step)
  return error
}
