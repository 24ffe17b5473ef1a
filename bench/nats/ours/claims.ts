// Ours: names claimed at the arbiter on NATS, and, for what the arbiter itself costs, bare writes to the same servers.
import { EventStream, systemClock } from '#base'
import type { Figures } from '#bench/support/bench.ts'
import { perSecond, runMeasure } from '#bench/support/program.ts'
import type { DistributedEvents } from '#distributed'
import { type Servers, withNats } from './servers.ts'

const NODE = 'bench.1'
const CALLERS = 256
/** Of one caller, who waits for the disks each time; and of many. */
const FEW = 100
const MANY = 5000

let named = 0
const names = (count: number): string[] => Array.from({ length: count }, () => `lot-${++named}`)

/** How many a second: each of so many callers has one under way at a time. */
function rate(count: number, callers: number, each: (name: string) => Promise<void>): Promise<number> {
  return perSecond(count, {
    prepare: () => names(count).values(),
    run: (left) => {
      const caller = async (): Promise<void> => {
        for (const name of left) await each(name)
      }
      return Promise.all(Array.from({ length: callers }, caller))
    },
  })
}

const claims = (servers: Servers) => (): Promise<Figures> =>
  withNats(servers, async (nats) => {
    const events = new EventStream<DistributedEvents>()
    const arbiter = (await nats.arbiter())({ id: NODE, clock: systemClock, events })
    await arbiter.start()
    const claim = async (name: string): Promise<void> => {
      const claimant = { gen: 1, founder: NODE, epoch: 0, owner: undefined, isNew: true, isAgreed: false }
      for (;;) {
        const result = await arbiter.claim(name, claimant, 'start')
        if (result.ok) return
        // The arbiter waits for two seconds, and a machine that is busy takes longer now and then.
        if (result.reason !== 'unavailable') throw new Error(`${name}: ${result.reason}`)
      }
    }
    const bare = await nats.names()
    const put = async (name: string): Promise<void> => {
      if ((await bare.put(`bare.${name}`, Buffer.alloc(100), 0)) === undefined) throw new Error(`${name} is there already`)
    }
    const figures = {
      one: await rate(FEW, 1, claim),
      bareOne: await rate(FEW, 1, put),
      many: await rate(MANY, CALLERS, claim),
      bareMany: await rate(MANY, CALLERS, put),
    }
    await arbiter.stop()
    return figures
  })

await runMeasure({ 'claims-1': claims(1), 'claims-3': claims(3) })
