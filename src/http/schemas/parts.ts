// The parts that answers of the observer's API are made of.
import { z } from 'zod'

export const count = z.int().nonnegative()
export const milliseconds = z.number().nonnegative()
/** Wall clock of the node that states it. */
export const time = z.iso.datetime()
export const exitClass = z.enum(['normal', 'shutdown', 'error', 'killed', 'noproc', 'noconnection', 'timeout'])
export const memberStatus = z.enum(['up', 'suspect', 'leaving', 'down', 'left'])

/** What every answer says of itself. */
export const about = z.object({
  node: z.string().describe('the node that was asked'),
  incarnation: z.string().describe('tells this life of the node from earlier ones'),
  collectedAt: time.describe('when the answer was put together; lists may be as old as the refresh interval'),
})

export const missing = z.object({ node: z.string(), reason: z.string().describe('an exit reason, such as timeout or noconnection') })

/** An answer that other nodes had a part in. */
export const clusterWide = about.extend({
  answered: z.array(z.string()).describe('names of the nodes that the answer is made of'),
  missing: z.array(missing).describe('members that are up or suspect and did not answer in time'),
})

/** Where to go on; null: there is no more. */
export const next = z.string().nullable().describe('what to pass as `after` for the next page; null: this is the last')

export const recordedMessage = z.object({ kind: z.string(), name: z.string(), ageMs: z.number() })

export const problem = z.object({
  type: z.string(),
  status: z.int(),
  title: z.string(),
  detail: z.string().describe('what was expected, what came, and what to do'),
  code: z.string().optional().describe('stable, to branch on'),
})
