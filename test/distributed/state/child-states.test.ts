// The states of a node's children: under which token each is opened, and what is said when that fails.
import { beforeEach, describe, expect, test } from 'vitest'
import { EventStream } from '#base'
import type { DistributedEvents } from '#distributed'
import { ChildStates, type OpenedState } from '#src/distributed/state/child-states.ts'
import type { BirthId, Fence, StoredState } from '#src/distributed/state/fence.ts'
import type { OpenResult, StateStore, WriteResult } from '#src/distributed/state/state-store.ts'
import { FakeClock } from '#test/support/fake-clock.ts'

/** Answers what the test tells it to. */
class Store implements StateStore {
  readonly name = 'told'
  readonly lastGen = 0
  readonly opened: Fence[] = []
  answers: (OpenResult | Error)[] = []
  stored: StoredState | undefined
  writes: (WriteResult | Error)[] = []

  async open(_key: string, fence: Fence): Promise<OpenResult> {
    this.opened.push(fence)
    const answer = this.answers.shift() ?? { ok: true, stored: undefined }
    if (answer instanceof Error) throw answer
    return answer
  }

  read(_key: string, { gen, founder }: BirthId): StoredState | undefined {
    return this.stored?.fence.gen === gen && this.stored.fence.founder === founder ? this.stored : undefined
  }

  async write(_key: string, state: StoredState): Promise<WriteResult> {
    const answer = this.writes.shift() ?? { ok: true }
    if (answer instanceof Error) throw answer
    this.stored = state
    return answer
  }

  release(): void {}
  forget(): void {}
  async close(): Promise<void> {}
}

let store: Store
let facts: unknown[]
let states: ChildStates
let clock: FakeClock

beforeEach(() => {
  store = new Store()
  facts = []
  clock = new FakeClock()
  const events = new EventStream<DistributedEvents>()
  events.subscribe('test', {
    'state.written': ({ name, store: label, behaviour }) => facts.push(`${name} of ${behaviour} written to ${label}`),
    'state.write_failed': ({ outcome, why }) => facts.push(`${outcome}: ${why}`),
    'state.loaded': ({ from }) => facts.push(`loaded from ${from}`),
  })
  const isAlive = (id: string) => id !== 'dead.1'
  states = new ChildStates({ self: 'me.1', store, clock, events, isAlive })
})

const birth = { gen: 3, founder: 'first.1' }
const open = (): Promise<OpenedState> => states.open('lot-1', 'lot', { ...birth, epoch: 2 }, () => undefined)
const fencedBy = (owner: string, epoch: number, gen = 3): OpenResult => ({
  ok: false,
  reason: 'fenced',
  by: { ...birth, gen, epoch, owner },
})
const epochOf = (opened: OpenedState) => (opened.ok ? opened.keeper.fence.epoch : opened.reason)
const keeperOf = async () => {
  const opened = await open()
  if (!opened.ok) throw new Error(opened.reason)
  return opened.keeper
}

describe('a state is opened', () => {
  test('under the epoch that was asked for', async () => {
    expect(epochOf(await open())).toBe(2)
    expect(store.opened).toEqual([{ ...birth, epoch: 2, owner: 'me.1' }])
    expect(facts).toEqual([])
  })

  test('under a higher one where the greater token is of a node that is gone, or of an earlier start here', async () => {
    store.answers = [fencedBy('dead.1', 4), fencedBy('me.1', 7)]
    expect(epochOf(await open())).toBe(8)
    expect(store.opened.map(({ epoch }) => epoch)).toEqual([2, 5, 8])
  })

  test('not at all where the greater token is of a node that lives, of this birth or of a later one', async () => {
    store.answers = [fencedBy('other.1', 2)]
    expect(epochOf(await open())).toBe('fenced')
    store.answers = [fencedBy('other.1', 1, 4)]
    expect(epochOf(await open())).toBe('fenced')
  })

  test('over the token of a later birth whose owner was gone before anybody knew of it', async () => {
    store.answers = [fencedBy('dead.1', 1, 4), fencedBy('dead.1', 1, 6)]
    expect(epochOf(await open())).toBe(2)
    expect(store.opened.map(({ over }) => over)).toEqual([undefined, 4, 6])
  })

  test('nor where a later birth is known, which no token passes over', async () => {
    store.answers = [fencedBy('dead.1', 1, 4), fencedBy('dead.1', 1, 4)]
    expect(epochOf(await open())).toBe('fenced')
  })

  test('under a higher one where a node that lives has had the greater token for long, and made nothing of it', async () => {
    const held = fencedBy('other.1', 2)
    store.answers = [held, held]
    expect(epochOf(await open())).toBe('fenced')
    await clock.advance(1000)
    expect(epochOf(await open())).toBe('fenced')
    await clock.advance(1000)
    store.answers = [fencedBy('other.1', 3)]
    expect(epochOf(await open())).toBe('fenced')
    await clock.advance(2000)
    store.answers = [fencedBy('other.1', 3)]
    expect(epochOf(await open())).toBe(4)
  })

  test('not at all where its birth has ended meanwhile, which no token outdoes', async () => {
    store.answers = Array.from({ length: 9 }, () => fencedBy('dead.1', 4))
    expect(epochOf(await open())).toBe('fenced')
    expect(store.opened.map(({ epoch }) => epoch)).toEqual([2, 5])
  })

  test('not now, where the store cannot tell; and that is said', async () => {
    store.answers = [new Error('disk gone')]
    expect(epochOf(await open())).toBe('unavailable')
    expect(facts).toEqual(['error: not opened: disk gone'])
  })

  test('and what was found is said', async () => {
    const stored = { fence: { ...birth, epoch: 1, owner: 'dead.1' }, seq: 1, version: 0, bytes: Buffer.from([1]) }
    store.answers = [{ ok: true, stored }]
    await open()
    expect(facts).toEqual(['loaded from dead.1'])
  })
})

describe('its keeper', () => {
  test('numbers what it writes, and finds it again', async () => {
    const keeper = await keeperOf()
    expect(keeper.kept).toBeUndefined()
    expect(await keeper.write(1, { high: 5 })).toBe(true)
    expect(await keeper.write(1, { high: 6, at: new Date(0), tags: new Set(['a']) })).toBe(true)
    expect(store.stored?.seq).toBe(2)
    expect(keeper.kept).toEqual({ version: 1, data: { high: 6, at: new Date(0), tags: new Set(['a']) }, isConfirmed: true })
    expect(facts).toEqual(['lot-1 of lot written to told', 'lot-1 of lot written to told'])
  })

  test('says which state was not confirmed', async () => {
    const keeper = await keeperOf()
    await keeper.write(0, 'first')
    store.writes = [new Error('no node took it')]
    await expect(keeper.write(0, 'second')).rejects.toThrow('no node took it')
    store.stored = { ...(store.stored as StoredState), seq: 2 }
    expect(keeper.kept?.isConfirmed).toBe(false)
    expect(facts.at(-1)).toBe('error: no node took it')
  })

  test('does not take the state of another birth for its own', async () => {
    store.stored = { fence: { ...birth, gen: 2, epoch: 9, owner: 'a.1' }, seq: 4, version: 0, bytes: Buffer.from([1]) }
    expect((await keeperOf()).kept).toBeUndefined()
    store.stored = { ...store.stored, fence: { gen: 3, founder: 'another.1', epoch: 9, owner: 'a.1' } }
    expect((await keeperOf()).kept).toBeUndefined()
  })

  test('refuses what is no plain data, and what is too large, before the store hears of it', async () => {
    const keeper = await keeperOf()
    await expect(keeper.write(0, { go: () => 0 })).rejects.toMatchObject({ code: 'ERR_OTP_CLUSTER_NOT_PLAIN_DATA' })
    await expect(keeper.write(0, 'x'.repeat(9 * 1024 * 1024))).rejects.toMatchObject({ code: 'ERR_OTP_DISTRIBUTED_STATE_TOO_LARGE' })
    expect(store.stored).toBeUndefined()
    expect(facts).toHaveLength(2)
  })

  test('says when the name is another’s', async () => {
    const keeper = await keeperOf()
    store.writes = [{ ok: false, reason: 'fenced', by: { ...birth, epoch: 3, owner: 'other.1' } }]
    expect(await keeper.write(0, 1)).toBe(false)
    expect(facts).toEqual(["fenced: the name is other.1's"])
  })
})
