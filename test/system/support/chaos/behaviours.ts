// What runs on the nodes of the chaos: behaviours that can be made to do everything a metric counts.
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChildSpec, genServer, ignore, noReply, reply } from '#otp-labs'

const crash = (): never => {
  throw new TypeError('asked to crash')
}

/** Moves with its state. */
export const Lot = genServer({
  name: 'lot',
  init: (title: string) => ({ title, bids: 0 }),
  calls: { bid: (state) => reply(state.bids + 1, { ...state, bids: state.bids + 1 }) },
  casts: { crash },
  handoff: { version: 1, save: (state) => state, load: (data) => data as { title: string; bids: number } },
})

/** Its state is written before it answers. */
export const Ledger = genServer({
  name: 'ledger',
  init: (_argument: unknown) => ({ entries: 0 }),
  persist: true,
  calls: { enter: (state) => reply(state.entries + 1, { entries: state.entries + 1 }) },
})

/** Crashes as soon as it runs, wherever it runs. */
export const Poison = genServer({
  name: 'poison',
  init: (_argument: unknown, self) => {
    self.sendAfter(1, 'crash')
    return 0
  },
  infos: { crash },
})

/** Takes as long as it is asked to, and holds ten messages. */
const Clerk = genServer({
  name: 'clerk',
  init: () => 0,
  mailbox: { limit: 10, overflow: 'reject' },
  calls: {
    sleep: async (state, ms: number) => {
      await sleep(ms)
      return reply('slept', state)
    },
  },
  casts: { note: (count) => noReply(count + 1) },
})

let starts = 0

/** Comes up, crashes, does not come up at the next try, and then does. */
const Moody = genServer({
  name: 'moody',
  init: () => {
    if (++starts === 2) throw new Error('not in the mood')
    return 0
  },
  casts: { crash },
})

export const CHILDREN: readonly ChildSpec[] = [
  { id: 'clerk', start: [Clerk], name: 'clerk' },
  { id: 'moody', start: [Moody], name: 'moody' },
]

/** Holds a name. */
export const Holder = genServer({ name: 'holder', init: () => undefined })

/** Wants no process. */
export const Shy = genServer({ name: 'shy', init: () => ignore })

/** A behaviour whose `init` fails. */
export const Broken = genServer({ name: 'broken', init: crash })

/** One of very many behaviours. */
export const numbered = (i: number) => genServer({ name: `kind-${i}`, init: () => i })
