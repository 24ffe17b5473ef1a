// The observer's page: files that `npm ci` has built, under a policy that lets nothing in from elsewhere.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { sendProblem } from '../problem.ts'

/** Beside the source it lies in `dist`, in the package beside the compiled source. */
const PLACES = ['../../../dist/observer-ui', '../../../observer-ui'].map((place) => join(import.meta.dirname, place))

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Names of built files carry a hash of what is in them, all but that of the page itself. */
const FOREVER = 'public, max-age=31536000, immutable'

/** Mounts `/observer/`, open to everybody: there is no data in it. Without a built page it says how to build it. */
export function pageRoutes(app: FastifyInstance, places: readonly string[] = PLACES): void {
  const root = places.find((place) => existsSync(join(place, 'index.html')))
  app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' }
      route.schema = { ...route.schema, hide: true }
    })
    if (root === undefined) {
      scope.get('/observer/', (_request, reply) => {
        return sendProblem(reply, 503, 'the page is not built: run npm run prepare, then start the node again')
      })
      return
    }
    await scope.register(fastifyStatic, {
      root,
      prefix: '/observer/',
      decorateReply: false,
      cacheControl: false,
      index: 'index.html',
      setHeaders: (reply, path) => {
        reply.header('content-security-policy', POLICY)
        reply.header('x-content-type-options', 'nosniff')
        reply.header('referrer-policy', 'no-referrer')
        reply.header('cache-control', path.includes('/assets/') ? FOREVER : 'no-cache')
      },
    })
  })
}
