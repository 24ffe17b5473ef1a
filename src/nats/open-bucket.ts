// Finds a bucket or makes it, and refuses one on which nothing could be built.
import { type Clock, CodedError, type ErrorCode } from '#base'
import { type Answer, NAME_IN_USE, PASSING, Refused, STREAM_NOT_FOUND } from './api.ts'
import { type FoundConfig, problemsOf, type StreamConfig } from './bucket.ts'
import { type NatsLink, RequestFailure } from './link.ts'
import { isAble, refusal } from './server-version.ts'

export interface OpenBucket {
  readonly stream: string
  /** The largest message that it takes, headers included. */
  readonly maxMessageBytes: number
}

interface StreamAnswer extends Answer {
  readonly config?: FoundConfig & { readonly metadata?: Readonly<Record<string, string>> }
}

/** Servers that have just been started elect somebody first, and know of each other a little later. */
const OPEN_WITHIN_MS = 20_000
const RETRY_MS = 250
/** A bucket that is being made has nobody yet who would answer for it. */
const ANSWER_WITHIN_MS = 2000

/** Rejects with `ERR_OTP_NATS_BUCKET`, `ERR_OTP_NATS_DENIED` or `ERR_OTP_NATS_SERVER_TOO_OLD`. */
export async function openBucket(link: NatsLink, asked: StreamConfig, clock: Clock): Promise<OpenBucket> {
  const until = clock.now() + OPEN_WITHIN_MS
  for (;;) {
    const { config, error } = await found(link, asked)
    if (config !== undefined) return checked(link, asked, config)
    if (!mayPass(error) || clock.now() > until) throw unusable(asked, error)
    await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve))
  }
}

type Found =
  | { readonly config: NonNullable<StreamAnswer['config']>; readonly error?: never }
  | { readonly config?: never; readonly error: Error }

async function found(link: NatsLink, asked: StreamConfig): Promise<Found> {
  try {
    let answer = await ask(link, 'INFO', asked.name, '')
    if (answer.error?.err_code === STREAM_NOT_FOUND) answer = await ask(link, 'CREATE', asked.name, JSON.stringify(asked))
    // Another node was faster.
    if (answer.error?.err_code === NAME_IN_USE) answer = await ask(link, 'INFO', asked.name, '')
    if (answer.config !== undefined) return { config: answer.config }
    return { error: new Refused(answer) }
  } catch (error) {
    if (error instanceof RequestFailure) return { error }
    throw error
  }
}

async function ask(link: NatsLink, what: 'INFO' | 'CREATE', stream: string, body: string): Promise<StreamAnswer> {
  return (await link.request(`$JS.API.STREAM.${what}.${stream}`, body, { withinMs: ANSWER_WITHIN_MS })).json<StreamAnswer>()
}

function mayPass(error: Error): boolean {
  if (error instanceof Refused) return PASSING.has(error.number)
  return !isDenied(error)
}

function isDenied(error: Error): boolean {
  return error instanceof RequestFailure && error.reason === 'denied'
}

function unusable({ name }: StreamConfig, cause: Error): CodedError {
  const [code, expected]: [ErrorCode, string] = isDenied(cause)
    ? ['ERR_OTP_NATS_DENIED', `the permission to use the bucket ${name}, and to make it where it is not there`]
    : ['ERR_OTP_NATS_BUCKET', `the bucket ${name}, or that it can be made`]
  return new CodedError(code, `expected ${expected}: ${cause.message}`, { cause })
}

function checked(link: NatsLink, asked: StreamConfig, config: NonNullable<StreamAnswer['config']>): OpenBucket {
  const problems = problemsOf(config, asked)
  if (problems.length > 0) {
    const message = `the bucket ${asked.name} was made in another way than it has to be; change it, or choose another cluster name`
    throw new CodedError('ERR_OTP_NATS_BUCKET', `${message}:\n  ${problems.join('\n  ')}`)
  }
  // Of the bucket's leader, which decides, and may be another server than the one that is connected.
  const version = config.metadata?.['_nats.ver']
  if (version !== undefined && !isAble(version))
    throw new CodedError('ERR_OTP_NATS_SERVER_TOO_OLD', refusal(version, `the leader of ${asked.name}`))
  const limit = config.max_msg_size ?? -1
  return { stream: asked.name, maxMessageBytes: limit > 0 ? Math.min(limit, link.maxPayload) : link.maxPayload }
}
