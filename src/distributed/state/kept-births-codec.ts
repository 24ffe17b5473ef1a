// A key's value of births as bytes, and back, with the mark of the attempt that wrote it. Pure.
import { decodeData, encodeData } from '#cluster'
import type { Fence } from './fence.ts'
import type { KeptBirth, KeptBirths } from './kept-births.ts'

/** The format: values outlive releases. */
const FORMAT = 1

export interface KeptValue {
  /** Of the attempt that wrote it: who is not told what became of an attempt knows it again. */
  readonly mark: string
  readonly births: KeptBirths
}

export function encodeBirths({ mark, births }: KeptValue): Uint8Array {
  return encodeData([
    FORMAT,
    mark,
    births.map(({ token, content }) => {
      const head = [token.gen, token.founder, token.epoch, token.owner]
      return content === undefined ? head : [...head, content.fence.epoch, content.fence.owner, content.seq, content.version, content.bytes]
    }),
  ])
}

/** Throws an `Error` for what this release cannot read: then it must not write there either. */
export function decodeBirths(bytes: Uint8Array): KeptValue {
  const [format, mark, births] = list(decodeData(bytes), 3)
  if (format !== FORMAT)
    throw new Error(`expected kept births in format ${FORMAT}, got ${String(format)}; a later release may have written them`)
  return { mark: string(mark), births: list(births, 0).map(birthOf) }
}

function birthOf(value: unknown): KeptBirth {
  const [gen, founder, epoch, owner, ...rest] = list(value, 4)
  const birth = { gen: number(gen), founder: string(founder) }
  const token: Fence = { ...birth, epoch: number(epoch), owner: string(owner) }
  if (rest.length === 0) return { token, content: undefined }
  const [writerEpoch, writer, seq, version, bytes] = list(rest, 5)
  const fence: Fence = { ...birth, epoch: number(writerEpoch), owner: string(writer) }
  if (typeof bytes !== 'string' && !(bytes instanceof Uint8Array)) throw damaged(bytes)
  return { token, content: { fence, seq: number(seq), version: number(version), bytes } }
}

function list(value: unknown, least: number): readonly unknown[] {
  if (Array.isArray(value) && value.length >= least) return value
  throw damaged(value)
}

function number(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number
  throw damaged(value)
}

function string(value: unknown): string {
  if (typeof value === 'string') return value
  throw damaged(value)
}

function damaged(value: unknown): Error {
  return new Error(`expected kept births, got ${typeof value} where something else belongs: nothing of this project has written that`)
}
