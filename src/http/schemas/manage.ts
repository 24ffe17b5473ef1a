// What can be asked of the manage scope, and what it answers.
import { z } from 'zod'
import { about, count, milliseconds, time } from './parts.ts'

export const MANAGE_ACTIONS = [
  'kill',
  'suspend',
  'resume',
  'restart_child',
  'release',
  'drain',
  'undrain',
  'set_sampling',
  'set_log_level',
  'trace',
] as const

export const managed = about.extend({
  action: z.enum(MANAGE_ACTIONS),
  target: z.string(),
  on: z.string().describe('the node that did it'),
  result: z.unknown().describe('what the action has to tell, or null'),
})

/** One message that a traced process took up. */
export const tracedMessage = z.object({
  node: z.string(),
  pid: z.string(),
  behaviour: z.string(),
  at: time,
  kind: z.string(),
  name: z.string(),
  waitMs: milliseconds,
  mailbox: count.describe('messages that wait behind it'),
  trace: z.string().nullable(),
  content: z.unknown().optional().describe('only where the behaviour lets it be seen'),
})

/** The last word of a stream of messages. */
export const traceEnd = z.object({
  because: z.enum(['max', 'ttl', 'missing']),
  sent: count,
  skipped: count.describe('came faster than `rate`'),
  missing: z.array(z.object({ node: z.string(), reason: z.string() })),
})
