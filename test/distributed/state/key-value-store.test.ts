// The store on an engine that decides by compare-and-set: the contract, over a model of the engine.
import { beforeEach, describe, expect, test } from 'vitest'
import { type Fence, type KeyValue, keyValueStateStore, type StateStore, type StateStoreContext } from '#distributed'
import { stateStoreContract } from '#test/contract/state-store.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { ModelBlobs } from '#test/support/model-blobs.ts'
import { ModelEngine } from '#test/support/model-key-value.ts'
import { modelStateStore } from '#test/support/model-store.ts'
import { testSeed } from '#test/support/seed.ts'
import { KeyValueWorld } from './key-value-world.ts'

stateStoreContract('on a model of an engine', async (clock) => ({ factory: await modelStateStore(clock) }))

stateStoreContract('on an engine that loses answers and lags behind', async (clock) => {
  const engine = new ModelEngine({ clock, requestMs: 20 })
  const blobs = new ModelBlobs({ clock, requestMs: 20 })
  engine.answersLost = 0.05
  engine.staleReads = 0.2
  blobs.answersLost = 0.05
  return { factory: await clock.through(keyValueStateStore(engine.client('all'), blobs, { name: 'model', clock })) }
})

const SEEDS = 40

test('nothing that was acknowledged is lost, and nobody who is shut out writes, whatever goes wrong with the engine', {
  timeout: 60_000,
}, async () => {
  let acknowledged = 0
  for (let seed = testSeed; seed < testSeed + SEEDS; seed++) {
    const world = new KeyValueWorld({ seed })
    expect(await world.run(), `seed ${seed}`).toEqual([])
    acknowledged += world.acknowledged
  }
  expect(acknowledged).toBeGreaterThan(SEEDS * 10)
})

test('an engine that writes over revisions that it was not asked to is found out', { timeout: 60_000 }, async () => {
  const breaking = (keyValue: KeyValue): KeyValue => ({
    ...keyValue,
    put: async (key, value) => keyValue.put(key, value, (await keyValue.get(key)).revision),
  })
  let violations = 0
  for (let seed = 1; seed <= 20; seed++) violations += (await new KeyValueWorld({ seed, breaking }).run()).length
  expect(violations).toBeGreaterThan(0)
})

describe('beyond the contract', () => {
  const birth = { gen: 1, founder: 'a.1' }
  const fence = (owner: string, epoch: number, gen = 1) => ({ gen, founder: 'a.1', epoch, owner })
  const state = (owner: string, epoch: number, seq: number, text: string, gen = 1) => ({
    fence: fence(owner, epoch, gen),
    seq,
    version: 0,
    bytes: Buffer.from(text),
  })
  const large = 'x'.repeat(1000)
  let clock: FakeClock
  let engine: ModelEngine
  let blobs: ModelBlobs

  beforeEach(() => {
    clock = new FakeClock()
    engine = new ModelEngine({ clock })
    blobs = new ModelBlobs({ clock })
  })

  const through = <T>(pending: Promise<T>): Promise<T> => clock.through(pending)
  const storeOf = async (id: string, keyValue: KeyValue = engine.client(id)): Promise<StateStore> => {
    const factory = await through(keyValueStateStore(keyValue, blobs, { name: 'model', inlineBytes: 100, clock }))
    return factory({ id, clock, cluster: { alive: new Set([id]) } } as unknown as StateStoreContext)
  }
  const found = async (store: StateStore, key: string, token: Fence): Promise<string | undefined> => {
    const result = await through(store.open(key, token, false))
    if (!result.ok) return `fenced by ${result.by.owner}`
    return result.stored && Buffer.from(result.stored.bytes).toString()
  }

  test('a write that the engine does not take fails after ten seconds, and what was written before is read', async () => {
    const store = await storeOf('a.1')
    await found(store, 'lot', fence('a.1', 1))
    await through(store.write('lot', state('a.1', 1, 1, 'taken')))
    engine.cut('a.1')
    const startedAt = clock.now()
    const refused = store.write('lot', state('a.1', 1, 2, 'not taken')).catch((error: Error) => error)
    expect(Buffer.from(store.read('lot', birth)?.bytes ?? []).toString()).toBe('not taken')
    expect(await through(refused)).toMatchObject({ code: 'ERR_OTP_DISTRIBUTED_STATE_UNAVAILABLE' })
    expect(clock.now() - startedAt).toBeLessThan(15_000)
    expect(Buffer.from(store.read('lot', birth)?.bytes ?? []).toString()).toBe('taken')
    engine.mend('a.1')
    expect(await through(store.write('lot', state('a.1', 1, 3, 'taken again')))).toEqual({ ok: true })
    expect(await found(await storeOf('b.1'), 'lot', fence('b.1', 2))).toBe('taken again')
  })

  test('a store is not made while the engine cannot say how far births are numbered', async () => {
    engine.cut('a.1')
    await expect(storeOf('a.1')).rejects.toMatchObject({ code: 'ERR_OTP_DISTRIBUTED_STATE_UNAVAILABLE' })
  })

  test('a death of the leader fails no write', async () => {
    const store = await storeOf('a.1')
    await found(store, 'lot', fence('a.1', 1))
    engine.stall(5000)
    expect(await through(store.write('lot', state('a.1', 1, 1, 'late')))).toEqual({ ok: true })
    expect(await found(await storeOf('b.1'), 'lot', fence('b.1', 2))).toBe('late')
  })

  test('who writes in a birth that another node has forgotten is refused', async () => {
    const [a, b] = [await storeOf('a.1'), await storeOf('b.1')]
    await found(a, 'lot', fence('a.1', 1))
    await through(a.write('lot', state('a.1', 1, 1, 'first life')))
    b.forget('lot', 1)
    await clock.advance(100)
    expect(engine.peek('state.lot').value).toBeUndefined()
    expect(await through(a.write('lot', state('a.1', 1, 2, 'late')))).toMatchObject({ ok: false, by: { owner: '' } })
    expect(await found(b, 'lot', fence('b.1', 1, 2))).toBeUndefined()
    expect(await through(a.write('lot', state('a.1', 1, 3, 'later')))).toMatchObject({ ok: false, by: { owner: 'b.1' } })
  })

  test('so is he who comes back when not even the trace of it is left', async () => {
    const [a, b] = [await storeOf('a.1'), await storeOf('b.1')]
    await found(a, 'lot', fence('a.1', 1))
    b.forget('lot', 1)
    await clock.advance(100)
    engine.jump(3 * 3_600_000)
    expect(engine.peek('state.lot')).toMatchObject({ revision: 0 })
    expect(await through(a.write('lot', state('a.1', 1, 1, 'late')))).toMatchObject({ ok: false, by: { owner: '' } })
  })

  test('a birth that ends while the engine is away is forgotten when it is back', async () => {
    const store = await storeOf('a.1')
    await found(store, 'lot', fence('a.1', 1))
    await through(store.write('lot', state('a.1', 1, 1, 'over')))
    engine.cut('a.1')
    store.forget('lot', 1)
    store.release('lot', fence('a.1', 1))
    await clock.advance(60_000)
    engine.mend('a.1')
    await clock.advance(60_000)
    expect(engine.peek('state.lot').value).toBeUndefined()
  })

  test('a birth is forgotten by a node that is shown what was there before it', async () => {
    const [a, b] = [await storeOf('a.1'), await storeOf('b.1')]
    const keys = Array.from({ length: 10 }, (_, index) => `lot-${index}`)
    for (const key of keys) {
      await found(a, key, fence('a.1', 1))
      await through(a.write(key, state('a.1', 1, 1, 'over')))
    }
    engine.staleReads = 0.8
    for (const key of keys) b.forget(key, 1)
    await clock.advance(30_000)
    expect(keys.filter((key) => engine.peek(`state.${key}`).value !== undefined)).toEqual([])
  })

  test('what a large state was before lies nowhere any more', async () => {
    const store = await storeOf('a.1')
    await found(store, 'lot', fence('a.1', 1))
    for (const seq of [1, 2, 3]) await through(store.write('lot', state('a.1', 1, seq, `${large} ${seq}`)))
    await clock.advance(100)
    expect(await through(blobs.names())).toHaveLength(1)
    expect(await found(await storeOf('b.1'), 'lot', fence('b.1', 2))).toBe(`${large} 3`)
    const b = await storeOf('b.1')
    await found(b, 'lot', fence('b.1', 3))
    await through(b.write('lot', state('b.1', 3, 2, 'small')))
    await clock.advance(100)
    expect(await through(blobs.names())).toEqual([])
  })

  test('a blob of which its writer knows nothing any more is swept up, and one that is referred to is not', async () => {
    const store = await storeOf('a.1')
    await found(store, 'lot', fence('a.1', 1))
    await through(store.write('lot', state('a.1', 1, 1, large)))
    await through(blobs.put('gone.1/7 lot', Buffer.from('orphan')))
    await through(blobs.put('gone.1/8 lot-2', Buffer.from('orphan')))
    await clock.advance(1_300_000)
    expect(await through(blobs.names())).toHaveLength(1)
    expect(await found(await storeOf('b.1'), 'lot', fence('b.1', 2))).toBe(large)
    expect(await through(store.write('lot', state('a.1', 1, 2, 'late')))).toMatchObject({ ok: false })
  })

  test('writes of one name that wait for their turn share one', async () => {
    let puts = 0
    const client = engine.client('a.1')
    const store = await storeOf('a.1', {
      ...client,
      put: (...write) => {
        puts++
        return client.put(...write)
      },
    })
    await found(store, 'lot', fence('a.1', 1))
    puts = 0
    const writes = Array.from({ length: 100 }, (_, index) => store.write('lot', state('a.1', 1, index + 1, `write ${index + 1}`)))
    expect((await through(Promise.all(writes))).every(({ ok }) => ok)).toBe(true)
    expect(puts).toBe(2)
  })

  test('a cluster that starts again begins after every birth, though the engine forgets nothing of them', async () => {
    const store = await storeOf('a.1')
    for (const gen of [3, 12_345, 40_000]) await found(store, `lot-${gen}`, fence('a.1', 1, gen))
    const again = await storeOf('b.1')
    expect(again.lastGen).toBeGreaterThanOrEqual(40_000)
    expect((await storeOf('c.1')).lastGen).toBe(again.lastGen)
  })

  test('a value that is none of this project is left as it is', async () => {
    const store = await storeOf('a.1')
    await through(engine.client('somebody').put('state.lot', Buffer.from([1, 2, 3]), 0))
    const startedAt = clock.now()
    await expect(through(store.open('lot', fence('a.1', 2), false))).rejects.toMatchObject({ code: 'ERR_OTP_DISTRIBUTED_STATE_DAMAGED' })
    expect(clock.now() - startedAt).toBeLessThan(100)
    expect([...(engine.peek('state.lot').value ?? [])]).toEqual([1, 2, 3])
  })

  test('a bad name, or a bad size, is refused', async () => {
    for (const options of [{ name: 'NATS' }, { name: 'nats', inlineBytes: -1 }])
      await expect(keyValueStateStore(engine.client('a.1'), blobs, options)).rejects.toMatchObject({
        code: 'ERR_OTP_DISTRIBUTED_BAD_STATE_STORE',
      })
  })
})
