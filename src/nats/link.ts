// A link to NATS that is made again for ever, and requests over it that end in time, whatever the servers do.
import {
  errors,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  TimeoutError,
} from '@nats-io/transport-node'
import type { Clock, Random } from '#base'
import { dial } from './dial.ts'
import { type NatsOptions, REQUEST_MS } from './options.ts'

/** `unanswered`: it may have been done, or may be yet. `denied`, `nobody`: it was not. `unreachable`: it was not sent. */
export type FailureReason = 'unanswered' | 'denied' | 'nobody' | 'unreachable'

/** Why a request has no answer. */
export class RequestFailure extends Error {
  readonly reason: FailureReason

  constructor(reason: FailureReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RequestFailure'
    this.reason = reason
  }
}

export interface RequestOptions {
  readonly headers?: MsgHdrs | undefined
  readonly withinMs?: number | undefined
}

interface Waiting {
  readonly resolve: (connection: NatsConnection) => void
  readonly reject: (error: Error) => void
}

/** Between tries, doubled up to the second, and shaken, so that a cluster's nodes do not all come at once. */
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 1000
/** A bucket that was just made, or whose leader has died, has nobody who would answer for it; somebody is elected. */
const NOBODY_MS = 50

export class NatsLink {
  readonly #options: NatsOptions
  readonly #clock: Clock
  readonly #random: Random
  readonly #waiting = new Set<Waiting>()
  #connection: NatsConnection | undefined
  #why = 'it is not connected yet'
  #isClosed = false
  #maxPayload = 0

  private constructor(options: NatsOptions, clock: Clock, random: Random) {
    this.#options = options
    this.#clock = clock
    this.#random = random
  }

  /** Rejects as `dial` does: only a link that was there once is made again. */
  static async open(options: NatsOptions, clock: Clock, random: Random): Promise<NatsLink> {
    const link = new NatsLink(options, clock, random)
    link.#adopt(await dial(options))
    return link
  }

  /** What a message may hold, headers included, at the server that is or was connected. */
  get maxPayload(): number {
    return this.#maxPayload
  }

  /** Rejects with `RequestFailure`, within the time whatever happens. What is asked while there is no connection waits for one, unsent. */
  async request(subject: string, payload: Uint8Array | string, { headers, withinMs }: RequestOptions = {}): Promise<Msg> {
    const within = withinMs ?? this.#options.requestMs ?? REQUEST_MS
    const until = this.#clock.now() + within
    for (;;) {
      const connection = this.#connection ?? (await this.#connected(until - this.#clock.now()))
      // A time-out of nothing is none to the client.
      const timeout = Math.max(1, until - this.#clock.now())
      try {
        return await connection.request(subject, payload, { timeout, ...(headers === undefined ? {} : { headers }) })
      } catch (error) {
        const failure = failureOf(error as Error, subject, within)
        const mayCome = failure instanceof RequestFailure && failure.reason === 'nobody' && this.#clock.now() + NOBODY_MS < until
        if (!mayCome) throw failure
      }
      await new Promise<void>((resolve) => this.#clock.after(NOBODY_MS, resolve))
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#why = 'it was closed'
    this.#refuseAll()
    await this.#connection?.close()
  }

  #adopt(connection: NatsConnection): void {
    this.#connection = connection
    this.#maxPayload = connection.info?.max_payload ?? this.#maxPayload
    for (const { resolve } of this.#waiting) resolve(connection)
    this.#waiting.clear()
    void this.#giveUpWhenStale(connection)
    void connection.closed().then((error) => this.#lost(error?.message ?? 'the connection ended'))
  }

  /** The client would first have its last bytes taken: a frozen server takes none. */
  async #giveUpWhenStale(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type !== 'staleConnection') continue
      await connection.close()
      return
    }
  }

  #lost(why: string): void {
    this.#connection = undefined
    if (this.#isClosed) return
    this.#why = why
    void this.#redial()
  }

  async #redial(): Promise<void> {
    for (let delay = FIRST_DELAY_MS; !this.#isClosed; delay = Math.min(2 * delay, LONGEST_DELAY_MS)) {
      try {
        const connection = await dial(this.#options)
        if (!this.#isClosed) return this.#adopt(connection)
        return await connection.close()
      } catch (error) {
        this.#why = (error as Error).message
      }
      const ms = delay * (0.5 + this.#random.next())
      await new Promise<void>((resolve) => this.#clock.after(ms, resolve))
    }
  }

  #connected(withinMs: number): Promise<NatsConnection> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(this.#unreachable())
      const timer = this.#clock.after(withinMs, () => {
        this.#waiting.delete(waiting)
        reject(this.#unreachable())
      })
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          timer.cancel()
          settle(value)
        }
      const waiting: Waiting = { resolve: settled(resolve), reject: settled(reject) }
      this.#waiting.add(waiting)
    })
  }

  #refuseAll(): void {
    for (const { reject } of this.#waiting) reject(this.#unreachable())
    this.#waiting.clear()
  }

  #unreachable(): RequestFailure {
    return new RequestFailure('unreachable', `NATS cannot be reached: ${this.#why}`)
  }
}

function failureOf(error: Error, subject: string, withinMs: number): Error {
  const cause = error.cause instanceof Error ? error.cause : error
  if (cause instanceof TimeoutError) return new RequestFailure('unanswered', `NATS did not answer within ${withinMs} ms`)
  if (cause instanceof PermissionViolationError) {
    const what = cause.operation === 'publish' ? `to publish to ${cause.subject}` : `to subscribe to ${cause.subject}`
    return new RequestFailure('denied', `NATS does not permit this account ${what}`, { cause })
  }
  if (cause instanceof NoRespondersError) return new RequestFailure('nobody', `nobody at NATS answers for ${subject} now`, { cause })
  if (cause instanceof errors.InvalidArgumentError) return cause
  return new RequestFailure('unanswered', `the connection to NATS ended before it answered: ${cause.message}`, { cause })
}
