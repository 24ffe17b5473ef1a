// All that the observer knows, in one document: for a ticket, or for a look at what was.

import type { z } from 'zod'
import { nodeName } from '#cluster'
import type { Gate, Grant } from '../access.ts'
import { printCursor } from '../event-cursor.ts'
import { Refusal } from '../problem.ts'
import type * as schemas from '../schemas/happenings.ts'
import { capabilities, clusterView, nodeDetails } from './cluster.ts'
import { crashes, events, fromNow } from './happenings.ts'
import { conflicts, handoffs, placement, quarantine, registry, takeovers } from './names.ts'
import type { Observing } from './observing.ts'
import { processes, supervisors, tree } from './processes.ts'

/** Of each list so many. */
const ROWS = 1000

interface About {
  readonly node: string
  readonly incarnation: string
  readonly collectedAt: string
}

/** What an answer says of itself is said once, at the top. */
function bare<T extends About>(answer: T): Omit<T, keyof About> {
  const { node: _node, incarnation: _incarnation, collectedAt: _collectedAt, ...rest } = answer
  return rest
}

/** Who is silent is missing, and nobody waits for it. */
async function present<T>(answers: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(answers)
  return settled.flatMap((each) => {
    if (each.status === 'fulfilled') return [each.value]
    if (each.reason instanceof Refusal) return []
    throw each.reason
  })
}

/** Where the last so many facts of each node begin. */
async function latest(observing: Observing): Promise<string> {
  const { answers } = await observing.all('events', { after: fromNow(observing), limit: 1 })
  const each = Math.ceil(ROWS / observing.parts.cluster.alive.size)
  return printCursor(Object.fromEntries(answers.map(({ id, value }) => [id, Math.max(0, value.next - each)])))
}

export async function dump(observing: Observing, gate: Gate, grant: Grant): Promise<z.infer<typeof schemas.dump>> {
  const names = [...observing.parts.cluster.alive].map(nodeName).sort()
  const [view, nodes, trees, supervised, walked, named] = await Promise.all([
    clusterView(observing),
    present(names.map((name) => nodeDetails(observing, name))),
    present(names.map((node) => tree(observing, { node, limit: ROWS }))),
    supervisors(observing, { prefix: '', limit: ROWS }),
    processes(observing, { sort: 'mailbox', limit: ROWS }),
    registry(observing, { prefix: '', limit: ROWS, after: '' }),
  ])
  const [claims, moves, taken, crashed, happened, placed, held] = await Promise.all([
    conflicts(observing),
    handoffs(observing),
    takeovers(observing),
    crashes(observing, { limit: ROWS }),
    events(observing, { after: await latest(observing), limit: ROWS }),
    placement(observing),
    quarantine(observing),
  ])
  return {
    ...observing.about(),
    capabilities: bare(capabilities(observing, gate, grant)),
    cluster: bare(view),
    nodes: nodes.map(({ of }) => of),
    trees: trees.map(bare),
    supervisors: bare(supervised),
    processes: bare(walked),
    registry: bare(named),
    conflicts: bare(claims),
    handoffs: bare(moves),
    takeovers: bare(taken),
    crashes: bare(crashed),
    events: bare(happened),
    placement: bare(placed),
    quarantine: bare(held),
  }
}
