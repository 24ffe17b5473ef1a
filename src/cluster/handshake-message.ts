// Pure. The fixed, small messages of the handshake: all that is ever parsed from a stranger.
import { CodedError } from '#base'
import type { NodeId } from '#process'
import type { RefusalReason } from './events.ts'
import { parseNodeId } from './node-name.ts'

/** Versions of the protocol that a side speaks, both ends included. Every message begins with them, in every version. */
export interface Versions {
  readonly lowest: number
  readonly highest: number
}

/** `highest` is raised when the handshake or the frames change, `lowest` when an old form is spoken no longer. */
export const VERSIONS: Versions = { lowest: 1, highest: 1 }

/** All that a stranger may send before it has proven itself. */
export const MAX_HANDSHAKE_BYTES = 1024

export const NONCE_BYTES = 32
export const PROOF_BYTES = 32

export const KIND = { hello: 1, challenge: 2, proof: 3, verdict: 4, refusal: 5 } as const
export type Kind = (typeof KIND)[keyof typeof KIND]

const MAGIC = Buffer.from('OTPL')
const LOWEST_AT = MAGIC.length
const HIGHEST_AT = LOWEST_AT + 1
const KIND_AT = HIGHEST_AT + 1
const LENGTH_AT = KIND_AT + 1
export const HEADER_BYTES = LENGTH_AT + 2
/** How a record of TLS begins: an alert, or a handshake. */
const TLS_RECORDS = [0x15, 0x16]
const CLUSTER_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/
const ADDRESS = /^[\x21-\x7e]{1,249}:[0-9]{1,5}$/

/** What each side says of itself. */
export interface Hello {
  readonly nonce: Uint8Array
  readonly cluster: string
  readonly id: NodeId
  readonly address: string
}

/** Answers `name`, or throws `ERR_OTP_CLUSTER_BAD_CLUSTER_NAME` that says what a name looks like. */
export function checkClusterName(name: string): string {
  if (typeof name === 'string' && CLUSTER_NAME.test(name)) return name
  throw new CodedError(
    'ERR_OTP_CLUSTER_BAD_CLUSTER_NAME',
    `expected a cluster name of 1 to 63 letters, digits, "_", "." or "-" that begins with a letter or a digit, got ${JSON.stringify(name)}`,
  )
}

/** Magic, version, kind, length, body. */
export function encodeMessage(kind: Kind, body: Uint8Array, versions = VERSIONS): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header[LOWEST_AT] = versions.lowest
  header[HIGHEST_AT] = versions.highest
  header[KIND_AT] = kind
  header.writeUInt16BE(body.byteLength, LENGTH_AT)
  return Buffer.concat([header, body])
}

/** The highest version that both speak, if there is one. */
export function commonVersion(one: Versions, other: Versions): number | undefined {
  const highest = Math.min(one.highest, other.highest)
  return highest >= Math.max(one.lowest, other.lowest) ? highest : undefined
}

export function writeHello({ nonce, cluster, id, address }: Hello): Buffer {
  const parts: Uint8Array[] = [nonce]
  for (const text of [cluster, id, address]) parts.push(Buffer.of(Buffer.byteLength(text)), Buffer.from(text))
  return Buffer.concat(parts)
}

/** `undefined` unless the body is exactly a nonce, a cluster name, a node id and an address, each of its own form. */
export function parseHello(body: Buffer): Hello | undefined {
  const texts: string[] = []
  let at = NONCE_BYTES
  while (texts.length < 3) {
    const length = body[at]
    if (length === undefined || at + 1 + length > body.length) return undefined
    texts.push(body.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const [cluster, id, address] = texts as [string, string, string]
  if (at !== body.length || !CLUSTER_NAME.test(cluster) || parseNodeId(id) === undefined || !ADDRESS.test(address)) return undefined
  return { nonce: body.subarray(0, NONCE_BYTES), cluster, id, address }
}

/** A whole message; `raw` with its header, `rest` what followed it. */
export interface Message {
  readonly kind: number
  /** Of those that its sender speaks, the highest that this side speaks, too. */
  readonly version: number
  readonly body: Buffer
  readonly raw: Buffer
  readonly rest: Buffer
}

/** Why bytes are no message. */
interface Misfit {
  readonly reason: RefusalReason
  readonly detail: string
}

/** Cuts a stranger's bytes into messages, and turns away at the first byte that cannot be right. */
export class MessageReader {
  readonly #versions: Versions
  /** As the other side said them first; it may not change its mind. */
  #theirs: Versions | undefined
  #held = Buffer.alloc(0)
  /** Bytes of the messages read so far: the limit is for the whole handshake. */
  #read = 0

  constructor(versions: Versions) {
    this.#versions = versions
  }

  /** `undefined` while a message is not whole. After a message the reader is empty: what followed it is in `rest`. */
  push(chunk: Buffer): Message | Misfit | undefined {
    // A stranger's flood is not copied.
    const room = MAX_HANDSHAKE_BYTES - this.#read
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk.subarray(0, room)])
    const magic = Math.min(MAGIC.length, bytes.length)
    if (bytes.compare(MAGIC, 0, magic, 0, magic) !== 0) return otherProtocol(bytes)
    const version = this.#versionOf(bytes)
    if (typeof version === 'object') return version
    if (bytes.length >= HEADER_BYTES && version !== undefined) {
      const end = HEADER_BYTES + bytes.readUInt16BE(LENGTH_AT)
      if (end > room) return { reason: 'limit', detail: `more than ${MAX_HANDSHAKE_BYTES} bytes for a handshake` }
      if (bytes.length >= end) {
        const rest = chunk.subarray(end - this.#held.length)
        this.#held = Buffer.alloc(0)
        this.#read += end
        const raw = Buffer.from(bytes.subarray(0, end))
        return { kind: raw[KIND_AT] as number, version, body: raw.subarray(HEADER_BYTES), raw, rest }
      }
    }
    this.#held = Buffer.from(bytes)
    return undefined
  }

  #versionOf(bytes: Buffer): number | Misfit | undefined {
    const [lowest, highest] = [bytes[LOWEST_AT], bytes[HIGHEST_AT]]
    if (lowest === undefined || highest === undefined) return undefined
    if (lowest === 0 || lowest > highest)
      return { reason: 'garbage', detail: `it speaks no version of the protocol: ${lowest} to ${highest}` }
    this.#theirs ??= { lowest, highest }
    if (lowest !== this.#theirs.lowest || highest !== this.#theirs.highest) return { reason: 'garbage', detail: 'it changed its versions' }
    const spoken = this.#versions
    const version = commonVersion(spoken, { lowest, highest })
    if (version !== undefined) return version
    return { reason: 'version', detail: `it speaks ${inWords({ lowest, highest })} of the protocol, this node speaks ${inWords(spoken)}` }
  }
}

function inWords({ lowest, highest }: Versions): string {
  return lowest === highest ? `version ${lowest}` : `versions ${lowest} to ${highest}`
}

function otherProtocol(bytes: Buffer): Misfit {
  return TLS_RECORDS.includes(bytes[0] as number)
    ? { reason: 'tls', detail: 'it speaks TLS, and this node was given no certificates' }
    : { reason: 'garbage', detail: 'it does not speak this protocol' }
}
