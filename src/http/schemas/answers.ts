// What the observer's API answers, as types; who reads it elsewhere takes them from here.
import type { z } from 'zod'
import type { capabilities, cluster, node, summary } from './cluster.ts'
import type { coverage, crashes, event, events } from './happenings.ts'
import type { managed, tracedMessage, traceEnd } from './manage.ts'
import type { conflicts, handoffs, placement, placementPlan, quarantine, registry, takeovers } from './names.ts'
import type { problem } from './parts.ts'
import type { process, processes, state, supervisors, tree } from './processes.ts'

/** Each answer by its name in the reference. */
export interface Answers {
  capabilities: z.infer<typeof capabilities>
  cluster: z.infer<typeof cluster>
  conflicts: z.infer<typeof conflicts>
  coverage: z.infer<typeof coverage>
  crashes: z.infer<typeof crashes>
  event: z.infer<typeof event>
  events: z.infer<typeof events>
  handoffs: z.infer<typeof handoffs>
  managed: z.infer<typeof managed>
  node: z.infer<typeof node>
  placement: z.infer<typeof placement>
  placementPlan: z.infer<typeof placementPlan>
  problem: z.infer<typeof problem>
  process: z.infer<typeof process>
  processes: z.infer<typeof processes>
  quarantine: z.infer<typeof quarantine>
  registry: z.infer<typeof registry>
  state: z.infer<typeof state>
  summary: z.infer<typeof summary>
  supervisors: z.infer<typeof supervisors>
  takeovers: z.infer<typeof takeovers>
  traceEnd: z.infer<typeof traceEnd>
  tracedMessage: z.infer<typeof tracedMessage>
  tree: z.infer<typeof tree>
}
