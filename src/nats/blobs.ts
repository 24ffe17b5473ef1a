// Large states, in pieces, laid out as the object store of NATS: its tools list and fetch them. Read piece by piece from the leader, since the
// consumer by which the store's own client reads is silent for a minute and more when the server that has it dies.
import { createHash } from 'node:crypto'
import { headers } from '@nats-io/transport-node'
import { type Clock, CodedError, type Random } from '#base'
import type { Blobs } from '#distributed'
import { type Answer, type GetAnswer, NO_MESSAGE, type PubAck, Refused } from './api.ts'
import type { NatsLink } from './link.ts'
import type { OpenBucket } from './open-bucket.ts'

/** The last that is written of a blob: what it is made of. */
interface Meta {
  readonly name: string
  readonly bucket: string
  /** Where its pieces are. */
  readonly nuid: string
  readonly size: number
  readonly chunks: number
  readonly digest: string
  readonly mtime: string
  readonly options: { readonly max_chunk_size: number }
}

interface Subjects extends Answer {
  readonly total?: number
  readonly state?: { readonly subjects?: Readonly<Record<string, number>> }
}

const PIECE_BYTES = 256 * 1024
/** So many pieces are under way at a time. */
const AT_ONCE = 8
/** A subject has to fit into a line of the protocol, which is 4 KiB. */
const LONGEST_NAME_BYTES = 2500
/** What a message has besides its piece. */
const ROOM_BYTES = 1024

export class NatsBlobs implements Blobs {
  readonly #link: NatsLink
  readonly #stream: string
  readonly #bucket: string
  readonly #pieceBytes: number
  readonly #clock: Clock
  readonly #random: Random

  constructor(link: NatsLink, { stream, maxMessageBytes }: OpenBucket, { clock, random }: { clock: Clock; random: Random }) {
    this.#link = link
    this.#clock = clock
    this.#random = random
    this.#stream = stream
    this.#bucket = stream.slice('OBJ_'.length)
    this.#pieceBytes = Math.min(PIECE_BYTES, maxMessageBytes - ROOM_BYTES)
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const where = this.#tokenOf(name)
    // Apart for each try, whose pieces may still be on their way when the next one begins.
    const nuid = `${where}.${this.#random.bytes(8).toString('hex')}`
    const chunks = Math.ceil(bytes.length / this.#pieceBytes)
    for (let first = 0; first < chunks; first += AT_ONCE) {
      const indexes = Array.from({ length: Math.min(AT_ONCE, chunks - first) }, (_, index) => first + index)
      // One connection: they are kept in the order in which they are sent.
      await Promise.all(
        indexes.map((index) => this.#publish(`C.${nuid}`, bytes.subarray(index * this.#pieceBytes, (index + 1) * this.#pieceBytes))),
      )
    }
    const what: Meta = {
      name,
      bucket: this.#bucket,
      nuid,
      size: bytes.length,
      chunks,
      digest: digestOf(bytes),
      mtime: new Date(this.#clock.wall()).toISOString(),
      options: { max_chunk_size: this.#pieceBytes },
    }
    // Only now is it there at all.
    await this.#publish(`M.${where}`, Buffer.from(JSON.stringify(what)))
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const found = await this.#message({ last_by_subj: this.#subject(`M.${this.#tokenOf(name)}`) })
    if (found === undefined) return undefined
    const { chunks, size, digest, nuid } = JSON.parse(found.data.toString()) as Meta
    const pieces: Buffer[] = []
    for (let seq = 1; pieces.length < chunks; ) {
      const piece = await this.#message({ seq, next_by_subj: this.#subject(`C.${nuid}`) })
      // It was deleted meanwhile.
      if (piece === undefined) return undefined
      pieces.push(piece.data)
      seq = piece.seq + 1
    }
    const bytes = Buffer.concat(pieces)
    if (bytes.length === size && digestOf(bytes) === digest) return bytes
    throw new Error(`the blob ${JSON.stringify(name)} is not what was put: ${bytes.length} bytes of ${size}, or others`)
  }

  async delete(name: string): Promise<void> {
    const where = this.#tokenOf(name)
    // In this order nobody finds a blob without its pieces.
    for (const filter of [`M.${where}`, `C.${where}.>`]) await this.#api('STREAM.PURGE', { filter: this.#subject(filter) })
  }

  async names(): Promise<readonly string[]> {
    const names = new Set<string>()
    for (let offset = 0, total = 1; offset < total; ) {
      const answer = await this.#api<Subjects>('STREAM.INFO', { subjects_filter: this.#subject('>'), offset })
      const subjects = Object.keys(answer.state?.subjects ?? {})
      // Also pieces of which somebody ended in the middle.
      for (const subject of subjects) names.add(Buffer.from(subject.split('.')[3] ?? '', 'base64url').toString())
      total = answer.total ?? 0
      if (subjects.length === 0) break
      offset += subjects.length
    }
    return [...names]
  }

  #subject(rest: string): string {
    return `$O.${this.#bucket}.${rest}`
  }

  #tokenOf(name: string): string {
    const bytes = Buffer.from(name)
    if (bytes.length > 0 && bytes.length <= LONGEST_NAME_BYTES) return bytes.toString('base64url')
    throw new CodedError('ERR_OTP_NATS_BLOB_NAME', `expected a name of 1 to ${LONGEST_NAME_BYTES} bytes for a blob, got ${bytes.length}`)
  }

  async #publish(rest: string, piece: Uint8Array): Promise<void> {
    const only = headers()
    // A put that was tried twice leaves one description.
    if (rest.startsWith('M.')) only.set('Nats-Rollup', 'sub')
    const ack = (await this.#link.request(this.#subject(rest), piece, { headers: only })).json<PubAck>()
    if (ack.error !== undefined || ack.seq === undefined) throw new Refused(ack)
  }

  async #message(which: object): Promise<{ seq: number; data: Buffer } | undefined> {
    const answer = (await this.#link.request(`$JS.API.STREAM.MSG.GET.${this.#stream}`, JSON.stringify(which))).json<GetAnswer>()
    if (answer.error?.err_code === NO_MESSAGE) return undefined
    if (answer.message === undefined) throw new Refused(answer)
    return { seq: answer.message.seq, data: Buffer.from(answer.message.data ?? '', 'base64') }
  }

  async #api<T extends Answer>(what: string, body: object): Promise<T> {
    const answer = (await this.#link.request(`$JS.API.${what}.${this.#stream}`, JSON.stringify(body))).json<T>()
    if (answer.error !== undefined) throw new Refused(answer)
    return answer
  }
}

function digestOf(bytes: Uint8Array): string {
  return `SHA-256=${createHash('sha256').update(bytes).digest('base64').replaceAll('+', '-').replaceAll('/', '_')}`
}
