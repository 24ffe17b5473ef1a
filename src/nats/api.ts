// What JetStream says in its answers. Pure.

export interface ApiError {
  readonly err_code: number
  readonly description: string
}

export interface Answer {
  readonly error?: ApiError
}

/** Of a message that is kept, in base64. */
export interface GetAnswer extends Answer {
  readonly message?: { readonly seq: number; readonly data?: string; readonly hdrs?: string }
}

export interface PubAck extends Answer {
  readonly seq?: number
}

export const NO_MESSAGE = 10037
export const STREAM_NOT_FOUND = 10059
export const NAME_IN_USE = 10058
/** No peers known yet, nobody elected yet, not this one, not loaded yet: what servers say that have just been started. */
export const PASSING: ReadonlySet<number> = new Set([10005, 10008, 10009, 10118])
/** Two numbers for one thing: the second where a server's text would not name the sequence. */
export const WRONG_LAST_SEQUENCE: ReadonlySet<number> = new Set([10071, 10164])

/** JetStream has answered, and what it says is no. */
export class Refused extends Error {
  readonly number: number

  constructor({ error }: Answer) {
    const { err_code: number = 0, description = 'gave an answer that is none' } = error ?? {}
    super(`NATS refused: ${description} (${number})`)
    this.name = 'Refused'
    this.number = number
  }
}
