// Errors as application/problem+json (RFC 9457): one shape for everything that can go wrong with a request.

import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { CodedError, type ErrorCode } from '#base'
import { describeInvalid } from './validation.ts'

export interface Problem {
  readonly status: number
  /** What kind of problem, in few words. */
  readonly title: string
  /** What was expected, what came, and what to do. */
  readonly detail: string
  /** A stable code to branch on, where there is one. */
  readonly code?: string
}

/** What a route may throw to answer with a problem: a status below 500, or 503 or 504; `members` are added to the document. */
type Thrown = (FastifyError | CodedError) & { readonly members?: Readonly<Record<string, unknown>>; readonly retryAfterS?: number }

/** Statuses above 500 that are answers, not defects: not here, not now, and not in time. */
const FORESEEN: readonly number[] = [501, 503, 504]

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Token needed',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Not accepted',
  429: 'Too many requests',
  500: 'Internal error',
  501: 'Not there',
  503: 'Not available now',
  504: 'No answer in time',
}

export function sendProblem(
  reply: FastifyReply,
  status: number,
  detail: string,
  code?: string,
  members?: Readonly<Record<string, unknown>>,
): FastifyReply {
  const problem: Problem = { status, title: TITLES[status] ?? 'Error', detail, ...(code === undefined ? {} : { code }) }
  return reply
    .status(status)
    .type('application/problem+json')
    .send({ ...members, type: 'about:blank', ...problem })
}

/** An answer to a request that is no success and no defect. */
export class Refusal extends CodedError {
  readonly statusCode: number
  readonly retryAfterS: number | undefined

  constructor(statusCode: number, code: ErrorCode, detail: string, retryAfterS?: number) {
    super(code, detail)
    this.statusCode = statusCode
    this.retryAfterS = retryAfterS
  }
}

/** Makes every error of a server a problem document; what nobody foresaw says nothing of the inside. */
export function installProblems(app: FastifyInstance, onUnexpected: (error: Error) => void): void {
  app.setErrorHandler((error: Thrown, _request, reply) => {
    if ('validation' in error && error.validation !== undefined) {
      return sendProblem(reply, 400, describeInvalid(error.validationContext ?? 'request', error.validation), 'ERR_OTP_HTTP_INVALID')
    }
    if (error.retryAfterS !== undefined) reply.header('retry-after', error.retryAfterS)
    const status = 'statusCode' in error && error.statusCode !== undefined ? error.statusCode : 500
    if (status < 500 || FORESEEN.includes(status)) return sendProblem(reply, status, error.message, error.code, error.members)
    onUnexpected(error)
    return sendProblem(reply, 500, 'something failed inside the node; its log says what')
  })
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, 404, `there is no ${request.method} ${request.url.split('?')[0]} here; GET /observer lists what there is`),
  )
}
