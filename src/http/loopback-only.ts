// Routes that answer on loopback only: what breaks a node, though others may reach the rest of the server.
import type { FastifyInstance } from 'fastify'
import { isLoopback } from '#cluster'
import { sendProblem } from './problem.ts'

/** Everything under these paths answers 403 to whoever is not on this host. `kubectl port-forward` and `ssh -L` come from this host. */
export function loopbackOnly(app: FastifyInstance, prefixes: readonly string[]): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { url = '' } = request.routeOptions
    const isInside = prefixes.some((prefix) => url === prefix || url.startsWith(`${prefix}/`))
    // An IPv4 address as a socket of both families shows it.
    if (!isInside || isLoopback(request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '')) done()
    else
      sendProblem(reply, 403, `${url} answers on loopback only; go there by kubectl port-forward or ssh -L`, 'ERR_OTP_HTTP_LOOPBACK_ONLY')
  })
}
