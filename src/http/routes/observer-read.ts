// What the observer tells: one route for each question.
import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import { type NameQuery, REFRESH_MS } from '#introspect'
import { capabilities, clusterView, nodeDetails } from '../observer/cluster.ts'
import { dump } from '../observer/dump.ts'
import { EventFeed } from '../observer/event-feed.ts'
import { type CrashesQuery, crashes, cursorIn, type EventsQuery, events, fromNow, typesIn } from '../observer/happenings.ts'
import { conflicts, handoffs, type PlanQuery, placement, placementPlan, quarantine, registry, takeovers } from '../observer/names.ts'
import type { Observing } from '../observer/observing.ts'
import {
  type ProcessesQuery,
  processDetails,
  processes,
  processState,
  type SupervisorsQuery,
  supervisors,
  type TreeQuery,
  tree,
} from '../observer/processes.ts'
import * as clusterSchemas from '../schemas/cluster.ts'
import * as happeningSchemas from '../schemas/happenings.ts'
import { answers } from '../schemas/json-schema.ts'
import * as nameSchemas from '../schemas/names.ts'
import * as processSchemas from '../schemas/processes.ts'
import { NOTHING, PARAMS, QUERIES } from '../schemas/requests.ts'
import type { ObserverTools } from './observer.ts'
import { wantsStream } from './wants.ts'

/** A question without a path parameter: its answer is shared by all who ask the same. */
interface Question<Q> {
  readonly about: string
  readonly query?: object
  readonly answer: z.ZodType
  readonly work: (observing: Observing, query: Q) => Promise<unknown>
}

export function readRoutes(app: FastifyInstance, { observing, gate, streams, grantOf }: ObserverTools): void {
  const question = <Q = undefined>(name: string, { about, query, answer, work }: Question<Q>): void => {
    const url = `/observer/v1/${name}`
    app.get<{ Querystring: Q }>(
      url,
      { schema: { summary: about, querystring: query ?? NOTHING, response: answers(answer, name) } },
      (request) => observing.share(name, request.query, REFRESH_MS, () => work(observing, request.query as Q)),
    )
  }

  app.get(
    '/observer/v1/capabilities',
    {
      schema: {
        summary: 'What can be asked for here',
        querystring: NOTHING,
        response: answers(clusterSchemas.capabilities, 'capabilities'),
      },
    },
    async (request) => capabilities(observing, gate, grantOf(request)),
  )
  question('cluster', { about: 'Members, their load, and how each sees the others', answer: clusterSchemas.cluster, work: clusterView })
  question<TreeQuery>('tree', {
    about: 'The supervision tree of a node, or a part of it, depth first',
    query: QUERIES.tree,
    answer: processSchemas.tree,
    work: tree,
  })
  question<SupervisorsQuery>('supervisors', {
    about: 'Supervisors, what they bear, and their last restarts',
    query: QUERIES.supervisors,
    answer: processSchemas.supervisors,
    work: supervisors,
  })
  question<ProcessesQuery>('processes', {
    about: 'The processes that have the most of something',
    query: QUERIES.processes,
    answer: processSchemas.processes,
    work: processes,
  })
  question<NameQuery>('registry', {
    about: 'Names in order, and who owns them',
    query: QUERIES.registry,
    answer: nameSchemas.registry,
    work: registry,
  })
  question('conflicts', { about: 'Names that were claimed twice', answer: nameSchemas.conflicts, work: conflicts })
  question('handoffs', { about: 'Children that move with their state', answer: nameSchemas.handoffs, work: handoffs })
  question('takeovers', { about: 'Children that were taken over from nodes that are gone', answer: nameSchemas.takeovers, work: takeovers })
  question<CrashesQuery>('crashes', { about: 'Crashes in groups', query: QUERIES.crashes, answer: happeningSchemas.crashes, work: crashes })
  question('placement', { about: 'How many names each node owns', answer: nameSchemas.placement, work: placement })
  question<PlanQuery>('placement/plan', {
    about: 'What would move now, from where to where, and why',
    query: QUERIES.placementPlan,
    answer: nameSchemas.placementPlan,
    work: placementPlan,
  })
  question('quarantine', { about: 'Children that failed wherever they went', answer: nameSchemas.quarantine, work: quarantine })

  app.get<{ Params: { name: string } }>(
    '/observer/v1/nodes/:name',
    { schema: { summary: 'One node', params: PARAMS.node, querystring: NOTHING, response: answers(clusterSchemas.node, 'a node') } },
    ({ params: { name } }) => observing.share('nodes', name, REFRESH_MS, () => nodeDetails(observing, name)),
  )
  app.get<{ Params: { pid: string } }>(
    '/observer/v1/processes/:pid',
    {
      schema: { summary: 'One process', params: PARAMS.pid, querystring: NOTHING, response: answers(processSchemas.process, 'a process') },
    },
    ({ params: { pid } }) => observing.share('process', pid, REFRESH_MS, () => processDetails(observing, pid)),
  )
  app.get<{ Params: { pid: string } }>(
    '/observer/v1/processes/:pid/state',
    {
      schema: {
        summary: 'What a behaviour lets be seen of the state of a process',
        params: PARAMS.pid,
        querystring: NOTHING,
        response: answers(processSchemas.state, 'a state'),
      },
    },
    ({ params: { pid } }) => observing.share('state', pid, REFRESH_MS, () => processState(observing, pid)),
  )
  app.get(
    '/observer/v1/dump',
    { schema: { summary: 'All of it', querystring: NOTHING, response: answers(happeningSchemas.dump, 'all of it') } },
    (request) => {
      const grant = grantOf(request)
      return observing.share('dump', grant.scope, REFRESH_MS, () => dump(observing, gate, grant))
    },
  )

  const feed = new EventFeed(observing)
  app.get<{ Querystring: Partial<EventsQuery> & { limit: number } }>(
    '/observer/v1/events',
    {
      schema: {
        summary: 'What happened; as server-sent events where text/event-stream is accepted',
        querystring: QUERIES.events,
        response: answers(happeningSchemas.events, 'events'),
      },
    },
    async (request, reply) => {
      const { after, type, node } = request.query
      if (!wantsStream(request)) {
        const query = { ...request.query, after: after ?? '0' }
        return observing.share('events', query, 0, () => events(observing, query))
      }
      const last = after ?? request.headers['last-event-id']
      const cursor = typeof last === 'string' ? cursorIn(observing, last) : fromNow(observing)
      if (node !== undefined) observing.nodeNamed(node)
      feed.add(streams.open(request, reply), cursor, { types: typesIn(type), node })
      return reply
    },
  )
}
