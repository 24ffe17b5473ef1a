// Handoffs under way in the whole cluster, out of what both nodes of each say of it. Pure.
import type { z } from 'zod'
import type { ClusterAnswer, Moves } from '#introspect'
import type * as schemas from '../schemas/names.ts'
import { iso } from './observing.ts'

type Told = Pick<ClusterAnswer<Pick<Moves, 'underWay'>>['answers'][number], 'node' | 'value'>

/**
 * Each once, the oldest first: as the node that it leaves tells it, which knows of all phases; as the other does where that one has not
 * answered, or has it behind it already.
 */
export function handoffsUnderWay(answers: readonly Told[]): Pick<z.infer<typeof schemas.handoffs>, 'underWay' | 'underWayCount'> {
  const out = answers.flatMap(({ node: from, value }) => value.underWay.out.first.map((half) => ({ ...half, from, to: half.peer })))
  const coming = answers.flatMap(({ node: to, value }) => value.underWay.in.first.map((half) => ({ ...half, from: half.peer, to })))
  const told = new Set(out.map(({ handoffId }) => handoffId))
  // Whose list is not all of it counts what it leaves out.
  const isCut = new Set(answers.filter(({ value: { underWay } }) => underWay.out.count > underWay.out.first.length).map(({ node }) => node))
  const rest = coming.filter(({ handoffId, from }) => !told.has(handoffId) && !isCut.has(from))
  const underWay = [...out, ...rest].map((one) => {
    const { peer: _, startedAt, ...half } = one
    return { ...half, startedAt: iso(startedAt) }
  })
  return {
    underWay: underWay.sort((a, b) => b.forMs - a.forMs),
    underWayCount: answers.reduce((sum, { value }) => sum + value.underWay.out.count, rest.length),
  }
}
