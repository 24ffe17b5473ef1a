// What a request accepts.
import type { FastifyRequest } from 'fastify'

/** A page rather than data: it is a browser's. */
export function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') === true
}

/** A stream rather than an answer. */
export function wantsStream(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/event-stream') === true
}
