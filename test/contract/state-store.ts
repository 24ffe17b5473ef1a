// What every store of states owes, as tests: run against each store, on three nodes of a cluster in a box.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Fence, OpenResult, StateStore, StateStoreFactory } from '#otp-labs'
import { Box } from '#test/support/box.ts'
import { FakeClock } from '#test/support/fake-clock.ts'

export type StateStoreSentence = (typeof sentences)[number]

const sentences = [
  'has a name for labels',
  'answers nothing for a name that was never written',
  'answers what was written last, on every node, just as it was written',
  'answers it when the node that wrote it is gone',
  'finds again what a second owner only took over, when that one is gone, too',
  'reads what it wrote without asking anybody',
  'refuses a writer when another has opened the name with a higher epoch',
  'refuses to open with a lesser token, and says whose is greater',
  'gives a name of one epoch to the lower id, whoever came first',
  'does not answer the state of an earlier birth, and refuses its writer',
  'goes on from an earlier birth where it is told to',
  'is not opened for an earlier birth, unless that passes over the later one, of which nothing is lost',
  'keeps births of one number apart by who began them',
  'forgets a birth on every node',
  'answers a write whose birth is forgotten meanwhile',
  'does not forget a later birth',
  'keeps names apart, also when they are written at once',
  'keeps the last of many writes that were made at once',
  'keeps a state of some megabytes',
  'outlives all its nodes',
] as const

const NAMES = ['a', 'b', 'c']

/** The world of one test: an empty store, and time as what it rests on has it. */
export interface StateStoreWorld {
  readonly factory: StateStoreFactory
  /** For what runs by the machine's clock: the fake one goes no faster. */
  readonly wait?: (ms: number) => Promise<void>
  readonly close?: () => Promise<void>
}

/** `create` makes the world of one test, whose nodes are on `clock`; `waived`: sentences that a store does not keep, each with the reason. */
export function stateStoreContract(
  name: string,
  create: (clock: FakeClock) => StateStoreWorld | Promise<StateStoreWorld>,
  waived: Partial<Record<StateStoreSentence, string>> = {},
): void {
  describe(`the state store ${name}`, () => {
    let box: Box
    let world: StateStoreWorld
    const stores = new Map<string, StateStore>()

    beforeEach(async () => {
      const clock = new FakeClock()
      world = await create(clock)
      const { factory } = world
      const stateStore: StateStoreFactory = (context) => {
        const store = factory(context)
        stores.set(context.id.slice(0, context.id.indexOf('.')), store)
        return store
      }
      box = await Box.formed({ clock, names: NAMES, node: { stateStore } })
    })

    afterEach(async () => {
      for (const running of box.live()) await box.stop(running.name)
      await world.close?.()
    })

    const through = <T>(operation: Promise<T>): Promise<T> => box.clock.through(operation, world.wait)
    const pass = async (ms: number): Promise<void> => {
      await world.wait?.(ms)
      await box.clock.advance(ms)
    }
    const birth = (gen: number, founder = 'a') => ({ gen, founder })
    const fence = (node: string, gen: number, epoch: number): Fence => ({ ...birth(gen), epoch, owner: box.node(node).id })
    const storeOf = (node: string): StateStore => stores.get(node) as StateStore
    const open = (node: string, gen: number, epoch: number, { key = 'lot-1', inherits = false, over = 0, founder = 'a' } = {}) =>
      through(storeOf(node).open(key, { ...fence(node, gen, epoch), founder, ...(over === 0 ? {} : { over }) }, inherits))
    const bytes = (text: string): Uint8Array => Buffer.from(text)
    const write = (node: string, gen: number, epoch: number, seq: number, text: string, key = 'lot-1') =>
      through(storeOf(node).write(key, { fence: fence(node, gen, epoch), seq, version: 3, bytes: bytes(text) }))
    /** What an open answers, in short. */
    const found = (result: OpenResult): string | undefined => {
      if (!result.ok) return `fenced by ${result.by.owner.slice(0, 1)} ${result.by.gen}/${result.by.epoch}`
      return result.stored === undefined ? undefined : Buffer.from(result.stored.bytes).toString()
    }
    const crash = async (node: string): Promise<void> => {
      box.crash(node)
      await box.clock.until(() => box.live().every((other) => !other.cluster.alive.has(box.node(node).id)))
    }

    const bodies: Record<StateStoreSentence, () => Promise<void>> = {
      'has a name for labels': async () => {
        expect(storeOf('a').name).toMatch(/^[a-z]+$/)
      },

      'answers nothing for a name that was never written': async () => {
        expect(found(await open('a', 1, 1))).toBeUndefined()
        expect(found(await open('b', 1, 2))).toBeUndefined()
        expect(storeOf('a').read('lot-1', birth(1))).toBeUndefined()
      },

      'answers what was written last, on every node, just as it was written': async () => {
        await open('a', 1, 1)
        for (const [index, text] of ['one', 'two', 'three'].entries()) expect(await write('a', 1, 1, index + 1, text)).toEqual({ ok: true })
        const result = await open('b', 1, 2)
        expect(found(result)).toBe('three')
        expect(result.ok && result.stored).toMatchObject({ fence: { gen: 1, epoch: 1, owner: box.node('a').id }, seq: 3, version: 3 })
        expect(found(await open('c', 1, 3))).toBe('three')
      },

      'answers it when the node that wrote it is gone': async () => {
        await open('b', 1, 1)
        await write('b', 1, 1, 1, 'kept')
        await crash('b')
        expect(found(await open('c', 1, 2))).toBe('kept')
      },

      'finds again what a second owner only took over, when that one is gone, too': async () => {
        await open('a', 1, 1)
        await write('a', 1, 1, 1, 'kept')
        await crash('a')
        expect(found(await open('b', 1, 2))).toBe('kept')
        await crash('b')
        expect(found(await open('c', 1, 3))).toBe('kept')
      },

      'reads what it wrote without asking anybody': async () => {
        await open('a', 1, 1)
        await write('a', 1, 1, 1, 'own')
        expect(Buffer.from(storeOf('a').read('lot-1', birth(1))?.bytes ?? []).toString()).toBe('own')
      },

      'refuses a writer when another has opened the name with a higher epoch': async () => {
        await open('a', 1, 1)
        await write('a', 1, 1, 1, 'in time')
        expect(found(await open('b', 1, 2))).toBe('in time')
        expect(await write('a', 1, 1, 2, 'late')).toMatchObject({ ok: false, reason: 'fenced', by: fence('b', 1, 2) })
        await write('b', 1, 2, 2, 'newer')
        expect(await write('a', 1, 1, 3, 'later')).toMatchObject({ ok: false, reason: 'fenced' })
        expect(found(await open('c', 1, 3))).toBe('newer')
      },

      'refuses to open with a lesser token, and says whose is greater': async () => {
        await open('a', 1, 3)
        expect(found(await open('b', 1, 2))).toBe('fenced by a 1/3')
        expect(found(await open('a', 1, 3))).toBeUndefined()
      },

      'gives a name of one epoch to the lower id, whoever came first': async () => {
        await open('b', 1, 2)
        await write('b', 1, 2, 2, 'of b')
        expect(found(await open('a', 1, 2))).toBe('of b')
        expect(await write('b', 1, 2, 3, 'late')).toMatchObject({ ok: false, reason: 'fenced' })
        expect(found(await open('c', 1, 2))).toBe('fenced by a 1/2')
      },

      'does not answer the state of an earlier birth, and refuses its writer': async () => {
        await open('a', 1, 1)
        await write('a', 1, 1, 1, 'first life')
        expect(found(await open('b', 2, 2))).toBeUndefined()
        expect(await write('a', 1, 1, 2, 'late')).toMatchObject({ ok: false, reason: 'fenced' })
        await write('b', 2, 2, 1, 'second life')
        expect(found(await open('c', 2, 3))).toBe('second life')
      },

      'goes on from an earlier birth where it is told to': async () => {
        await open('a', 1, 1)
        await write('a', 1, 1, 1, 'first life')
        expect(found(await open('b', 2, 2, { inherits: true }))).toBe('first life')
      },

      'is not opened for an earlier birth, unless that passes over the later one, of which nothing is lost': async () => {
        await open('a', 1, 2)
        await write('a', 1, 2, 1, 'earlier')
        await open('b', 5, 2)
        await write('b', 5, 2, 1, 'later')
        expect(await write('a', 1, 2, 2, 'late')).toMatchObject({ ok: false, by: fence('b', 5, 2) })
        expect(found(await open('c', 1, 3))).toBe('fenced by b 5/2')
        expect(found(await open('c', 1, 3, { over: 4 }))).toBe('fenced by b 5/2')
        expect(found(await open('c', 1, 3, { over: 5 }))).toBe('earlier')
        const state = { fence: { ...fence('c', 1, 3), over: 5 }, seq: 2, version: 3, bytes: bytes('goes on') }
        expect(await through(storeOf('c').write('lot-1', state))).toEqual({ ok: true })
        expect(await write('a', 1, 2, 3, 'later still')).toMatchObject({ ok: false, reason: 'fenced' })
        expect(found(await open('a', 1, 4, { over: 5 }))).toBe('goes on')
        expect(await write('b', 5, 2, 2, 'unharmed')).toEqual({ ok: true })
        expect(found(await open('a', 5, 3))).toBe('unharmed')
      },

      'keeps births of one number apart by who began them': async () => {
        const of = (node: string, seq: number, text: string) => ({
          fence: { ...fence(node, 1, 2), founder: node },
          seq,
          version: 3,
          bytes: bytes(text),
        })
        for (const node of ['b', 'a']) {
          expect(found(await open(node, 1, 2, { founder: node }))).toBeUndefined()
          expect(await through(storeOf(node).write('lot-1', of(node, 1, `of ${node}`)))).toEqual({ ok: true })
        }
        expect(await through(storeOf('b').write('lot-1', of('b', 2, 'still of b')))).toEqual({ ok: true })
        expect(found(await open('c', 1, 3, { founder: 'b' }))).toBe('still of b')
        expect(found(await open('c', 1, 3, { founder: 'a' }))).toBe('of a')
      },

      'forgets a birth on every node': async () => {
        await open('a', 1, 1)
        await write('a', 1, 1, 1, 'over')
        storeOf('a').forget('lot-1', 1)
        await pass(100)
        expect(storeOf('a').read('lot-1', birth(1))).toBeUndefined()
        expect(found(await open('b', 1, 2))).toBeUndefined()
      },

      'answers a write whose birth is forgotten meanwhile': async () => {
        await open('a', 1, 1)
        for (const peer of ['b', 'c']) box.network.cut('a', peer, { hold: true })
        const written = write('a', 1, 1, 1, 'on its way')
        storeOf('a').forget('lot-1', 1)
        const start = box.clock.now()
        expect(await written).toHaveProperty('ok')
        expect(box.clock.now() - start).toBeLessThan(100)
        box.network.heal()
        expect(storeOf('a').read('lot-1', birth(1))).toBeUndefined()
      },

      'does not forget a later birth': async () => {
        await open('a', 2, 1)
        await write('a', 2, 1, 1, 'goes on')
        storeOf('a').forget('lot-1', 1)
        await pass(100)
        expect(found(await open('b', 2, 2))).toBe('goes on')
      },

      'keeps names apart, also when they are written at once': async () => {
        const keys = Array.from({ length: 200 }, (_, index) => `lot-${index}`)
        await Promise.all(keys.map((key) => open('a', 1, 1, { key })))
        const written = await Promise.all(keys.map((key) => write('a', 1, 1, 1, `of ${key}`, key)))
        expect(written.every(({ ok }) => ok)).toBe(true)
        const states = await Promise.all(keys.map((key) => open('c', 1, 2, { key })))
        expect(states.map(found)).toEqual(keys.map((key) => `of ${key}`))
      },

      'keeps the last of many writes that were made at once': async () => {
        await open('a', 1, 1)
        const written = await Promise.all(Array.from({ length: 50 }, (_, index) => write('a', 1, 1, index + 1, `write ${index + 1}`)))
        expect(written.every(({ ok }) => ok)).toBe(true)
        expect(found(await open('b', 1, 2))).toBe('write 50')
      },

      'keeps a state of some megabytes': async () => {
        await open('a', 1, 1)
        const large = 'x'.repeat(4 * 1024 * 1024)
        expect(await write('a', 1, 1, 1, large)).toEqual({ ok: true })
        await crash('a')
        expect(found(await open('b', 1, 2)) === large).toBe(true)
      },

      'outlives all its nodes': async () => {
        await open('a', 7, 1)
        await write('a', 7, 1, 1, 'still there')
        for (const node of NAMES) box.crash(node)
        for (const node of NAMES) box.start(node)
        await box.clock.until(() => NAMES.every((node) => box.node(node).cluster.alive.size === NAMES.length))
        const next = storeOf('b').lastGen + 1
        expect(next).toBeGreaterThan(7)
        expect(found(await open('b', next, 2, { inherits: true }))).toBe('still there')
      },
    }

    // Stores that wait for disks wait for all that others write there.
    test.for(sentences)('%s', { timeout: 60_000 }, async (sentence, { skip }) => {
      const reason = waived[sentence]
      if (reason !== undefined) skip(`waived: ${reason}`)
      await bodies[sentence]()
    })
  })
}
