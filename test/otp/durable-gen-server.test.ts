// A gen_server that persists: what it begins with, when its callers are answered, and how it ends when it cannot write.
import { beforeEach, describe, expect, test } from 'vitest'
import type { CodedError } from '#base'
import { genServer, type KeptState, noReply, type PersistOptions, reply, type Self, type StateKeeper, stop } from '#otp'
import { Crash, type ExitReason, type Process, type ReplyTo } from '#process'
import { call, tryStart } from '#test/otp/support/start.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

interface Purse {
  readonly coins: number
}

const later: ReplyTo[] = []
const terminated: ExitReason[] = []

const purse = (persist: true | PersistOptions<Purse>) =>
  genServer({
    name: 'purse',
    init: (coins: number): Purse => ({ coins }),
    persist,
    calls: {
      add: (state, coins: number) => reply(state.coins + coins, { coins: state.coins + coins }),
      look: (state) => reply(state.coins, state),
      keep: (state, _nothing: undefined, self: Self) => {
        later.push(self.from as ReplyTo)
        return noReply({ coins: state.coins + 1 })
      },
      wait: async (state, opened: Promise<void>, self: Self) => {
        self.reply(self.from as ReplyTo, 'early')
        await opened
        return noReply({ coins: state.coins + 1 })
      },
      spend: (state, reason: ExitReason) => stop(reason, { coins: state.coins - 1 }, 'spent'),
      crash: (): never => {
        throw new Error('broken')
      },
    },
    casts: {
      add: (state, coins: number) => ({ coins: state.coins + coins }),
      answer: (state, coins: number, self: Self) => {
        self.reply(later.shift() as ReplyTo, state.coins + coins)
        return { coins: state.coins + coins }
      },
    },
    terminate: (_state, reason) => {
      terminated.push(reason)
    },
  })

/** Keeps what it is given when the test says so. */
class Keeper implements StateKeeper {
  kept: KeptState | undefined
  readonly written: unknown[] = []
  readonly stopped: ExitReason[] = []
  /** Undefined: writes are done at once. */
  pending: PromiseWithResolvers<boolean>[] | undefined

  write(version: number, data: unknown): boolean | Promise<boolean> {
    this.written.push(version === 0 ? data : [version, data])
    if (this.pending === undefined) return true
    const { length } = this.pending
    this.pending.push(Promise.withResolvers())
    return (this.pending[length] as PromiseWithResolvers<boolean>).promise
  }

  stop(reason: ExitReason): void {
    this.stopped.push(reason)
  }
}

let lab: Lab
let keeper: Keeper

beforeEach(() => {
  lab = new Lab()
  keeper = new Keeper()
  later.length = 0
  terminated.length = 0
})

const durable = (persist: true | PersistOptions<Purse> = true) => {
  const behaviour = purse(persist)
  return { ...behaviour, body: (behaviour.durableBody as NonNullable<typeof behaviour.durableBody>)(keeper) }
}

function start(persist: true | PersistOptions<Purse> = true, cause: 'call' | 'restart' = 'call'): Process {
  return lab.spawn(durable(persist).body, { cause }, 0)
}

/** What a call answers or why it failed, noted as it comes. */
function ask(process: Process, name: string, payload: unknown, notes: unknown[]): void {
  call(lab, process, name, payload).then(
    (answer) => notes.push(answer),
    (error: { reason: ExitReason }) => notes.push(error.reason instanceof Crash ? error.reason.error.message : error.reason),
  )
}

async function finish(index: number, isWritten = true): Promise<void> {
  keeper.pending?.[index]?.resolve(isWritten)
  await lab.settle()
}

describe('what it begins with', () => {
  test('nothing is written before the first change, and then what the callback made', async () => {
    const process = start()
    expect(await call(lab, process, 'look')).toBe(0)
    expect(keeper.written).toEqual([])
    expect(await call(lab, process, 'add', 3)).toBe(3)
    expect(keeper.written).toEqual([{ coins: 3 }])
  })

  test('what was kept, in place of init, and it is not written again', async () => {
    keeper.kept = { version: 0, data: { coins: 9 }, isConfirmed: true }
    const process = start()
    expect(await call(lab, process, 'look')).toBe(9)
    expect(keeper.written).toEqual([])
  })

  test('what was not confirmed is written again before anybody is told of it', async () => {
    keeper.kept = { version: 0, data: { coins: 9 }, isConfirmed: false }
    keeper.pending = []
    const process = start()
    const notes: unknown[] = []
    ask(process, 'look', undefined, notes)
    await lab.settle()
    expect([keeper.written, notes]).toEqual([[{ coins: 9 }], []])
    await finish(0)
    expect(notes).toEqual([9])
  })

  test('load reads what save made, with its version and the process itself', async () => {
    keeper.kept = { version: 1, data: 4, isConfirmed: true }
    const load = (data: unknown, version: number, self: Self): Purse => {
      self.label = `of version ${version}`
      return { coins: (data as number) * 10 }
    }
    const process = start({ version: 2, save: ({ coins }) => `${coins}`, load })
    expect(process.label).toBe('of version 1')
    expect(await call(lab, process, 'add', 2)).toBe(42)
    expect(keeper.written).toEqual([[2, '42']])
  })

  test('without a load, data of another version is refused', async () => {
    keeper.kept = { version: 7, data: { coins: 9 }, isConfirmed: true }
    const result = await tryStart(lab, durable(), 0)
    const reason = result.ok ? undefined : result.reason
    expect(reason instanceof Crash && (reason.error as CodedError).code).toBe('ERR_OTP_OTP_STATE_VERSION')
  })

  test('onCrash fresh: a restart begins with init, and writes it over what was there; a takeover does not', async () => {
    keeper.kept = { version: 0, data: { coins: 9 }, isConfirmed: true }
    const load = (data: unknown) => data as Purse
    const restarted = start({ version: 0, load, onCrash: 'fresh' }, 'restart')
    expect(await call(lab, restarted, 'look')).toBe(0)
    expect(keeper.written).toEqual([{ coins: 0 }])
    expect(await call(lab, start({ version: 0, load, onCrash: 'fresh' }), 'look')).toBe(9)
  })

  test('a persist that cannot work is refused when the behaviour is made', () => {
    expect(() => purse({ version: -1 })).toThrow('expected the version of its state to be a whole number from 0, got -1')
    expect(() => purse({ version: 0, save: () => 0 })).toThrow('expected a load beside save')
    expect(() => purse({ version: 0, onCrash: 'ask' as never })).toThrow("expected onCrash to be 'stored' or 'fresh', got ask")
    expect(() => purse('yes' as never)).toThrow('expected persist to be true or { version, save, load }, got yes')
  })
})

describe('its answers', () => {
  test('wait for the write of the state that they speak of; what comes meanwhile shares the next one, in order', async () => {
    keeper.pending = []
    const process = start()
    const notes: unknown[] = []
    ask(process, 'add', 1, notes)
    await lab.settle()
    for (const coins of [10, 100]) ask(process, 'add', coins, notes)
    ask(process, 'look', undefined, notes)
    await lab.settle()
    expect([keeper.written, notes]).toEqual([[{ coins: 1 }], []])
    await finish(0)
    expect([keeper.written, notes]).toEqual([[{ coins: 1 }, { coins: 111 }], [1]])
    await finish(1)
    expect(notes).toEqual([1, 11, 111, 111])
    ask(process, 'look', undefined, notes)
    await lab.settle()
    expect(notes).toEqual([1, 11, 111, 111, 111])
  })

  test('of one drain of the mailbox share one write', async () => {
    const process = start()
    const notes: unknown[] = []
    for (let i = 0; i < 100; i++) ask(process, 'add', 1, notes)
    await lab.settle()
    expect(notes).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
    expect(keeper.written).toEqual([{ coins: 100 }])
  })

  test('wait also for a write under way that they have seen', async () => {
    keeper.pending = []
    const process = start()
    lab.runtime.send(process.pid, 'cast', 'add', 5)
    const notes: unknown[] = []
    await lab.settle()
    ask(process, 'look', undefined, notes)
    await lab.settle()
    expect([keeper.written, notes]).toEqual([[{ coins: 5 }], []])
    await finish(0)
    expect(notes).toEqual([5])
  })

  test('that are given within a callback, to whomever, wait for what the callback makes', async () => {
    keeper.pending = []
    const process = start()
    const notes: unknown[] = []
    ask(process, 'keep', undefined, notes)
    await lab.settle()
    await finish(0)
    lab.runtime.send(process.pid, 'cast', 'answer', 5)
    await lab.settle()
    expect(notes).toEqual([])
    await finish(1)
    expect(notes).toEqual([6])
    const door = gate()
    ask(process, 'wait', door.promise, notes)
    await lab.settle()
    door.resolve()
    await lab.settle()
    expect([notes, keeper.written.at(-1)]).toEqual([[6], { coins: 7 }])
    await finish(2)
    expect(notes).toEqual([6, 'early'])
  })

  test('that are given outside of any callback wait for no write that is not due', async () => {
    const process = start()
    const notes: unknown[] = []
    ask(process, 'keep', undefined, notes)
    await lab.settle()
    later.shift()?.reply('from outside')
    await lab.settle()
    expect([notes, keeper.written]).toEqual([['from outside'], [{ coins: 1 }]])
  })

  test('of a state that became again what it was need no write', async () => {
    const first: Purse = { coins: 1 }
    const Same = genServer({
      name: 'same',
      init: () => first,
      persist: true,
      calls: { look: (state) => reply(state.coins, state) },
      casts: { other: () => ({ coins: 2 }), back: () => first },
    })
    const process = lab.spawn((Same.durableBody as NonNullable<typeof Same.durableBody>)(keeper))
    const notes: unknown[] = []
    lab.runtime.send(process.pid, 'cast', 'other', undefined)
    ask(process, 'look', undefined, notes)
    lab.runtime.send(process.pid, 'cast', 'back', undefined)
    await lab.settle()
    expect([notes, keeper.written]).toEqual([[2], []])
  })
})

describe('its end', () => {
  test('a stop with an answer writes the last state, answers, and then terminates', async () => {
    keeper.pending = []
    const process = start()
    const notes: unknown[] = []
    ask(process, 'spend', 'normal', notes)
    await lab.settle()
    expect([keeper.written, notes, terminated, process.isAlive]).toEqual([[{ coins: -1 }], [], [], true])
    await finish(0)
    expect([notes, terminated, process.endedWith]).toEqual([['spent'], ['normal'], 'normal'])
  })

  test('a crash lets those be answered whose state is being written, and writes nothing of the callback that crashed', async () => {
    keeper.pending = []
    const process = start()
    const notes: unknown[] = []
    ask(process, 'add', 1, notes)
    await lab.settle()
    ask(process, 'add', 1, notes)
    ask(process, 'crash', undefined, notes)
    await lab.settle()
    await finish(0)
    await finish(1)
    expect(keeper.written).toEqual([{ coins: 1 }, { coins: 2 }])
    expect(notes).toEqual([1, 2, 'broken'])
  })

  test('killed, it tells those who waited that it was', async () => {
    keeper.pending = []
    const process = start()
    const notes: unknown[] = []
    ask(process, 'add', 1, notes)
    await lab.settle()
    ask(process, 'add', 1, notes)
    await lab.settle()
    process.signal(process.pid, 'kill')
    await finish(0)
    expect(notes).toEqual(['killed', 'killed'])
  })

  test('a write that fails ends it with the error, and those who waited', async () => {
    keeper.pending = []
    const process = start()
    const notes: unknown[] = []
    ask(process, 'add', 1, notes)
    await lab.settle()
    ask(process, 'add', 1, notes)
    await lab.settle()
    keeper.pending[0]?.reject(new Error('disk full'))
    await lab.settle()
    expect(notes).toEqual(['disk full', 'disk full'])
    expect(process.endedWith).toBeInstanceOf(Crash)
    expect(keeper.written).toEqual([{ coins: 1 }])
  })

  test('a state that save cannot make data of ends it as well', async () => {
    const save = (): never => {
      throw new Error('cannot be saved')
    }
    const process = start({ version: 0, save, load: (data) => data as Purse })
    const notes: unknown[] = []
    ask(process, 'add', 1, notes)
    await lab.settle()
    expect([notes, process.isAlive]).toEqual([['cannot be saved'], false])
  })

  test('fenced, it asks to be stopped, answers nobody, and does nothing more', async () => {
    keeper.pending = []
    const process = start()
    const notes: unknown[] = []
    ask(process, 'add', 1, notes)
    await lab.settle()
    await finish(0, false)
    expect(keeper.stopped).toEqual([{ shutdown: 'fenced' }])
    ask(process, 'look', undefined, notes)
    lab.runtime.send(process.pid, 'cast', 'add', 5)
    await lab.settle()
    expect([notes, process.state, keeper.written.length]).toEqual([[{ shutdown: 'fenced' }], { coins: 1 }, 1])
    process.stop({ shutdown: 'fenced' })
    await lab.settle()
    expect(notes).toEqual([{ shutdown: 'fenced' }, { shutdown: 'fenced' }])
    expect(keeper.written).toHaveLength(1)
  })
})
