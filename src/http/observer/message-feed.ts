// A trace of messages as a stream: begun on the nodes where they are taken up, fetched from there, over when its limits say so.

import type { z } from 'zod'
import type { Asker, TracedMessage } from '#introspect'
import type { NodeId } from '#process'
import { Refusal } from '../problem.ts'
import type { tracedMessage, traceEnd } from '../schemas/manage.ts'
import { iso, noProcess, type Observing } from './observing.ts'
import { printEvent, type Stream } from './server-sent-events.ts'

export interface TraceBody {
  readonly pid?: string
  readonly behaviour?: string
  readonly max: number
  readonly rate: number
  readonly ttlMs: number
}

const FETCH_EVERY_MS = 200
/** A node that stays silent so many times in a row is not waited for any more. */
const MOST_SILENT = 5

interface Source {
  readonly id: NodeId
  readonly trace: string
  silent: number
  skipped: number
  because: 'max' | 'ttl' | 'missing' | undefined
}

/** A trace that runs on some nodes. */
export class MessageFeed {
  readonly #observing: Observing
  readonly #max: number
  readonly #sources: Source[]
  readonly #missing: { node: string; reason: string }[]
  #sent = 0

  private constructor(observing: Observing, max: number, sources: Source[], missing: { node: string; reason: string }[]) {
    this.#observing = observing
    this.#max = max
    this.#sources = sources
    this.#missing = missing
  }

  /** Begins it; throws a `Refusal` where no node can. */
  static async begin(observing: Observing, request: TraceBody, asker: Asker): Promise<MessageFeed> {
    const { pid } = request
    if ((pid === undefined) === (request.behaviour === undefined)) {
      throw new Refusal(400, 'ERR_OTP_HTTP_INVALID', 'body: expected either pid or behaviour')
    }
    const only = pid === undefined ? undefined : [observing.nodeOf(pid)]
    if (pid !== undefined && (await observing.one(observing.nodeOf(pid), 'process', pid)) === undefined) throw noProcess(pid)
    const { answers, missing } = await observing.asking.all('traceBegin', { request, asker }, only)
    const sources = answers.flatMap(({ id, value }) =>
      value === undefined ? [] : [{ id, trace: value, silent: 0, skipped: 0, because: undefined }],
    )
    if (sources.length === 0) throw new Refusal(503, 'ERR_OTP_HTTP_BUSY', 'no node can trace more messages now', 5)
    return new MessageFeed(observing, request.max, sources, [...missing])
  }

  /** Runs until the limits are reached, or the reader is gone. */
  async into(stream: Stream): Promise<void> {
    const { clock } = this.#observing.parts.runtime
    while (stream.isOpen && this.#sent < this.#max && this.#sources.some(({ because }) => because === undefined)) {
      await new Promise<void>((resolve) => clock.after(FETCH_EVERY_MS, resolve))
      await Promise.all(this.#sources.filter(({ because }) => because === undefined).map((source) => this.#fetch(source, stream)))
    }
    for (const { id, trace, because } of this.#sources) {
      if (because === undefined) void this.#observing.asking.one(id, 'traceEnd', trace)
    }
    const skipped = this.#sources.reduce((sum, source) => sum + source.skipped, 0)
    const because =
      this.#sent >= this.#max ? 'max' : (this.#sources.map((source) => source.because).find((why) => why !== undefined) ?? 'ttl')
    const end: z.infer<typeof traceEnd> = { because, sent: this.#sent, skipped, missing: this.#missing }
    stream.write(printEvent('end', end))
    stream.close()
  }

  async #fetch(source: Source, stream: Stream): Promise<void> {
    const { id, trace } = source
    const node = id.slice(0, id.indexOf('.'))
    const answer = await this.#observing.asking.one(id, 'traceRead', trace)
    if (answer.ok && answer.value !== undefined) {
      const { messages, skipped, because } = answer.value
      source.silent = 0
      source.skipped = skipped
      source.because = because
      stream.write(this.#print(node, messages))
      return
    }
    if (!answer.ok && ++source.silent < MOST_SILENT) return
    source.because = answer.ok ? 'ttl' : 'missing'
    if (!answer.ok) this.#missing.push({ node, reason: answer.reason })
  }

  #print(node: string, messages: readonly TracedMessage[]): string {
    const room = messages.slice(0, this.#max - this.#sent)
    this.#sent += room.length
    const told: z.infer<typeof tracedMessage>[] = room.map(({ at, ...message }) => ({ node, ...message, at: iso(at) }))
    return told.map((message) => printEvent('message', message)).join('')
  }
}
