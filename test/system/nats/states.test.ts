// What a store of states owes, asked of real servers of NATS: one, and three that keep three copies.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { connectNats } from '#nats'
import { stateStoreContract } from '#test/contract/state-store.ts'
import { NatsServers, NO_NATS } from '../support/nats.ts'

describe.each([1, 3] as const)('states on NATS, servers: %i', (count) => {
  let servers: NatsServers
  let worlds = 0

  beforeAll(async () => {
    if (NO_NATS === undefined) servers = await NatsServers.start({ count })
  })

  beforeEach((context) => context.skip(NO_NATS !== undefined, NO_NATS))

  afterAll(() => servers?.stop())

  stateStoreContract(`nats, servers: ${count}`, async () => {
    const nats = await connectNats({ servers: servers.urls, cluster: `s${++worlds}`, replicas: count })
    // In the next life of the nodes each would ask the engine anew: here one process is all of them.
    return { factory: await nats.stateStore(), wait: async (ms) => sleep(ms), close: () => nats.close() }
  })
})
