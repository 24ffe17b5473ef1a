// A bounded copy of any value that JSON can hold: what is shown of a state, a message or a fact. Pure.

export interface ShownLimits {
  readonly bytes: number
  readonly values: number
  readonly levels: number
}

export interface Shown {
  readonly value: unknown
  /** About as many as its JSON has. */
  readonly bytes: number
  /** There was more than the limits allow, or something that JSON has no word for. */
  readonly truncated: boolean
}

const CUT = '…'

/** Objects become plain ones, maps and sets lists; what points back to itself, and whatever is past a limit, is left out and said so. */
export function shown(value: unknown, limits: ShownLimits): Shown {
  let values = 0
  let bytes = 0
  let truncated = false
  const above = new Set<object>()

  const cut = (): string => {
    truncated = true
    return CUT
  }
  const text = (value: string): string => {
    const room = Math.max(0, limits.bytes - bytes)
    const kept = value.length > room ? value.slice(0, room) + cut() : value
    bytes += Buffer.byteLength(kept) + 2
    return kept
  }
  const isFull = () => values >= limits.values || bytes >= limits.bytes
  const list = (items: Iterable<unknown>, level: number): unknown[] => {
    const copy: unknown[] = []
    for (const item of items) {
      if (isFull()) {
        copy.push(cut())
        break
      }
      bytes += 1
      copy.push(look(item, level + 1))
    }
    return copy
  }
  const record = (value: object, level: number): object => {
    const copy: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      if (isFull()) {
        copy[CUT] = cut()
        break
      }
      const field = (value as Record<string, unknown>)[key]
      if (field === undefined) continue
      // By definition, or a field of this name would become the copy's prototype.
      Object.defineProperty(copy, text(key), { value: look(field, level + 1), enumerable: true, configurable: true, writable: true })
    }
    return copy
  }
  const object = (value: object, level: number): unknown => {
    if (above.has(value) || level > limits.levels) return cut()
    above.add(value)
    try {
      if (Array.isArray(value)) return list(value, level)
      if (ArrayBuffer.isView(value)) return text(`${value.constructor.name} of ${value.byteLength} bytes`)
      if (value instanceof Set) return list(value, level)
      if (value instanceof Map) return list(value, level)
      if (value instanceof Error) return record({ error: value.name, message: value.message, stack: value.stack }, level)
      if ('toJSON' in value && typeof value.toJSON === 'function') return look(value.toJSON(), level + 1)
      return record(value, level)
    } finally {
      above.delete(value)
    }
  }
  const look = (value: unknown, level: number): unknown => {
    values++
    switch (typeof value) {
      case 'string':
        return text(value)
      case 'number':
        bytes += 8
        // JSON has no zero below zero.
        return Number.isFinite(value) ? value + 0 : String(value)
      case 'boolean':
        bytes += 5
        return value
      case 'bigint':
        return text(String(value))
      case 'object':
        if (value !== null) return object(value, level)
        bytes += 4
        return null
      case 'undefined':
        bytes += 4
        return null
      default:
        return cut()
    }
  }
  const copy = look(value, 1)
  return { value: copy, bytes, truncated }
}
