// Requests to the API server of Kubernetes: each with a time limit, on connections that are kept in one pool, and with a fresh token.
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { Clock } from '#base'

/** Where the server is, and what puts credentials into a request; asked for each one, so that a token that was replaced is taken. */
export interface ApiAccess {
  readonly server: string
  readonly apply: (options: RequestOptions) => Promise<void>
}

/** The server answered, and not with what was asked for. */
export class ApiError extends Error {
  readonly status: number
  readonly retryAfterMs: number

  constructor(status: number, message: string, retryAfterMs: number) {
    super(message)
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/** How long an answer may take to begin. */
const ANSWER_WITHIN_MS = 10_000
/** TCP asks from then on whether a quiet connection is still one. */
const KEEP_ALIVE_MS = 30_000
const MAX_BODY_BYTES = 64 * 1024 * 1024
const MAX_COMPLAINT_BYTES = 4096

export class ApiServer {
  readonly #access: ApiAccess
  readonly #clock: Clock

  constructor(access: ApiAccess, clock: Clock) {
    this.#access = access
    this.#clock = clock
  }

  /** The whole body as JSON; rejects with `ApiError` for a status other than 200, within `limitMs` in any case. */
  async json(path: string, limitMs: number, signal: AbortSignal): Promise<unknown> {
    return this.#within(limitMs, signal, async (limited) => {
      const response = await this.#get(path, limited)
      return JSON.parse((await bodyOf(response, MAX_BODY_BYTES)).toString('utf8'))
    })
  }

  /** Reads a body as it comes, for `limitMs` at most. */
  async stream(path: string, limitMs: number, signal: AbortSignal, read: (body: AsyncIterable<Buffer>) => Promise<void>): Promise<void> {
    await this.#within(limitMs, signal, async (limited) => read(await this.#get(path, limited)))
  }

  async #within<T>(limitMs: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    const abort = () => controller.abort(signal.reason)
    const timer = this.#clock.after(limitMs, () => controller.abort(new Error(`no end of the answer within ${limitMs} ms`)))
    signal.addEventListener('abort', abort)
    try {
      signal.throwIfAborted()
      return await work(controller.signal)
    } catch (error) {
      // What was aborted says only that it was; the signal says why.
      throw controller.signal.aborted ? controller.signal.reason : error
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', abort)
    }
  }

  async #get(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(this.#access.server.replace(/\/$/, '') + path)
    const options: RequestOptions = { headers: { accept: 'application/json' } }
    await this.#access.apply(options)
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, { ...options, signal }, resolve)
    const timer = this.#clock.after(ANSWER_WITHIN_MS, () => request.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)))
    // What goes wrong after the answer has begun is told by its body.
    request.on('error', reject)
    request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS))
    request.end()
    try {
      const response = await promise
      if (response.statusCode === 200) return response
      const complaint = (await bodyOf(response, MAX_COMPLAINT_BYTES)).toString('utf8')
      const said = `the API server answered ${response.statusCode} to ${url.pathname}: ${messageOf(complaint)}`
      throw new ApiError(response.statusCode ?? 0, said, retryAfterMs(response.headers['retry-after'], this.#clock.wall()))
    } finally {
      timer.cancel()
    }
  }
}

/** `Retry-After` in seconds or as a date; 0 if there is none. */
export function retryAfterMs(header: string | undefined, wall: number): number {
  if (header === undefined) return 0
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - wall
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}

async function bodyOf(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > maxBytes) throw new Error(`an answer of more than ${maxBytes} bytes`)
  }
  return Buffer.concat(chunks)
}

/** The message of a Status, else the beginning of what came. */
function messageOf(body: string): string {
  try {
    return String((JSON.parse(body) as { message: unknown }).message)
  } catch {
    return body.slice(0, 200)
  }
}
