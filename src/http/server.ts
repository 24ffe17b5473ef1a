// One HTTP server: problems as documents, requests as events and traces, and an end that waits for answers under way.

import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock, Emitter } from '#base'
import { CodedError } from '#base'
import type { OpenSpan, Tracing } from '#process'
import type { HttpEvents } from './events.ts'
import { installProblems, sendProblem } from './problem.ts'
import { validatorCompiler } from './validation.ts'

export interface HttpServerOptions {
  readonly clock: Clock
  readonly events: Emitter<HttpEvents>
  readonly tracing?: Tracing | undefined
  /** An error that is nobody's answer: a defect. */
  readonly onUnexpected: (error: Error) => void
  /** Whether clients had better go elsewhere with their next request: answers close their connections then. */
  readonly isEnding?: () => boolean
}

/** Bodies are small commands. */
const BODY_LIMIT = 64 * 1024
const CLOSE_POLL_MS = 25

interface Observed {
  readonly startedMono: number
  span?: OpenSpan
  trace?: string | undefined
  isTold?: true
}

export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { clock, events, tracing, isEnding } = options
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply, 400, error.message, error.code)
    },
  })
  app.setValidatorCompiler(validatorCompiler)
  installProblems(app, options.onUnexpected)
  const observed = new WeakMap<FastifyRequest, Observed>()
  const complete = (request: FastifyRequest, reply: FastifyReply): void => {
    const seen = observed.get(request)
    // An answer that finishes closes, too.
    if (seen?.isTold === true) return
    if (seen !== undefined) seen.isTold = true
    seen?.span?.end(reply.statusCode >= 500 ? `http ${reply.statusCode}` : 'ok')
    events.emit('http.request_completed', {
      method: request.method,
      route: routeOf(request),
      status: reply.statusCode,
      isStream: isStream(reply),
      durationMs: clock.now() - (seen?.startedMono ?? clock.now()),
      trace: seen?.trace,
    })
  }
  app.addHook('onRequest', (request, reply, done) => {
    const seen: Observed = { startedMono: clock.now() }
    observed.set(request, seen)
    // Most readers end a stream by going away, and a slow one is cut off: its answer closes then, and never finishes. That is how streams end,
    // so it counts as answered. Who goes away before any other answer was through had none, and leaves a span that has to end.
    reply.raw.once('close', () => {
      if (isStream(reply)) complete(request, reply)
      else if (seen.isTold !== true) {
        seen.isTold = true
        seen.span?.end('aborted')
      }
    })
    const route = routeOf(request)
    // Who watches is not watched: the observer's and the probes' requests would drown the work in traces.
    if (tracing === undefined || route.startsWith('/observer')) {
      done()
      return
    }
    const carrier = request.headers['traceparent']
    const attributes = { 'http.request.method': request.method, 'http.route': route, 'url.path': request.url.split('?')[0] ?? '' }
    seen.span = tracing.serve(`${request.method} ${route}`, typeof carrier === 'string' ? carrier : undefined, attributes, () => {
      seen.trace = tracing.current()
      done()
    })
  })
  if (isEnding !== undefined) {
    app.addHook('onSend', (_request, reply, _payload, done) => {
      if (isEnding()) reply.header('connection', 'close')
      done()
    })
  }
  app.addHook('onResponse', (request, reply, done) => {
    complete(request, reply)
    done()
  })
  return app
}

function isStream({ raw }: FastifyReply): boolean {
  const type = raw.getHeader('content-type')
  return typeof type === 'string' && type.startsWith('text/event-stream')
}

function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unknown'
}

/** Listens, or throws `ERR_OTP_HTTP_LISTEN` that names the address. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    const why = code === 'EADDRINUSE' ? 'is taken by another process' : 'may not be used by this user'
    throw new CodedError('ERR_OTP_HTTP_LISTEN', `${host}:${port} ${why}; choose another port`, { cause: error })
  }
}

/** Lets answers under way finish, closes idle connections as they fall idle, and the rest after `withinMs`, or as soon as nobody wants to wait. */
export async function close(app: FastifyInstance, clock: Clock, withinMs: number, hastened?: AbortSignal): Promise<void> {
  const closed = app.close()
  let isClosed = false
  const deadline = clock.now() + withinMs
  const poll = () => {
    if (isClosed) return
    if (clock.now() > deadline || hastened?.aborted === true) app.server.closeAllConnections()
    else app.server.closeIdleConnections()
    clock.after(CLOSE_POLL_MS, poll)
  }
  poll()
  await closed
  isClosed = true
}
