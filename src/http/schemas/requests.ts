// What may be asked of the observer: parameters and bodies. A `description` is what a problem document says was expected.
import { PROCESS_ORDERS } from './processes.ts'

const NAME = { type: 'string', maxLength: 200 }
const CURSOR = { type: 'string', maxLength: 4000, description: 'the "next" of an earlier answer' }
const NODE = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$', description: 'the name of a node, such as n1' }
const PID = {
  type: 'string',
  pattern: '^[A-Za-z0-9_-]{1,63}\\.[0-9a-z]{1,12}\\.[1-9][0-9]{0,14}$',
  description: 'a pid such as n1.lq3f9a.42',
}

const limit = (most: number, otherwise: number) => ({
  type: 'integer',
  minimum: 1,
  maximum: most,
  default: otherwise,
  description: `a limit from 1 to ${most}`,
})
const object = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...(required.length === 0 ? {} : { required }),
})

const MOST = 10_000
/** An entry of the tree is larger than a row of a list, and is read at one stretch. */
const MOST_ENTRIES = 2000

export const NOTHING = object({})

export const QUERIES = {
  tree: object({
    node: NODE,
    root: { ...NAME, description: 'pid or path of a supervisor' },
    depth: { type: 'integer', minimum: 0, maximum: 1000, description: 'a number of levels' },
    limit: limit(MOST_ENTRIES, 500),
    after: { ...CURSOR, maxLength: 20_000 },
  }),
  supervisors: object({ node: NODE, prefix: { ...NAME, default: '' }, limit: limit(MOST, 100), after: CURSOR }),
  processes: object({
    sort: { type: 'string', enum: PROCESS_ORDERS, default: 'mailbox', description: `one of ${PROCESS_ORDERS.join(', ')}` },
    behaviour: NAME,
    supervisor: { ...NAME, description: "the beginning of a supervisor's path" },
    node: NODE,
    name: { ...NAME, description: 'part of a name, a label, a child id or a pid' },
    limit: limit(MOST, 50),
    after: CURSOR,
    stateBytes: { type: 'boolean', default: false, description: 'true or false' },
  }),
  registry: object({ prefix: { ...NAME, default: '' }, after: { type: 'string', default: '' }, limit: limit(MOST, 100) }),
  placementPlan: object({ limit: limit(MOST, 100) }),
  crashes: object({ behaviour: NAME, limit: limit(MOST, 100), after: CURSOR }),
  events: object({
    after: { type: 'string', maxLength: 20_000, description: 'a number or the "next" of an earlier answer' },
    limit: limit(MOST, 1000),
    type: { type: 'string', maxLength: 2000, description: 'types of events with commas, such as child.taken_over,supervisor.*' },
    node: NODE,
  }),
} as const

export const PARAMS = {
  pid: object({ pid: PID }, ['pid']),
  node: object({ name: NODE }, ['name']),
  name: object({ name: { type: 'string', minLength: 1, maxLength: 1000 } }, ['name']),
} as const

export const BODIES = {
  nothing: { anyOf: [NOTHING, { type: 'null' }], description: 'no body, or {}' },
  kill: {
    anyOf: [object({ reason: { type: 'string', enum: ['kill', 'shutdown'] } }), { type: 'null' }],
    description: '{reason?: kill or shutdown}',
  },
  restartChild: object({ child: { type: 'string', minLength: 1, maxLength: 1000, description: 'the id of a child' } }, ['child']),
  drain: {
    anyOf: [object({ deadlineMs: { type: 'integer', minimum: 0, maximum: 120_000 } }), { type: 'null' }],
    description: '{deadlineMs?: up to 120000}',
  },
  sampling: object(
    {
      scope: { type: 'string', minLength: 1, maxLength: 100, description: 'a scope, such as otp.message' },
      ratio: { type: 'number', minimum: 0, maximum: 1, description: 'a ratio from 0 to 1' },
    },
    ['scope', 'ratio'],
  ),
  logLevel: object({ level: { type: 'string', enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] } }, ['level']),
  trace: object({
    pid: PID,
    behaviour: { type: 'string', pattern: '^[a-zA-Z][a-zA-Z0-9_.-]{0,62}$', description: 'the name of a behaviour' },
    max: limit(10_000, 100),
    rate: limit(1000, 100),
    ttlMs: { type: 'integer', minimum: 1000, maximum: 300_000, default: 10_000, description: 'from 1000 to 300000 ms' },
  }),
} as const
