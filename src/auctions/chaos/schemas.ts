// What requests for faults may hold. Without a body they mean what their defaults say.
import { lotId, record, whole } from '../schemas.ts'

const optional = (properties: object) => ({ body: { ...record(properties), nullable: true } })
/** An hour: longer than any drill. */
const MOST_MS = 3_600_000

export const crashLot = optional({ id: lotId })
export const storm = optional({ crashes: { ...whole(1, 10_000), default: 50 }, perSecond: { ...whole(1, 1000), default: 20 } })
export const supervisors = optional({
  supervisors: { ...whole(1, 20), default: 3 },
  crashes: { ...whole(1, 10_000), default: 30 },
  perSecond: { ...whole(1, 1000), default: 10 },
})
export const block = optional({
  ms: { ...whole(1, 60_000), default: 1000 },
  times: { ...whole(1, 1000), default: 1 },
  everyMs: { ...whole(1, MOST_MS), default: 2000 },
})
export const stones = optional({
  count: { ...whole(1, 10_000), default: 1 },
  moves: { type: 'boolean', default: true, description: 'true or false' },
  work: { ...whole(0, 100_000), default: 0 },
  ms: { ...whole(1, MOST_MS), default: 1000 },
})
export const cut = {
  body: record(
    {
      peers: { type: 'array', minItems: 1, maxItems: 100, items: { type: 'string' }, description: 'a list of 1 to 100 names of nodes' },
      ms: { ...whole(1, MOST_MS), default: 10_000 },
    },
    ['peers'],
  ),
}
export const callNobody = optional({ calls: { ...whole(1, 100_000), default: 100 }, perSecond: { ...whole(1, 1000), default: 20 } })
export const labels = optional({ behaviours: { ...whole(1, 1000), default: 100 } })
