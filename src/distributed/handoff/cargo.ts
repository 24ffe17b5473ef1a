// What moves of a process: its state as it was saved, and the infos its timers will send. Packed to bytes, and checked when they come. Pure.
import { BadFrame, decodeData, encodeData, list, text, whole } from '#cluster'
import { Pid, type SavedTimer } from '#process'

export interface Cargo {
  readonly data: unknown
  readonly timers: readonly SavedTimer[]
  /** An idle time-out, which begins anew. */
  readonly idleMs: number | undefined
}

/** Throws `ERR_OTP_CLUSTER_NOT_PLAIN_DATA`. */
export function packCargo({ data, timers, idleMs }: Cargo): Uint8Array {
  const wire = timers.map(({ name, payload, everyMs, remainingMs }) => [name, payload, Math.ceil(everyMs ?? 0), Math.ceil(remainingMs)])
  return encodeData([data, wire, idleMs === undefined ? null : Math.ceil(idleMs)])
}

/** Throws an `Error` with the reason for what is no cargo. */
export function unpackCargo(bytes: Uint8Array): Cargo {
  const [data, timers, idleMs] = list(decodeData(bytes), 'cargo')
  return {
    data,
    timers: list(timers, 'timers').map((entry) => {
      const [name, payload, everyMs, remainingMs] = list(entry, 'timer')
      const every = whole(everyMs, 'interval')
      return { name: text(name, 'name'), payload, everyMs: every === 0 ? undefined : every, remainingMs: whole(remainingMs, 'delay') }
    }),
    idleMs: idleMs === null || idleMs === undefined ? undefined : whole(idleMs, 'idle time-out'),
  }
}

/** The pid in a frame that came. */
export function pidIn(value: unknown): Pid {
  if (value instanceof Pid) return value
  throw new BadFrame(`expected a pid, got ${typeof value}`)
}

/** The bytes in a frame that came. */
export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new BadFrame(`expected bytes, got ${typeof value}`)
}
