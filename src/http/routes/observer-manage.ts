// What an operator may do through the observer: needs the manage token, and each use is a fact.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { nodeName } from '#cluster'
import type { Asker, ManageRequest } from '#introspect'
import { manage } from '../observer/managing.ts'
import { MessageFeed, type TraceBody } from '../observer/message-feed.ts'
import { answers, streams as streamed } from '../schemas/json-schema.ts'
import { managed } from '../schemas/manage.ts'
import { BODIES, NOTHING, PARAMS } from '../schemas/requests.ts'
import type { ObserverTools } from './observer.ts'

const ROOT = '/observer/v1'

interface Order<P, B> {
  readonly about: string
  readonly params: object
  readonly body: object
  readonly request: (params: P, body: B) => ManageRequest
}

type PidParams = { readonly pid: string }
type NameParams = { readonly name: string }

export function manageRoutes(app: FastifyInstance, { observing, streams, grantOf }: ObserverTools): void {
  const via = nodeName(observing.parts.cluster.id)
  const askerOf = (request: FastifyRequest): Asker => ({ who: grantOf(request).who, from: request.ip, via })

  /** Done on the node where the process lives, on the node of that name, or, for a name of the cluster, here. */
  const order = <P extends PidParams | NameParams, B = null>(
    url: string,
    where: 'pid' | 'node' | 'here',
    { about, params, body, request }: Order<P, B>,
  ) => {
    const schema = { summary: about, params, querystring: NOTHING, body, response: answers(managed, 'what was done') }
    app.post<{ Params: P; Body: B }>(`${ROOT}/${url}`, { schema, config: { access: 'manage' } }, (asked) => {
      const target = asked.params as Partial<PidParams & NameParams>
      const id =
        where === 'here'
          ? observing.parts.cluster.id
          : where === 'pid'
            ? observing.nodeOf(target.pid ?? '')
            : observing.nodeNamed(target.name ?? '')
      return manage(observing, id, request(asked.params as P, asked.body as B), askerOf(asked))
    })
  }

  order<PidParams, { reason?: 'kill' | 'shutdown' } | null>('processes/:pid/kill', 'pid', {
    about: 'Ends a process; its supervisor does what its specification says',
    params: PARAMS.pid,
    body: BODIES.kill,
    request: ({ pid }, body) => ({ action: 'kill', pid, reason: body?.reason ?? 'kill' }),
  })
  order<PidParams>('processes/:pid/suspend', 'pid', {
    about: 'Lets a process take no message until it is resumed',
    params: PARAMS.pid,
    body: BODIES.nothing,
    request: ({ pid }) => ({ action: 'suspend', pid }),
  })
  order<PidParams>('processes/:pid/resume', 'pid', {
    about: 'Lets a suspended process go on',
    params: PARAMS.pid,
    body: BODIES.nothing,
    request: ({ pid }) => ({ action: 'resume', pid }),
  })
  order<PidParams, { child: string }>('supervisors/:pid/restart-child', 'pid', {
    about: 'Ends a child and starts it again',
    params: PARAMS.pid,
    body: BODIES.restartChild,
    request: ({ pid }, { child }) => ({ action: 'restart_child', pid, child }),
  })
  order<NameParams>('quarantine/:name/release', 'here', {
    about: 'Lets a quarantined child start again',
    params: PARAMS.name,
    body: BODIES.nothing,
    request: ({ name }) => ({ action: 'release', name }),
  })
  order<NameParams, { deadlineMs?: number } | null>('nodes/:name/drain', 'node', {
    about: 'Gives the children of a node to others',
    params: PARAMS.node,
    body: BODIES.drain,
    request: (_params, body) => ({ action: 'drain', deadlineMs: body?.deadlineMs }),
  })
  order<NameParams>('nodes/:name/undrain', 'node', {
    about: 'Lets a drained node be given children again',
    params: PARAMS.node,
    body: BODIES.nothing,
    request: () => ({ action: 'undrain' }),
  })
  order<NameParams, { scope: string; ratio: number }>('nodes/:name/sampling', 'node', {
    about: 'Changes the share of traces that is kept',
    params: PARAMS.node,
    body: BODIES.sampling,
    request: (_params, { scope, ratio }) => ({ action: 'set_sampling', scope, ratio }),
  })
  order<NameParams, { level: string }>('nodes/:name/log-level', 'node', {
    about: 'Changes how much a node logs',
    params: PARAMS.node,
    body: BODIES.logLevel,
    request: (_params, { level }) => ({ action: 'set_log_level', level }),
  })

  app.post<{ Body: TraceBody }>(
    `${ROOT}/trace`,
    {
      schema: {
        summary: 'Messages that a process, or a behaviour, takes up',
        querystring: NOTHING,
        body: BODIES.trace,
        response: streamed('messages'),
      },
      config: { access: 'manage' },
    },
    async (request, reply) => {
      const feed = await MessageFeed.begin(observing, request.body, askerOf(request))
      void feed.into(streams.open(request, reply))
      return reply
    },
  )
}
