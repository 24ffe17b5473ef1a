// The model of the engine keeps what an engine owes, and goes wrong as real ones do.
import { describe, expect, test } from 'vitest'
import { keyValueContract } from '#test/contract/key-value.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { ModelEngine } from '#test/support/model-key-value.ts'

function world() {
  const clock = new FakeClock()
  const engine = new ModelEngine({ clock })
  const through = async <T>(pending: Promise<T>): Promise<T> => {
    let isSettled = false
    const settle = () => {
      isSettled = true
    }
    pending.then(settle, settle)
    await clock.until(() => isSettled, 60_000, 1)
    return pending
  }
  const bytes = (text: string): Uint8Array => Buffer.from(text)
  return { clock, engine, through, bytes, keyValue: engine.client('a') }
}

keyValueContract('of the model', () => {
  const { clock, engine, keyValue, through } = world()
  return { keyValue, through, pass: (ms) => clock.advance(ms), cut: () => engine.cut('a'), close: () => undefined }
})

describe('what goes wrong with the model', () => {
  test('an answer is lost after the write was made', async () => {
    const { engine, through, bytes, keyValue } = world()
    engine.answersLost = 1
    await expect(through(keyValue.put('k', bytes('one'), 0))).rejects.toThrow('nobody answered')
    expect(engine.peek('k').revision).toBe(1)
  })

  test('without a majority a contended write is refused though nothing was written, another hangs, and a read is answered', async () => {
    const { engine, through, bytes, keyValue } = world()
    engine.hasQuorum = false
    const hangs = keyValue.put('k', bytes('one'), 0)
    expect(await through(keyValue.put('k', bytes('two'), 0))).toBeUndefined()
    expect(await through(keyValue.get('k'))).toEqual({ value: undefined, revision: 0 })
    await expect(through(hangs)).rejects.toThrow('nobody answered')
    expect(engine.peek('k').revision).toBe(0)
  })

  test('what hung may be written when there is a majority again', async () => {
    const { engine, through, bytes, keyValue } = world()
    engine.hasQuorum = false
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`)
    await through(Promise.allSettled(keys.map((key) => keyValue.put(key, bytes(key), 0))))
    engine.hasQuorum = true
    const written = keys.filter((key) => engine.peek(key).value !== undefined)
    expect(written.length).toBeGreaterThan(0)
    expect(written.length).toBeLessThan(keys.length)
  })

  test('nobody answers while there is no leader', async () => {
    const { clock, engine, through, keyValue } = world()
    engine.stall(5000)
    await expect(through(keyValue.get('k'))).rejects.toThrow('nobody answered')
    await clock.advance(5000)
    expect(await through(keyValue.get('k'))).toEqual({ value: undefined, revision: 0 })
  })

  test('a read may show what was there before', async () => {
    const { engine, through, bytes, keyValue } = world()
    const first = (await through(keyValue.put('k', bytes('one'), 0))) as number
    await through(keyValue.put('k', bytes('two'), first))
    engine.staleReads = 1
    const seen = new Set<number>()
    for (let i = 0; i < 30; i++) seen.add((await through(keyValue.get('k'))).revision)
    expect([...seen].toSorted()).toEqual([0, 1, 2])
  })

  test('a clock that jumps ahead makes it forget', async () => {
    const { engine, through, bytes, keyValue } = world()
    await through(keyValue.put('k', bytes('one'), 0, 3600_000))
    engine.jump(3600_001)
    expect((await through(keyValue.get('k'))).value).toBeUndefined()
  })
})
