// What an engine owes, asked of real servers of NATS: one, and three that keep three copies; and blobs beside it.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectNats, type Nats } from '#nats'
import { keyValueContract } from '#test/contract/key-value.ts'
import { NatsServers, NO_NATS } from '../support/nats.ts'

describe.each([1, 3] as const)('servers of NATS: %i', (count) => {
  let servers: NatsServers
  let worlds = 0

  beforeAll(async () => {
    if (NO_NATS === undefined) servers = await NatsServers.start({ count })
  })

  beforeEach((context) => context.skip(NO_NATS !== undefined, NO_NATS))

  afterAll(() => servers?.stop())

  /** Buckets of its own for each: the servers are the same. */
  const connect = (): Promise<Nats> => connectNats({ servers: servers.urls, cluster: `w${++worlds}`, replicas: count, requestMs: 1500 })

  const all = Array.from({ length: count }, (_, index) => index)

  keyValueContract(`nats, servers: ${count}`, async () => {
    const nats = await connect()
    return {
      keyValue: await nats.names(),
      through: (pending) => pending,
      pass: async (ms) => {
        await sleep(ms)
      },
      cut: () => {
        for (const index of all) servers.freeze(index)
      },
      close: async () => {
        for (const index of all) servers.thaw(index)
        await nats.close()
        await servers.ready()
      },
    }
  })

  describe('blobs', () => {
    let nats: Nats

    beforeAll(async () => {
      nats = await connect()
    })

    afterAll(() => nats?.close())

    test('are answered as they were put, of any size', async () => {
      const { blobs } = await nats.states()
      for (const size of [0, 1, 256 * 1024, 256 * 1024 + 1, 9_000_000]) {
        const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, index) => index % 251))
        await blobs.put(`size ${size}`, bytes)
        expect(bytes.equals((await blobs.get(`size ${size}`)) as Uint8Array)).toBe(true)
      }
    })

    test('are not there until they were put, and not after they were deleted', async () => {
      const { blobs } = await nats.states()
      expect(await blobs.get('gone')).toBeUndefined()
      await blobs.put('gone', Buffer.alloc(600_000))
      await blobs.delete('gone')
      expect(await blobs.get('gone')).toBeUndefined()
      await expect(blobs.delete('gone')).resolves.toBeUndefined()
    })

    test('are told by their names, whatever text they are', async () => {
      const { blobs } = await nats.states()
      const names = ['a/b.c *>', '日本', 'x'.repeat(1000)]
      for (const name of names) await blobs.put(name, Buffer.from(name))
      expect(await blobs.names()).toEqual(expect.arrayContaining(names))
      expect(await blobs.names()).not.toContain('gone')
      for (const name of names) expect(Buffer.from((await blobs.get(name)) ?? []).toString()).toBe(name)
    })

    test('of which a put was tried twice are whole', async () => {
      const { blobs } = await nats.states()
      const bytes = Buffer.alloc(1_000_000, 5)
      await Promise.all([blobs.put('twice', bytes), blobs.put('twice', bytes)])
      expect(bytes.equals((await blobs.get('twice')) as Uint8Array)).toBe(true)
    })

    test('with a name that is no part of a subject are refused', async () => {
      const { blobs } = await nats.states()
      await expect(blobs.put('日'.repeat(1000), Buffer.of(1))).rejects.toMatchObject({ code: 'ERR_OTP_NATS_BLOB_NAME' })
    })
  })
})
