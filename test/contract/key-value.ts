// What every engine that decides by compare-and-set owes, as tests: run against the model, and against real servers.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { KeyValue } from '#distributed'

/** One engine, empty, and time as it has it. */
export interface KeyValueWorld {
  readonly keyValue: KeyValue
  /** Waits for an answer, turning the clock if it is a fake one. */
  through<T>(pending: Promise<T>): Promise<T>
  pass(ms: number): Promise<void>
  /** From now on nobody answers this client. */
  cut(): Promise<void> | void
  close(): Promise<void> | void
}

export type KeyValueSentence = (typeof sentences)[number]

const sentences = [
  'answers nothing for a key that was never written',
  'answers what was written, byte for byte, with its revision',
  'writes a new key only if nothing is expected',
  'refuses a write that expects another revision than the last',
  'lets one of many writers of one revision win',
  'gives revisions that grow over all keys',
  'keeps keys apart, whatever text they are',
  'tells an empty value from none',
  'takes a value as large as it says',
  'answers a deletion as nothing, and the next write has to expect its revision',
  'refuses to delete what was written meanwhile',
  'forgets a key after its time to live, and takes it again',
  'forgets a deletion after its time to live',
  'keeps a key whose last write had no time to live',
  'rejects in time when nobody answers',
] as const

/** `waived`: sentences that an engine does not keep, each with the reason. */
export function keyValueContract(
  name: string,
  create: () => Promise<KeyValueWorld> | KeyValueWorld,
  waived: Partial<Record<KeyValueSentence, string>> = {},
): void {
  describe(`the engine ${name}`, () => {
    let world: KeyValueWorld

    beforeEach(async () => {
      world = await create()
    })
    afterEach(() => world.close())

    const bytes = (text: string): Uint8Array => Buffer.from(text)
    const get = (key: string) => world.through(world.keyValue.get(key))
    const put = (key: string, text: string, expected: number, ttlMs?: number) =>
      world.through(world.keyValue.put(key, bytes(text), expected, ttlMs))
    const remove = (key: string, expected: number, ttlMs?: number) => world.through(world.keyValue.delete(key, expected, ttlMs))
    const textOf = async (key: string): Promise<string | undefined> => {
      const { value } = await get(key)
      return value === undefined ? undefined : Buffer.from(value).toString()
    }

    const bodies: Record<KeyValueSentence, () => Promise<void>> = {
      'answers nothing for a key that was never written': async () => {
        expect(await get('name.lot-1')).toEqual({ value: undefined, revision: 0 })
      },

      'answers what was written, byte for byte, with its revision': async () => {
        const value = Uint8Array.from({ length: 256 }, (_, i) => i)
        const revision = await world.through(world.keyValue.put('k', value, 0))
        expect(revision).toBeGreaterThan(0)
        const found = await get('k')
        expect([...(found.value ?? [])]).toEqual([...value])
        expect(found.revision).toBe(revision)
      },

      'writes a new key only if nothing is expected': async () => {
        expect(await put('k', 'one', 7)).toBeUndefined()
        expect(await textOf('k')).toBeUndefined()
        expect(await put('k', 'one', 0)).toBeGreaterThan(0)
        expect(await put('k', 'two', 0)).toBeUndefined()
        expect(await textOf('k')).toBe('one')
      },

      'refuses a write that expects another revision than the last': async () => {
        const first = (await put('k', 'one', 0)) as number
        const second = (await put('k', 'two', first)) as number
        expect(second).toBeGreaterThan(first)
        expect(await put('k', 'three', first)).toBeUndefined()
        expect(await put('k', 'three', second + 1)).toBeUndefined()
        expect(await textOf('k')).toBe('two')
      },

      'lets one of many writers of one revision win': async () => {
        const first = (await put('k', 'none', 0)) as number
        const writers = Array.from({ length: 40 }, (_, i) => `w${i}`)
        const results = await world.through(Promise.all(writers.map((writer) => world.keyValue.put('k', bytes(writer), first))))
        const winners = writers.filter((_, i) => results[i] !== undefined)
        expect(winners).toHaveLength(1)
        expect(await textOf('k')).toBe(winners[0])
      },

      'gives revisions that grow over all keys': async () => {
        const revisions: (number | undefined)[] = []
        for (const key of ['a', 'b', 'c']) revisions.push(await put(key, 'x', 0))
        revisions.push(await put('a', 'y', revisions[0] as number))
        revisions.push(await remove('b', revisions[1] as number))
        const numbers = revisions as number[]
        expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
        expect(numbers.every((number) => Number.isSafeInteger(number))).toBe(true)
      },

      'keeps keys apart, whatever text they are': async () => {
        const keys = [
          'a',
          'A',
          'a.b',
          'a b',
          'a/b',
          '*',
          '>',
          '$',
          'ä',
          'a\u0308',
          '日本',
          '🦊',
          '=',
          '_',
          '-',
          'a\nb',
          '%41',
          `x${'y'.repeat(200)}`,
        ]
        for (const key of keys) await put(`name.${key}`, key, 0)
        expect(await Promise.all(keys.map((key) => textOf(`name.${key}`)))).toEqual(keys)
      },

      'tells an empty value from none': async () => {
        const revision = (await put('k', '', 0)) as number
        expect(await get('k')).toMatchObject({ revision })
        expect((await get('k')).value).toHaveLength(0)
        await remove('k', revision)
        expect((await get('k')).value).toBeUndefined()
      },

      'takes a value as large as it says': async () => {
        const value = new Uint8Array(world.keyValue.maxValueBytes).fill(7)
        expect(await world.through(world.keyValue.put('k', value, 0))).toBeGreaterThan(0)
        expect((await get('k')).value).toHaveLength(value.length)
        await expect(world.through(world.keyValue.put('k2', new Uint8Array(value.length + 1), 0))).rejects.toThrow()
      },

      'answers a deletion as nothing, and the next write has to expect its revision': async () => {
        const first = (await put('k', 'one', 0)) as number
        const deleted = (await remove('k', first)) as number
        expect(deleted).toBeGreaterThan(first)
        expect(await get('k')).toEqual({ value: undefined, revision: deleted })
        expect(await put('k', 'two', 0)).toBeUndefined()
        expect(await put('k', 'two', deleted)).toBeGreaterThan(deleted)
        expect(await textOf('k')).toBe('two')
      },

      'refuses to delete what was written meanwhile': async () => {
        const first = (await put('k', 'one', 0)) as number
        await put('k', 'two', first)
        expect(await remove('k', first)).toBeUndefined()
        expect(await textOf('k')).toBe('two')
      },

      'forgets a key after its time to live, and takes it again': async () => {
        await put('k', 'one', 0, 1000)
        expect(await textOf('k')).toBe('one')
        await world.pass(3500)
        const { value, revision } = await get('k')
        expect(value).toBeUndefined()
        expect(await put('k', 'two', revision)).toBeGreaterThan(revision)
        expect(await textOf('k')).toBe('two')
      },

      'forgets a deletion after its time to live': async () => {
        const first = (await put('k', 'one', 0)) as number
        await remove('k', first, 1000)
        await world.pass(3500)
        expect(await get('k')).toEqual({ value: undefined, revision: 0 })
        expect(await put('k', 'two', 0)).toBeGreaterThan(first)
      },

      'keeps a key whose last write had no time to live': async () => {
        const first = (await put('k', 'one', 0, 1000)) as number
        await put('k', 'two', first)
        await world.pass(3500)
        expect(await textOf('k')).toBe('two')
      },

      'rejects in time when nobody answers': async () => {
        await world.cut()
        await expect(world.through(world.keyValue.get('k'))).rejects.toThrow()
        await expect(world.through(world.keyValue.put('k', bytes('one'), 0))).rejects.toThrow()
      },
    }

    test.for(sentences)('%s', async (sentence, { skip }) => {
      const reason = waived[sentence]
      if (reason !== undefined) skip(`waived: ${reason}`)
      await bodies[sentence]()
    })
  })
}
