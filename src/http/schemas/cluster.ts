// Answers about the cluster and its nodes.
import { z } from 'zod'
import { about, clusterWide, count, memberStatus, milliseconds, time } from './parts.ts'

const arbiter = z
  .object({
    name: z.string(),
    state: z.enum(['held', 'degraded', 'lost']).describe('of its lease; degraded: a renewal is overdue'),
    mayOwn: z.boolean().describe('whether names may be owned here; false from a little before the lease ends'),
    leaseAgeMs: milliseconds.describe('since the last renewal was sent that succeeded'),
    limitMs: milliseconds.describe('what that age must not come to: nothing is handled here from then on'),
    why: z.string().nullable().describe('why the last renewal failed'),
  })
  .nullable()
  .describe('null: names are settled when they meet')

/** How much a node has to do, in totals since it started: two answers make a rate. */
const load = z.object({
  version: z.string(),
  role: z.string(),
  zone: z.string(),
  uptimeMs: milliseconds,
  draining: z.boolean(),
  joined: z.boolean(),
  arbiter,
  restarts: count,
  takeovers: count,
  crashes: count,
  handled: count.describe('messages'),
  calls: count.describe('made by this node, whatever their outcome'),
  callsFailed: count,
  mailboxMessages: count.describe('that wait now'),
  oldestMessageMs: milliseconds,
  handoffs: z.object({ in: count, out: count }).describe('under way'),
  eventLoopUtilisation: z.number().min(0).max(1).describe('over the time since it was last asked, up to 10 s'),
  turnMs: milliseconds.describe('how long the event loop took for its last turn'),
  rssBytes: count,
  heapUsedBytes: count,
})

export const summary = clusterWide.extend({
  cluster: z.object({
    members: count,
    up: count,
    expected: count.nullable(),
    names: count,
    processes: count,
    restarts: count,
    takeovers: count,
  }),
  links: z.record(z.string(), z.string()),
})

export const cluster = clusterWide.extend({
  members: z
    .array(
      z.object({
        name: z.string(),
        incarnation: z.string(),
        status: memberStatus.describe('in the view of the node that was asked'),
        processes: count.nullable(),
        names: count.nullable(),
        load: load.nullable().describe('null: it did not answer'),
      }),
    )
    .describe('one a name, in order of names'),
  expected: count.nullable(),
  hasQuorum: z.boolean(),
  agree: z.boolean().describe('whether all nodes that answered see the same members with the same status'),
  views: z
    .array(z.object({ node: z.string(), checksum: count, sees: z.record(z.string(), memberStatus) }))
    .describe('the matrix: what each node that answered says of each member; a member it does not know is not in it'),
})

const link = z.object({
  peer: z.string(),
  direction: z.enum(['out', 'in']),
  bytesOut: count,
  bytesIn: count,
  messagesOut: count,
  messagesIn: count,
  pauses: count,
  sendErrors: count.describe('frames that could not be sent'),
  replicationBytes: count.describe('what of the bytes out was the directory’s'),
  queuedBytes: count,
})

const behaviour = z.object({
  behaviour: z.string(),
  live: count,
  handled: count,
  calls: z.record(z.string(), count),
  dropped: z.record(z.string(), count),
  mailboxMessages: count,
  oldestMessageAgeMs: milliseconds,
  longestHandlerMs: milliseconds,
})

export const node = about.extend({
  of: load.extend({
    name: z.string(),
    incarnation: z.string(),
    startedAt: time,
    processes: count,
    names: count,
    address: z.string().describe('where peers reach it'),
    runtime: z.object({ node: z.string(), v8: z.string(), platform: z.string(), pid: count, processors: count }),
    memory: z.object({ rssBytes: count, heapUsedBytes: count, heapTotalBytes: count, heapLimitBytes: count, externalBytes: count }),
    cpu: z.object({ userMs: milliseconds, systemMs: milliseconds }),
    sees: z.record(z.string(), memberStatus),
    behaviours: z.array(behaviour),
    links: z.array(link),
    topologies: z.array(z.object({ topology: z.string(), peers: count, syncAgeMs: milliseconds })),
  }),
})

export const capabilities = about.extend({
  api: z.literal('v1'),
  version: z.string(),
  scope: z.enum(['read', 'manage']).describe('what the request that asked may do'),
  authentication: z.enum(['none', 'bearer']),
  manage: z.object({
    isOn: z.boolean(),
    drain: z.boolean().describe('whether this node can be drained by API'),
    sampling: z.boolean(),
    logLevel: z.boolean(),
  }),
  behaviours: z
    .array(z.object({ behaviour: z.string(), state: z.boolean(), messages: z.boolean() }))
    .describe('of which behaviours state and content of messages may be shown'),
  limits: z.object({ answerWithinMs: milliseconds, refreshMs: milliseconds, pageMax: count, streamsMax: count }),
  links: z
    .object({ grafana: z.string().nullable(), trace: z.string().nullable(), runbook: z.string().nullable() })
    .describe('addresses outside; {trace} stands for a trace id, {alert} for the name of an alert'),
})
