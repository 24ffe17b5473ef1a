// What a scraper and an orchestrator ask of one node: metrics, is it alive, may it be given work.
import type { FastifyInstance } from 'fastify'
import type { ArbiterSnapshot } from '#introspect'
import { isBearer } from '../access.ts'
import { sendProblem } from '../problem.ts'

export interface HealthSource {
  /** The metrics page for what the scraper accepts. */
  render(accept: string | undefined): Promise<{ contentType: string; body: string }>
  isReady(): boolean
  /** The lease of the node's arbiter, told beside; readiness does not depend on it. */
  readonly lease?: () => ArbiterSnapshot | null
  /** Whoever scrapes has to show it; without one nobody has to show anything. */
  readonly metricsToken?: string | undefined
}

export function healthRoutes(app: FastifyInstance, source: HealthSource): void {
  app.get('/metrics', async (request, reply) => {
    if (source.metricsToken !== undefined && !isBearer(request, source.metricsToken)) {
      return sendProblem(reply, 401, 'expected the header "authorization: Bearer …" with the token for metrics', 'ERR_OTP_HTTP_TOKEN')
    }
    const { contentType, body } = await source.render(request.headers.accept)
    return reply.type(contentType).send(body)
  })
  // That this answers at all says that the event loop turns, which is all that liveness is about.
  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/readyz', (_request, reply) =>
    source.isReady()
      ? reply.send({ status: 'ready', ...beside(source.lease?.()) })
      : sendProblem(reply, 503, `the node has not joined yet, drains, or is leaving${inWords(source.lease?.())}`),
  )
}

const beside = (arbiter: ArbiterSnapshot | null | undefined): object => (arbiter === null || arbiter === undefined ? {} : { arbiter })

function inWords(arbiter: ArbiterSnapshot | null | undefined): string {
  if (arbiter === null || arbiter === undefined) return ''
  const { name, state, why } = arbiter
  return `; its lease of ${name} is ${state}${why === null ? '' : `: ${why}`}`
}
