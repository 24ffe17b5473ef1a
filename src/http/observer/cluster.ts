// Answers about the cluster and its nodes.

import type { z } from 'zod'
import { nodeName } from '#cluster'
import { ANSWER_WITHIN_MS, memberSnapshots, REFRESH_MS } from '#introspect'
import type { Gate, Grant } from '../access.ts'
import type * as schemas from '../schemas/cluster.ts'
import { iso, type Observing } from './observing.ts'

/** Streams that one node keeps open. */
export const STREAMS_MAX = 32
export const PAGE_MAX = 10_000

const LINKS = Object.fromEntries(
  [
    'capabilities',
    'cluster',
    'tree',
    'supervisors',
    'processes',
    'registry',
    'conflicts',
    'handoffs',
    'takeovers',
    'crashes',
    'events',
    'placement',
    'quarantine',
    'dump',
    'openapi.json',
  ].map((name) => [name, `/observer/v1/${name}`]),
)

export async function summary(observing: Observing): Promise<z.infer<typeof schemas.summary>> {
  const { cluster, registry } = observing.parts
  const { answers, answered, missing } = await observing.all('summary', undefined)
  const members = memberSnapshots(cluster)
  const sum = (pick: (value: (typeof answers)[number]['value']) => number) => answers.reduce((total, { value }) => total + pick(value), 0)
  return {
    ...observing.about(),
    cluster: {
      members: members.length,
      up: members.filter(({ status }) => status === 'up').length,
      expected: cluster.expectedMembers ?? null,
      names: registry.count(),
      processes: sum(({ processes }) => processes),
      restarts: sum(({ restarts }) => restarts),
      takeovers: sum(({ takeovers }) => takeovers),
    },
    answered: [...answered],
    missing: [...missing],
    links: LINKS,
  }
}

export async function clusterView(observing: Observing): Promise<z.infer<typeof schemas.cluster>> {
  const { cluster } = observing.parts
  const { answers, answered, missing } = await observing.all('summary', undefined)
  const members = memberSnapshots(cluster).map(({ id, name, incarnation, status }) => {
    const value = answers.find((answer) => answer.id === id)?.value
    return { name, incarnation, status, processes: value?.processes ?? null, names: value?.names ?? null, load: value?.load ?? null }
  })
  const views = answers.map(({ node, value }) => ({ node, checksum: value.checksum, sees: value.sees }))
  const spelt = new Set(views.map(({ sees }) => JSON.stringify(Object.entries(sees).sort(([a], [b]) => (a < b ? -1 : 1)))))
  return {
    ...observing.about(),
    members,
    expected: cluster.expectedMembers ?? null,
    hasQuorum: cluster.quorum.has,
    agree: spelt.size <= 1,
    views,
    answered: [...answered],
    missing: [...missing],
  }
}

export async function nodeDetails(observing: Observing, name: string): Promise<z.infer<typeof schemas.node>> {
  const { startedAt, behaviours, links, topologies, ...of } = await observing.one(observing.nodeNamed(name), 'node', undefined)
  return {
    ...observing.about(),
    of: {
      ...of,
      startedAt: iso(startedAt),
      behaviours: behaviours.map(({ tracedCalls: _inMetrics, ...each }) => ({
        ...each,
        calls: { ...each.calls },
        dropped: { ...each.dropped },
      })),
      links: [...links],
      topologies: [...topologies],
    },
  }
}

export function capabilities(observing: Observing, gate: Gate, { scope }: Grant): z.infer<typeof schemas.capabilities> {
  const { controls, version, behaviours } = observing.parts
  const { grafana = null, trace = null, runbook = null } = observing.links
  return {
    ...observing.about(),
    api: 'v1',
    version,
    scope,
    authentication: gate.needsToken ? 'bearer' : 'none',
    manage: {
      isOn: gate.canManage,
      drain: controls.drain !== undefined,
      sampling: controls.setSampling !== undefined,
      logLevel: controls.setLogLevel !== undefined,
    },
    behaviours: behaviours.map(({ name, body: { observe } }) => ({
      behaviour: name,
      state: observe?.state !== undefined,
      messages: observe?.message !== undefined,
    })),
    limits: { answerWithinMs: ANSWER_WITHIN_MS, refreshMs: REFRESH_MS, pageMax: PAGE_MAX, streamsMax: STREAMS_MAX },
    links: { grafana, trace, runbook },
  }
}

/** What the cluster's children are like by node, from this node's copy of the directory. */
export function ownersOf(observing: Observing): ReadonlyMap<string, number> {
  return new Map([...observing.parts.registry.countByNode()].map(([id, count]) => [nodeName(id), count]))
}
