// The observer's API: who may use it, its description of itself, and its routes. The shapes are in `schemas`, the answers in `observer`.
import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { NodeParts } from '#introspect'
import { type AccessOptions, Gate, type Grant, SECURITY_HEADERS } from '../access.ts'
import { STREAMS_MAX, summary } from '../observer/cluster.ts'
import { Observing, type OutsideLinks } from '../observer/observing.ts'
import { Streams } from '../observer/server-sent-events.ts'
import { summary as summarySchema } from '../schemas/cluster.ts'
import { answers } from '../schemas/json-schema.ts'
import { NOTHING } from '../schemas/requests.ts'
import { manageRoutes } from './observer-manage.ts'
import { readRoutes } from './observer-read.ts'
import { wantsPage } from './wants.ts'

export interface ObserverOptions extends AccessOptions {
  readonly links?: OutsideLinks | undefined
  /** Mounts the page under `/observer/`: routes that carry no data are marked with `config: { access: 'public' }`. */
  readonly page?: ((scope: FastifyInstance) => void) | undefined
}

/** What routes are made with. */
export interface ObserverTools {
  readonly observing: Observing
  readonly gate: Gate
  readonly streams: Streams
  /** What the request under way turned out to be allowed. */
  readonly grantOf: (request: FastifyRequest) => Grant
}

/** Mounts `/observer` and `/observer/v1/*`. What a token does not allow, and where none is set nothing but reading is allowed, is refused. */
export function observerRoutes(app: FastifyInstance, parts: NodeParts, options: ObserverOptions = {}): void {
  const gate = new Gate(parts.runtime.clock, options)
  const observing = new Observing(parts, options.links ?? {})
  const streams = new Streams(parts.runtime.clock, STREAMS_MAX)
  const grants = new WeakMap<FastifyRequest, Grant>()
  const grantOf = (request: FastifyRequest): Grant => grants.get(request) ?? { scope: 'read', who: 'nobody' }
  app.addHook('preClose', (done) => {
    streams.closeAll()
    done()
  })
  app.register(async (scope) => {
    // What is sent is what the handler made: tests hold it against the schemas, and nothing is dropped on the way.
    scope.setSerializerCompiler(() => (data) => JSON.stringify(data))
    // As bytes: a long text would take Node milliseconds at a stretch to write.
    scope.addHook('onSend', (_request, _reply, payload, done) => {
      done(null, typeof payload === 'string' ? Buffer.from(payload) : payload)
    })
    scope.addHook('onRequest', (request, reply, done) => {
      reply.headers(SECURITY_HEADERS)
      const isForBrowser = options.page !== undefined && request.routeOptions.url === '/observer' && wantsPage(request)
      const { access = 'read' } = request.routeOptions.config
      if (access !== 'public') reply.header('cache-control', 'no-store')
      grants.set(request, gate.check(request, isForBrowser ? 'public' : access))
      if (isForBrowser) reply.redirect('/observer/')
      else done()
    })
    await scope.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: { title: "OTP Labs: the observer's API", version: parts.version },
        components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
        ...(gate.needsToken ? { security: [{ bearer: [] }] } : {}),
      },
    })
    const tools: ObserverTools = { observing, gate, streams, grantOf }
    const schema = { summary: 'The cluster in short', querystring: NOTHING, response: answers(summarySchema, 'a summary') }
    scope.get('/observer', { schema }, () => summary(observing))
    scope.get('/observer/v1/openapi.json', { schema: { hide: true, querystring: NOTHING } }, () => scope.swagger())
    readRoutes(scope, tools)
    manageRoutes(scope, tools)
    options.page?.(scope)
  })
}
