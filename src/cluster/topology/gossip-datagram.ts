// Pure. The datagrams of gossip: who is where, proven with the cluster's secret; and all that is ever parsed from a multicast group.
import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { NodeId } from '#process'
import { parseAddress } from '../address.ts'
import { parseNodeId } from '../node-name.ts'
import type { Keys } from '../secrets.ts'
import type { TopologyRefusal } from './strategy.ts'

// MAGIC, version, kind, counter (6 bytes), wall clock in ms (6 bytes); cluster, id and address, each with its length before it; then the
// HMAC-SHA256 of all that. The counter tells a repetition from news, the wall clock bounds for how long counters have to be remembered.

/** `asks`: whoever hears it answers soon. `bye`: it ends. */
export type GossipKind = 'here' | 'asks' | 'bye'

export interface GossipWord {
  readonly kind: GossipKind
  readonly cluster: string
  readonly id: NodeId
  readonly address: string
  /** Greater in each datagram of one life of a node. */
  readonly counter: number
  /** The sender's wall clock. */
  readonly sentAt: number
}

/** Fits into one frame of any network: what is longer is none of ours. */
export const MAX_DATAGRAM_BYTES = 1024

const MAGIC = Buffer.from('OTPG')
const VERSION = 1
const KINDS: readonly GossipKind[] = ['here', 'asks', 'bye']
const HEADER_BYTES = MAGIC.length + 2 + 6 + 6
const MAC_BYTES = 32

/** A key of its own, so that nothing said here can be taken for a part of a handshake. */
export function gossipKey(secret: KeyObject): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), 'otp-labs gossip 1', 32)))
}

/** Of each secret, in their order. */
export function gossipKeys([own, ...others]: Keys): Keys {
  return [gossipKey(own), ...others.map(gossipKey)]
}

export function writeDatagram(word: GossipWord, key: KeyObject): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header[MAGIC.length] = VERSION
  header[MAGIC.length + 1] = KINDS.indexOf(word.kind)
  header.writeUIntBE(word.counter, MAGIC.length + 2, 6)
  header.writeUIntBE(word.sentAt, MAGIC.length + 8, 6)
  const texts = [word.cluster, word.id, word.address].flatMap((text) => [Buffer.of(Buffer.byteLength(text)), Buffer.from(text)])
  const said = Buffer.concat([header, ...texts])
  return Buffer.concat([said, mac(said, key)])
}

/** The word of whoever knows one of the secrets, or why it is not believed. What costs least is looked at first. */
export function readDatagram(bytes: Buffer, cluster: string, ...keys: readonly KeyObject[]): GossipWord | TopologyRefusal {
  if (bytes.length > MAX_DATAGRAM_BYTES) return 'limit'
  if (bytes.length < HEADER_BYTES + MAC_BYTES || bytes.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0) return 'garbage'
  const said = bytes.subarray(0, -MAC_BYTES)
  const kind = KINDS[said[MAGIC.length + 1] as number]
  const texts = readTexts(said.subarray(HEADER_BYTES))
  if (said[MAGIC.length] !== VERSION || kind === undefined || texts === undefined) return 'garbage'
  const [theirs, id, address] = texts
  // Not proven, and harmless: it is only counted apart from attempts of those who do not know the secret.
  if (theirs !== cluster) return 'cluster'
  if (!keys.some((key) => timingSafeEqual(mac(said, key), bytes.subarray(-MAC_BYTES)))) return 'secret'
  if (parseNodeId(id) === undefined || parseAddress(address) === undefined) return 'garbage'
  return { kind, cluster, id, address, counter: said.readUIntBE(MAGIC.length + 2, 6), sentAt: said.readUIntBE(MAGIC.length + 8, 6) }
}

function mac(said: Buffer, key: KeyObject): Buffer {
  return createHmac('sha256', key).update(said).digest()
}

/** Exactly three texts. */
function readTexts(bytes: Buffer): [string, string, string] | undefined {
  const texts: string[] = []
  let at = 0
  while (at < bytes.length) {
    const end = at + 1 + (bytes[at] as number)
    if (end > bytes.length || texts.length === 3) return undefined
    texts.push(bytes.toString('utf8', at + 1, end))
    at = end
  }
  return texts.length === 3 ? (texts as [string, string, string]) : undefined
}
