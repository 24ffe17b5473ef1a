// What servers of NATS do when they fail, and what is made of it: killed, frozen, without a majority, brought back.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { KeyValue } from '#distributed'
import { connectNats, type Nats } from '#nats'
import { eventually } from '#test/support/eventually.ts'
import { NatsServers, NO_NATS } from '../support/nats.ts'

const REQUEST_MS = 1000
const CONNECT_MS = 1500
/** What a timer may be late on a busy machine. */
const SLACK_MS = 500

const bytes = (text: string): Uint8Array => Buffer.from(text)

/** How long it took until it was settled, whichever way. */
async function took(pending: Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await pending.catch(() => undefined)
  return performance.now() - begun
}

describe('three servers', () => {
  let servers: NatsServers
  let nats: Nats
  let keyValue: KeyValue
  let clusters = 0

  const stream = () => `KV_otp_c${clusters}_names`
  const connect = () =>
    connectNats({ servers: servers.urls, cluster: `c${clusters}`, replicas: 3, requestMs: REQUEST_MS, connectMs: CONNECT_MS, pingMs: 300 })

  beforeAll(async () => {
    if (NO_NATS === undefined) servers = await NatsServers.start({ count: 3 })
  })

  beforeEach(async (context) => {
    context.skip(NO_NATS !== undefined, NO_NATS)
    clusters++
    nats = await connect()
    keyValue = await nats.names()
  })

  afterEach(() => nats?.close())

  afterAll(() => servers?.stop())

  /** A write that is tried until it is answered with a revision; what is there already was written by an earlier try. */
  const written = (key: string, text: string): Promise<number> =>
    eventually(`${key} is written`, 20_000, async () => {
      const { value, revision } = await keyValue.get(key)
      if (value !== undefined && Buffer.from(value).toString() === text) return revision
      return keyValue.put(key, bytes(text), revision)
    })

  /** Writes key after key until it is told to end; what was acknowledged. */
  function writer(name: string): { readonly acknowledged: Map<string, number>; readonly stalledMs: () => number; end(): Promise<void> } {
    const acknowledged = new Map<string, number>()
    let isOver = false
    let stalledMs = 0
    const write = async (): Promise<void> => {
      let last = performance.now()
      for (let index = 0; !isOver; index++) {
        const key = `${name}.${index}`
        const revision = await keyValue.put(key, bytes(key), 0).catch(() => undefined)
        if (revision === undefined) continue
        acknowledged.set(key, revision)
        stalledMs = Math.max(stalledMs, performance.now() - last)
        last = performance.now()
      }
    }
    const writing = Promise.all(Array.from({ length: 4 }, write))
    return {
      acknowledged,
      stalledMs: () => stalledMs,
      end: async () => {
        isOver = true
        await writing
      },
    }
  }

  test('when the leader is killed writes stall and come back, and nothing that was acknowledged is lost', async () => {
    await written('a', 'before')
    const leader = await servers.leaderOf(stream())
    const writing = writer('kept')
    await sleep(500)
    const before = writing.acknowledged.size
    await servers.kill(leader)
    await eventually('writes are acknowledged again', 20_000, () => writing.acknowledged.size > before + 200)
    await writing.end()
    expect(before).toBeGreaterThan(0)
    for (const [key, revision] of [...writing.acknowledged].slice(before - 100, before + 100)) {
      expect({ key, ...(await keyValue.get(key)) }).toEqual({ key, value: Buffer.from(key), revision })
    }
    await servers.bringBack(leader)
    const newLeader = await servers.leaderOf(stream())
    expect(newLeader).not.toBe(leader)
    expect(Buffer.from((await keyValue.get('a')).value ?? []).toString()).toBe('before')
  })

  test('when two of three are killed no write succeeds and each request ends in time; back again, everything is there', async () => {
    const first = await written('a', 'before')
    const victims = [0, 1]
    for (const index of victims) await servers.kill(index)
    for (let tries = 0; tries < 4; tries++) {
      const outcome = keyValue.put('a', bytes('meanwhile'), first)
      expect(await took(outcome)).toBeLessThan(REQUEST_MS + SLACK_MS)
      expect(await outcome.catch(() => undefined)).toBeUndefined()
      const contended = keyValue.put('a', bytes('contended'), first + 1).catch(() => undefined)
      expect(await contended).toBeUndefined()
    }
    // It may answer, what was or nothing; but it ends.
    expect(await took(keyValue.get('a'))).toBeLessThan(REQUEST_MS + SLACK_MS)
    for (const index of victims) await servers.bringBack(index)
    // A write that nobody answered may have been done since.
    const { value } = await eventually('it is read again', 20_000, () => keyValue.get('a'))
    expect(['before', 'meanwhile']).toContain(Buffer.from(value ?? []).toString())
    expect(await written('a', 'after')).toBeGreaterThan(first)
  })

  test('when the server that is connected freezes, with the socket full, another one is found', async () => {
    await written('a', 'before')
    const index = await servers.connectedTo(`otp-labs c${clusters}`)
    servers.freeze(index)
    try {
      // More than a socket takes: a client that waits until its last words are taken waits for ever.
      const stuck = Array.from({ length: 20 }, (_, each) => keyValue.put(`big.${each}`, Buffer.alloc(900_000), 0))
      expect(await took(Promise.allSettled(stuck))).toBeLessThan(REQUEST_MS + SLACK_MS)
      // The frozen server may have led.
      await written('b', 'by another server')
      expect(await servers.connectedTo(`otp-labs c${clusters}`)).not.toBe(index)
    } finally {
      servers.thaw(index)
    }
  })
})

describe('one server', () => {
  let servers: NatsServers
  let nats: Nats

  beforeEach(async (context) => {
    context.skip(NO_NATS !== undefined, NO_NATS)
    servers = await NatsServers.start()
    nats = await connectNats({ servers: servers.urls, cluster: 'one', requestMs: REQUEST_MS, connectMs: CONNECT_MS, pingMs: 300 })
  })

  afterEach(async () => {
    await nats?.close()
    await servers?.stop()
  })

  test('that freezes holds no request up for longer than its time, before it is given up and after', async () => {
    const keyValue = await nats.names()
    await keyValue.put('a', bytes('one'), 0)
    servers.freeze(0)
    const begun = performance.now()
    // Over the time that it takes to notice, to give up, and to redial.
    while (performance.now() - begun < 4000) {
      expect(await took(keyValue.get('a'))).toBeLessThan(REQUEST_MS + SLACK_MS)
    }
    await expect(keyValue.put('a', bytes('two'), 1)).rejects.toThrow(/NATS (did not answer|cannot be reached)/)
    servers.thaw(0)
    const { value } = await eventually('it answers again', 5000, () => keyValue.get('a'))
    expect(value).toBeDefined()
  })

  test('that is restarted has kept what it acknowledged, and is found again without being asked', async () => {
    const keyValue = await nats.names()
    const revision = await keyValue.put('a', bytes('one'), 0)
    // It waits for as long as it may take until a busy machine has connected it.
    const patient = await connectNats({ servers: servers.urls, cluster: 'one', requestMs: 20_000, connectMs: CONNECT_MS, pingMs: 300 })
    const patientNames = await patient.names()
    try {
      await servers.kill(0)
      await expect(keyValue.get('a')).rejects.toThrow('NATS cannot be reached')
      // Asked while nothing is connected, it waits for the connection.
      const asked = patientNames.get('a')
      await servers.bringBack(0)
      expect(await asked).toEqual({ value: Buffer.from('one'), revision })
    } finally {
      await patient.close()
    }
  })

  test('that is closed for this client answers nothing any more', async () => {
    const keyValue = await nats.names()
    await nats.close()
    await expect(keyValue.get('a')).rejects.toThrow(/closed/)
  })

  test('lets renewals pass while large states are written', async () => {
    await nats.close()
    // As long as anybody waits by default.
    nats = await connectNats({ servers: servers.urls, cluster: 'one' })
    const keyValue = await nats.names()
    const { keyValue: states, blobs } = await nats.states()
    let isOver = false
    const large = Promise.all([
      ...Array.from({ length: 16 }, async (_, index) => {
        let expected = 0
        while (!isOver) expected = (await states.put(`s${index}`, Buffer.alloc(500_000), expected).catch(() => undefined)) ?? expected
      }),
      (async () => {
        for (let index = 0; !isOver; index++) await blobs.put(`b${index}`, Buffer.alloc(4_000_000)).catch(() => undefined)
      })(),
    ])
    let expected = 0
    const waits: number[] = []
    for (let renewal = 0; renewal < 40; renewal++) {
      const begun = performance.now()
      expected = (await keyValue.put('session.n1', bytes('1'), expected, 3_600_000)) as number
      waits.push(performance.now() - begun)
      await sleep(25)
    }
    isOver = true
    await large
    expect(expected).toBeGreaterThan(0)
    process.stdout.write(
      `renewals beside large states: median ${waits.toSorted((a, b) => a - b)[20]?.toFixed(1)} ms, worst ${Math.max(...waits).toFixed(1)} ms\n`,
    )
  })
})
