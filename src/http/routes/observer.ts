// The observer's API: what every node and the cluster look like, as JSON.

import type { FastifyInstance } from 'fastify'
import { incarnationOf, nodeName } from '#cluster'
import { askAll, memberSnapshots, type NodeParts, placementView } from '#introspect'
import { parseCursor, printCursor } from '../event-cursor.ts'
import { sendProblem } from '../problem.ts'

const MAX_NAMES = 10_000
const MAX_PROCESSES = 10_000
const MAX_EVENTS = 10_000
const MAX_MOVES = 10_000

const limit = (most: number, otherwise: number) => ({ type: 'integer', minimum: 1, maximum: most, default: otherwise })
const query = (properties: object) => ({ querystring: { type: 'object', additionalProperties: false, properties } })

const LINKS = {
  cluster: '/observer/v1/cluster',
  registry: '/observer/v1/registry',
  processes: '/observer/v1/processes',
  supervisors: '/observer/v1/supervisors',
  placement: '/observer/v1/placement/plan',
  events: '/observer/v1/events',
}

/** Mounts `/observer` and `/observer/v1/*`. Read-only: nothing here changes anything. */
export function observerRoutes(app: FastifyInstance, parts: NodeParts): void {
  const { cluster, runtime, registry } = parts
  /** Read from this node's own copy: nobody else had to be asked. */
  const alone = { answered: [nodeName(cluster.id)], missing: [] }
  const about = () => ({
    node: nodeName(cluster.id),
    incarnation: incarnationOf(cluster.id).toString(36),
    collectedAt: new Date(runtime.clock.wall()).toISOString(),
  })

  app.get('/observer', { schema: query({}) }, async () => {
    const { answers, answered, missing } = await askAll(cluster, runtime, 'summary', undefined)
    const members = memberSnapshots(cluster)
    return {
      ...about(),
      cluster: {
        members: members.length,
        up: members.filter(({ status }) => status === 'up').length,
        expected: cluster.expectedMembers ?? null,
        names: registry.count(),
        processes: answers.reduce((sum, { value }) => sum + value.processes, 0),
        restarts: answers.reduce((sum, { value }) => sum + value.restarts, 0),
        takeovers: answers.reduce((sum, { value }) => sum + value.takeovers, 0),
      },
      answered,
      missing,
      links: LINKS,
    }
  })

  app.get('/observer/v1/cluster', { schema: query({}) }, async () => {
    const { answers, answered, missing } = await askAll(cluster, runtime, 'summary', undefined)
    const members = memberSnapshots(cluster).map(({ id, name, incarnation, status, draining }) => ({
      name,
      incarnation,
      status,
      draining,
      processes: answers.find((answer) => answer.id === id)?.value.processes ?? null,
      names: answers.find((answer) => answer.id === id)?.value.names ?? null,
    }))
    return { ...about(), members, expected: cluster.expectedMembers ?? null, answered, missing }
  })

  app.get<{ Querystring: { prefix: string; after: string; limit: number } }>(
    '/observer/v1/registry',
    { schema: query({ prefix: { type: 'string', default: '' }, after: { type: 'string', default: '' }, limit: limit(MAX_NAMES, 100) }) },
    (request) => {
      const { prefix, after, limit: most } = request.query
      const entries = registry.entries(prefix, most + 1, after)
      const names = entries
        .slice(0, most)
        .map(({ name, pid, epoch, behaviour }) => ({ name, node: nodeName(pid.node), pid: pid.toString(), epoch, behaviour }))
      return { ...about(), names, next: entries.length > most ? (names.at(-1)?.name ?? null) : null, ...alone }
    },
  )

  app.get<{ Querystring: { limit: number } }>(
    '/observer/v1/processes',
    { schema: query({ limit: limit(MAX_PROCESSES, 50) }) },
    async (request) => {
      const most = request.query.limit
      const { answers, answered, missing } = await askAll(cluster, runtime, 'processes', { limit: most })
      const processes = answers
        .flatMap(({ node, value }) => value.map((info) => ({ node, ...info })))
        .sort((a, b) => b.mailbox - a.mailbox || b.handled - a.handled)
        .slice(0, most)
      return { ...about(), processes, answered, missing }
    },
  )

  app.get('/observer/v1/supervisors', { schema: query({}) }, async () => {
    const { answers, answered, missing } = await askAll(cluster, runtime, 'supervisors', undefined)
    return { ...about(), supervisors: answers.flatMap(({ node, value }) => value.map((one) => ({ node, ...one }))), answered, missing }
  })

  app.get<{ Querystring: { limit: number } }>(
    '/observer/v1/placement/plan',
    { schema: query({ limit: limit(MAX_MOVES, 100) }) },
    async (request) => ({ ...about(), ...(await placementView(parts, request.query.limit)), ...alone }),
  )

  app.get<{ Querystring: { after: string; limit: number } }>(
    '/observer/v1/events',
    { schema: query({ after: { type: 'string', default: '0' }, limit: limit(MAX_EVENTS, 1000) }) },
    async (request, reply) => {
      const after = parseCursor(request.query.after, cluster.alive)
      if (after === undefined) {
        return sendProblem(
          reply,
          400,
          `after: expected a number or the "next" of an earlier answer, got ${JSON.stringify(request.query.after)}`,
          'ERR_OTP_HTTP_INVALID',
        )
      }
      const most = Math.ceil(request.query.limit / cluster.alive.size)
      const { answers, answered, missing } = await askAll(cluster, runtime, 'events', { after, limit: most })
      const events = answers
        .flatMap(({ node, value }) =>
          value.events.map(({ seq, at, type, data }) => ({ node, seq, at: new Date(at).toISOString(), type, data })),
        )
        .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.node < b.node ? -1 : a.node > b.node ? 1 : a.seq - b.seq))
      const next = printCursor({ ...after, ...Object.fromEntries(answers.map(({ id, value }) => [id, value.next])) })
      const dropped = answers.reduce((sum, { value }) => sum + value.dropped, 0)
      return { ...about(), events, next, dropped, answered, missing }
    },
  )
}
