// What an arbiter owes, asked of leases over a real server of NATS.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { EventStream, systemClock } from '#base'
import { type DistributedEvents, type KeyValue, leasedArbiter } from '#distributed'
import { connectNats } from '#nats'
import { arbiterContract } from '#test/contract/arbiter.ts'
import { eventually } from '#test/support/eventually.ts'
import { NatsServers, NO_NATS } from '../support/nats.ts'

const LEASE_MS = 3000

/** Nothing that is asked is sent while it is cut. */
class Cuttable implements KeyValue {
  isCut = false
  readonly maxValueBytes: number
  readonly #keyValue: KeyValue

  constructor(keyValue: KeyValue) {
    this.#keyValue = keyValue
    this.maxValueBytes = keyValue.maxValueBytes
  }

  get(...asked: Parameters<KeyValue['get']>): ReturnType<KeyValue['get']> {
    return this.isCut ? this.#nobody() : this.#keyValue.get(...asked)
  }

  put(...asked: Parameters<KeyValue['put']>): ReturnType<KeyValue['put']> {
    return this.isCut ? this.#nobody() : this.#keyValue.put(...asked)
  }

  delete(...asked: Parameters<KeyValue['delete']>): ReturnType<KeyValue['delete']> {
    return this.isCut ? this.#nobody() : this.#keyValue.delete(...asked)
  }

  async #nobody(): Promise<never> {
    await sleep(100)
    throw new Error('this node is cut off')
  }
}

describe('over a server of NATS', () => {
  let servers: NatsServers
  let worlds = 0

  beforeAll(async () => {
    if (NO_NATS === undefined) servers = await NatsServers.start()
  })

  beforeEach((context) => context.skip(NO_NATS !== undefined, NO_NATS))

  afterAll(() => servers?.stop())

  arbiterContract('nats', async () => {
    const nats = await connectNats({ servers: servers.urls, cluster: `w${++worlds}` })
    const names = await nats.names()
    const events = new EventStream<DistributedEvents>()
    const nodes = new Map<string, Cuttable>()
    return {
      leaseMs: LEASE_MS,
      arbiter: (id) => {
        const keyValue = new Cuttable(names)
        nodes.set(id, keyValue)
        return leasedArbiter(keyValue, { name: 'nats', leaseMs: LEASE_MS })({ id, clock: systemClock, events })
      },
      through: (pending) => pending,
      pass: async (ms) => {
        await sleep(ms)
      },
      until: async (condition, limitMs) => {
        await eventually('what was waited for', limitMs + 1000, condition)
      },
      cut: (id) => {
        ;(nodes.get(id) as Cuttable).isCut = true
      },
      mend: (id) => {
        ;(nodes.get(id) as Cuttable).isCut = false
      },
      close: () => nats.close(),
    }
  })
})
