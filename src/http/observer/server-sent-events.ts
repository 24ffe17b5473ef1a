// An answer that goes on: server-sent events, as long as the reader keeps up.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock, Timer } from '#base'
import { Refusal } from '../problem.ts'

const COMMENT_EVERY_MS = 15_000
/** Bytes that may wait for the reader; it is cut off past that, and goes on by its last id. */
const MOST_WAITING = 1024 * 1024

/** One event as it is sent; the reader goes on after `id` when it comes back. */
export function printEvent(event: string, data: unknown, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** The streams that a server has open. */
export class Streams {
  readonly #clock: Clock
  readonly #most: number
  readonly #open = new Set<Stream>()

  constructor(clock: Clock, most: number) {
    this.#clock = clock
    this.#most = most
  }

  /** Takes the reply over; 503 where as many are open as may be. */
  open(request: FastifyRequest, reply: FastifyReply): Stream {
    if (this.#open.size >= this.#most) throw new Refusal(503, 'ERR_OTP_HTTP_BUSY', `${this.#most} streams are open; close one`, 5)
    const stream = new Stream(this.#clock, request, reply)
    this.#open.add(stream)
    stream.onClosed(() => this.#open.delete(stream))
    return stream
  }

  closeAll(): void {
    for (const stream of this.#open) stream.close()
  }
}

export class Stream {
  readonly #reply: FastifyReply
  readonly #clock: Clock
  readonly #listeners: (() => void)[] = []
  #timer: Timer
  #isOpen = true

  constructor(clock: Clock, request: FastifyRequest, reply: FastifyReply) {
    this.#reply = reply
    this.#clock = clock
    reply.hijack()
    const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' }
    // Set one by one, since the response can be asked later on for no others.
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.raw.setHeader(name, value)
    reply.raw.writeHead(200)
    reply.raw.flushHeaders()
    request.raw.socket.setNoDelay(true)
    reply.raw.on('close', () => this.#closed())
    this.#timer = this.#commentLater()
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  onClosed(listener: () => void): void {
    this.#listeners.push(listener)
  }

  close(): void {
    if (this.#isOpen) this.#reply.raw.end()
    this.#closed()
  }

  write(text: string): void {
    if (!this.#isOpen || text === '') return
    this.#reply.raw.write(text)
    if (this.#reply.raw.writableLength > MOST_WAITING) {
      this.#reply.raw.destroy()
      this.#closed()
    }
  }

  #commentLater(): Timer {
    return this.#clock.after(COMMENT_EVERY_MS, () => {
      this.write(': still here\n\n')
      if (this.#isOpen) this.#timer = this.#commentLater()
    })
  }

  #closed(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#timer.cancel()
    for (const listener of this.#listeners) listener()
  }
}
