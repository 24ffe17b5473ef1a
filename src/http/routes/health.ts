// What a scraper and an orchestrator ask of one node: metrics, is it alive, may it be given work.
import type { FastifyInstance } from 'fastify'
import { isBearer } from '../access.ts'
import { sendProblem } from '../problem.ts'

export interface HealthSource {
  /** The metrics page for what the scraper accepts. */
  render(accept: string | undefined): Promise<{ contentType: string; body: string }>
  isReady(): boolean
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
    source.isReady() ? reply.send({ status: 'ready' }) : sendProblem(reply, 503, 'the node has not joined yet, drains, or is leaving'),
  )
}
