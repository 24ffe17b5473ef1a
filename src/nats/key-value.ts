// The engine that decides, on JetStream: a key is a subject, its revision the sequence of the last message there.
import { headers, type MsgHdrs } from '@nats-io/transport-node'
import { CodedError } from '#base'
import type { KeyValue, KeyValueEntry } from '#distributed'
import { type Answer, type GetAnswer, NO_MESSAGE, type PubAck, Refused, WRONG_LAST_SEQUENCE } from './api.ts'
import { keyText } from './key-text.ts'
import type { NatsLink } from './link.ts'
import type { OpenBucket } from './open-bucket.ts'

/** What the headers of a write may come to. */
const HEADER_BYTES = 512

/** A deletion is a message as well; so is what the server leaves when a key expires. */
const GONE = /^(KV-Operation:\s*(DEL|PURGE)|Nats-Marker-Reason:)/im

export class NatsKeyValue implements KeyValue {
  readonly maxValueBytes: number
  readonly #link: NatsLink
  readonly #subject: string
  readonly #getSubject: string
  readonly #withinMs: number | undefined

  /** `withinMs`: instead of the link's own time for an answer. */
  constructor(link: NatsLink, { stream, maxMessageBytes }: OpenBucket, withinMs?: number) {
    this.#link = link
    this.#withinMs = withinMs
    this.#subject = `$KV.${stream.slice('KV_'.length)}`
    // Answered by the stream's leader alone. It may have been deposed without knowing: then it answers what was.
    this.#getSubject = `$JS.API.STREAM.MSG.GET.${stream}`
    this.maxValueBytes = maxMessageBytes - HEADER_BYTES
  }

  async get(key: string): Promise<KeyValueEntry> {
    const answer = await this.#ask<GetAnswer>(this.#getSubject, JSON.stringify({ last_by_subj: this.#subjectOf(key) }))
    if (answer.error?.err_code === NO_MESSAGE) return { value: undefined, revision: 0 }
    if (answer.message === undefined) throw new Refused(answer)
    const { seq: revision, data = '', hdrs = '' } = answer.message
    const isGone = GONE.test(Buffer.from(hdrs, 'base64').toString('latin1'))
    return { value: isGone ? undefined : Buffer.from(data, 'base64'), revision }
  }

  put(key: string, value: Uint8Array, expected: number, ttlMs?: number): Promise<number | undefined> {
    return this.#write(key, value, conditions(expected, ttlMs))
  }

  delete(key: string, expected: number, ttlMs?: number): Promise<number | undefined> {
    const deletion = conditions(expected, ttlMs)
    deletion.set('KV-Operation', 'DEL')
    return this.#write(key, new Uint8Array(), deletion)
  }

  /**
   * A plain publish, since the bucket's own calls have no write that both expects a revision and keeps a time to live. Without a majority of its
   * servers a contended write is answered with "wrong last sequence", although nothing was written: `undefined` says no more than that.
   */
  async #write(key: string, value: Uint8Array, withHeaders: MsgHdrs): Promise<number | undefined> {
    if (value.length > this.maxValueBytes) {
      throw new CodedError('ERR_OTP_NATS_VALUE_TOO_LARGE', `expected a value of up to ${this.maxValueBytes} bytes, got ${value.length}`)
    }
    const answer = await this.#ask<PubAck>(this.#subjectOf(key), value, withHeaders)
    if (answer.error !== undefined && WRONG_LAST_SEQUENCE.has(answer.error.err_code)) return undefined
    if (answer.error !== undefined || answer.seq === undefined) throw new Refused(answer)
    return answer.seq
  }

  async #ask<T extends Answer>(subject: string, payload: Uint8Array | string, withHeaders?: MsgHdrs): Promise<T> {
    return (await this.#link.request(subject, payload, { headers: withHeaders, withinMs: this.#withinMs })).json<T>()
  }

  #subjectOf(key: string): string {
    return `${this.#subject}.${keyText(key)}`
  }
}

function conditions(expected: number, ttlMs: number | undefined): MsgHdrs {
  const made = headers()
  made.set('Nats-Expected-Last-Subject-Sequence', String(expected))
  // A second is the least that a server takes; an update without it would keep the key for ever.
  if (ttlMs !== undefined) made.set('Nats-TTL', `${Math.max(1, Math.ceil(ttlMs / 1000))}s`)
  return made
}
