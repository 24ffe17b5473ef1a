// Answers about names, and about children that move between nodes.

import type { z } from 'zod'
import { nodeName } from '#cluster'
import { type NameQuery, namePage, placementView } from '#introspect'
import type * as schemas from '../schemas/names.ts'
import { ownersOf } from './cluster.ts'
import { handoffsUnderWay } from './handoffs-under-way.ts'
import { iso, type Observing } from './observing.ts'

export async function registry(observing: Observing, query: NameQuery): Promise<z.infer<typeof schemas.registry>> {
  const entries = await namePage(observing.parts, query)
  const names = entries.slice(0, query.limit)
  return { ...observing.about(), names, next: entries.length > names.length ? (names.at(-1)?.name ?? null) : null, ...observing.alone() }
}

const youngestFirst = (a: { readonly at: string }, b: { readonly at: string }) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)

export async function conflicts(observing: Observing): Promise<z.infer<typeof schemas.conflicts>> {
  const { answers, answered, missing } = await observing.all('moves', undefined)
  const all = answers.flatMap(({ node, value }) =>
    value.conflicts.map(({ at, name, winner, loser, resolution }) => ({
      node,
      at: iso(at),
      name,
      winner: { node: nodeName(winner.owner), pid: winner.pid, epoch: winner.epoch },
      loser: { node: nodeName(loser.owner), pid: loser.pid, epoch: loser.epoch },
      resolution,
    })),
  )
  return { ...observing.about(), conflicts: all.sort(youngestFirst), answered: [...answered], missing: [...missing] }
}

export async function takeovers(observing: Observing): Promise<z.infer<typeof schemas.takeovers>> {
  const { answers, answered, missing } = await observing.all('moves', undefined)
  const all = answers.flatMap(({ node, value }) => value.takeovers.map((each) => ({ node, ...each, startedAt: iso(each.startedAt) })))
  all.sort((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0))
  return { ...observing.about(), takeovers: all, answered: [...answered], missing: [...missing] }
}

export async function handoffs(observing: Observing): Promise<z.infer<typeof schemas.handoffs>> {
  const { answers, answered, missing } = await observing.all('moves', undefined)
  const ended = answers.flatMap(({ node: from, value }) =>
    value.handoffs.map(({ phases, startedAt, ...each }) => ({ ...each, from, startedAt: iso(startedAt), phases: { ...phases } })),
  )
  ended.sort((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0))
  return {
    ...observing.about(),
    ...handoffsUnderWay(answers),
    ended,
    answered: [...answered],
    missing: [...missing],
  }
}

export async function placement(observing: Observing): Promise<z.infer<typeof schemas.placement>> {
  const { cluster, reconciler } = observing.parts
  const owners = ownersOf(observing)
  const candidates = new Set(cluster.candidates().map(nodeName))
  const nodes = [...cluster.alive].map((id) => nodeName(id)).sort()
  const counts = [...candidates].map((node) => owners.get(node) ?? 0)
  const sum = counts.reduce((total, count) => total + count, 0)
  return {
    ...observing.about(),
    imbalance: sum === 0 ? 1 : Math.max(...counts) / (sum / counts.length),
    unplaced: reconciler.unplaced(),
    nodes: nodes.map((node) => ({ node, names: owners.get(node) ?? 0, isCandidate: candidates.has(node) })),
    ...observing.alone(),
  }
}

export interface PlanQuery {
  readonly limit: number
}

export async function placementPlan(observing: Observing, { limit }: PlanQuery): Promise<z.infer<typeof schemas.placementPlan>> {
  const { moves, counts, ...plan } = await placementView(observing.parts, limit)
  return { ...observing.about(), ...plan, counts: { ...counts }, moves: [...moves], ...observing.alone() }
}

export async function quarantine(observing: Observing): Promise<z.infer<typeof schemas.quarantine>> {
  const quarantined = observing.parts.relocator.quarantined.map(({ id, behaviour, at, reason, attempts, nodes }) => ({
    name: id,
    behaviour,
    at: iso(at),
    reason,
    attempts,
    nodes: nodes.map(nodeName),
  }))
  return { ...observing.about(), quarantined, ...observing.alone() }
}
