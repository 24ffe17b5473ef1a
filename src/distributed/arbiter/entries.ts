// What the engine holds: one entry for each node's lease, and one for each name. As bytes, and checked when they are read. Pure.
import type { NodeId } from '#process'

/** The sessions of one node are numbered; at most one of them is live, and a number that is past never comes back. */
export interface SessionEntry {
  readonly n: number
  /** This session is over, and all before it. */
  readonly dead: boolean
}

/** Who owns a name, in which of its births. */
export interface NameEntry {
  /** Nobody, if it is empty: its owner has given it up. */
  readonly node: NodeId
  /** The session of that node under which it was claimed. */
  readonly n: number
  readonly gen: number
  readonly founder: NodeId
  readonly ended: boolean
  /** Of a name that was given up: nothing was handled under it since this revision; 0 if something may have been. */
  readonly unusedSince: number
  /** Tells claims of one session apart: who does not hear whether its claim was written finds it again by this. */
  readonly nonce: number
}

export const sessionKey = (node: NodeId): string => `session.${node}`
export const nameKey = (name: string): string => `name.${name}`

export function encodeSession({ n, dead }: SessionEntry): Uint8Array {
  return encode(dead ? { n, dead } : { n })
}

export function decodeSession(value: Uint8Array): SessionEntry {
  const { n, dead } = decode(value)
  return { n: whole(n), dead: dead === true }
}

export function encodeName({ node, n, gen, founder, ended, unusedSince, nonce }: NameEntry): Uint8Array {
  const birth = founder === node ? { gen } : { gen, founder }
  return encode({ node, n, ...birth, ...(ended ? { ended } : {}), ...(unusedSince === 0 ? {} : { unusedSince }), nonce })
}

export function decodeName(value: Uint8Array): NameEntry {
  const { node, n, gen, founder, ended, unusedSince, nonce } = decode(value)
  const owner = text(node)
  return {
    node: owner,
    n: whole(n),
    gen: whole(gen),
    founder: founder === undefined ? owner : text(founder),
    ended: ended === true,
    unusedSince: unusedSince === undefined ? 0 : whole(unusedSince),
    nonce: whole(nonce),
  }
}

function encode(entry: object): Uint8Array {
  return Buffer.from(JSON.stringify(entry))
}

function decode(value: Uint8Array): Record<string, unknown> {
  const entry: unknown = JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString())
  if (typeof entry !== 'object' || entry === null) throw new TypeError(`expected an entry of the arbiter's, got ${String(entry)}`)
  return entry as Record<string, unknown>
}

function whole(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number
  throw new TypeError(`expected a whole number in an entry of the arbiter's, got ${String(value)}`)
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError(`expected a text in an entry of the arbiter's, got ${String(value)}`)
}
