// Answers about what happened: crashes by group, events, and all of it in one document.
import { z } from 'zod'
import { capabilities, cluster, node } from './cluster.ts'
import { conflicts, handoffs, placement, quarantine, registry, takeovers } from './names.ts'
import { about, clusterWide, count, missing, next, time } from './parts.ts'
import { crash, processes, supervisors, tree } from './processes.ts'

const crashGroup = z.object({
  fingerprint: z.string().describe('of behaviour, error and top frame; the same on all nodes and over releases that keep the frame'),
  behaviour: z.string(),
  error: z.string().describe('name and message, numbers and quoted texts left out'),
  frame: z.string().nullable().describe('function and file of the top frame of the stack'),
  count,
  first: time,
  last: time,
  versions: z.array(z.string()).describe('releases of the nodes where it happened'),
  nodes: z.array(z.string()),
  sample: crash.extend({ node: z.string(), supervisor: z.string().nullable(), child: z.string().nullable(), stack: z.string().nullable() }),
})

export const crashes = clusterWide.extend({ groups: z.array(crashGroup).describe('the youngest last crash first'), next })

export const event = z.object({
  node: z.string(),
  seq: count,
  at: time,
  type: z.string(),
  data: z.unknown().describe('the fact, as the reference of events says'),
})

export const events = clusterWide.extend({
  events: z.array(event).describe('oldest first'),
  next: z.string().describe('what to pass as `after` to go on'),
  dropped: count.describe('how many had to make room before they were read'),
})

/** What a stream of events says of itself, first and whenever it changes. */
export const coverage = z.object({ answered: z.array(z.string()), missing: z.array(missing), dropped: count })

const withoutAbout = { node: true, incarnation: true, collectedAt: true } as const

export const dump = about.extend({
  capabilities: capabilities.omit(withoutAbout),
  cluster: cluster.omit(withoutAbout),
  nodes: z.array(node.shape.of),
  trees: z.array(tree.omit(withoutAbout)),
  supervisors: supervisors.omit(withoutAbout),
  processes: processes.omit(withoutAbout),
  registry: registry.omit(withoutAbout),
  conflicts: conflicts.omit(withoutAbout),
  handoffs: handoffs.omit(withoutAbout),
  takeovers: takeovers.omit(withoutAbout),
  crashes: crashes.omit(withoutAbout),
  events: events.omit(withoutAbout),
  placement: placement.omit(withoutAbout),
  quarantine: quarantine.omit(withoutAbout),
})
