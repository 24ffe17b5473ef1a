// gen_statem's time-outs, sentence by sentence: of a state, of an event, and by name.
import { describe, expect, test } from 'vitest'
import { genStatem, keepStateAndData, nextState, sys, type Timeout } from '#otp'
import type { Process } from '#process'
import { call, start } from '#test/otp/support/start.ts'
import { Lab } from '#test/process/support/lab.ts'

const heard: string[] = []
/** The result of a callback that noted something first. */
const noted = <R>(_noted: unknown, result: R): R => result

const note = (what: string) => (_data: number, content?: string | number) =>
  noted(heard.push(content === undefined ? what : `${what} ${String(content)}`), keepStateAndData())

interface Setting {
  readonly stateTimeout?: Timeout
  readonly eventTimeout?: Timeout
  readonly timeouts?: Readonly<Record<string, Timeout>>
}

const Machine = genStatem({
  name: 'machine',
  init: () => nextState('a', 0),
  states: { a: {}, b: { casts: { deaf: () => keepStateAndData() } } },
  all: {
    casts: {
      set: (_n: number, setting: Setting) => keepStateAndData(setting),
      go: (n: number, setting: Setting) => nextState('b', n, setting),
      stay: (n: number) => nextState('a', n),
      note: note('note'),
      insert: (_n: number, setting: Setting) =>
        keepStateAndData({ ...setting, nextEvents: [{ kind: 'cast', name: 'note', payload: 'inserted' }] }),
      insertAndGo: (_n: number, setting: Setting) =>
        keepStateAndData({ ...setting, nextEvents: [{ kind: 'cast', name: 'go', payload: {} }] }),
      later: (_n: number, setting: Setting) => keepStateAndData({ ...setting, postpone: true }),
    },
    calls: { look: (n: number) => keepStateAndData({ reply: n }) },
    stateTimeout: note('state'),
    eventTimeout: note('event'),
    timeouts: { one: note('one'), two: note('two') },
  },
})

function begin(): { lab: Lab; process: Process; cast: (name: string, setting?: Setting) => void } {
  heard.length = 0
  const lab = new Lab()
  const process = start(lab, Machine)
  return { lab, process, cast: (name, setting = {}) => process.cast(process.pid, name, setting) }
}

describe('a state time-out', () => {
  test('comes after its time if the state has not changed', async () => {
    const { lab, cast } = begin()
    cast('set', { stateTimeout: 100 })
    await lab.clock.advance(99)
    expect(heard).toEqual([])
    await lab.clock.advance(1)
    expect(heard).toEqual(['state'])
  })

  test('is not disturbed by events', async () => {
    const { lab, cast } = begin()
    cast('set', { stateTimeout: 100 })
    await lab.clock.advance(60)
    cast('stay')
    cast('set')
    await lab.clock.advance(40)
    expect(heard).toEqual(['state'])
  })

  test('is cancelled when the state changes', async () => {
    const { lab, cast } = begin()
    cast('set', { stateTimeout: 100 })
    cast('go')
    await lab.settle()
    expect(lab.clock.pending).toBe(0)
    await lab.clock.advance(1000)
    expect(heard).toEqual([])
  })

  test('that is set with the change belongs to the new state', async () => {
    const { lab, cast } = begin()
    cast('set', { stateTimeout: 10 })
    cast('go', { stateTimeout: 100 })
    await lab.clock.advance(99)
    expect(heard).toEqual([])
    await lab.clock.advance(1)
    expect(heard).toEqual(['state'])
  })

  test('that fired is not delivered when the state changed before its event was handled', async () => {
    const { lab, process, cast } = begin()
    cast('set', { stateTimeout: 100 })
    await sys(lab.runtime).suspend(process.pid)
    cast('go')
    await lab.clock.advance(100)
    expect(process.depth).toBe(2)
    await sys(lab.runtime).resume(process.pid)
    await lab.settle()
    expect([heard, (process.state as { state: string }).state]).toEqual([[], 'b'])
  })

  test('carries its content', async () => {
    const { lab, cast } = begin()
    cast('set', { stateTimeout: { ms: 5, content: 'lock' } })
    await lab.clock.advance(5)
    expect(heard).toEqual(['state lock'])
  })

  test('set again while it runs starts anew', async () => {
    const { lab, cast } = begin()
    cast('set', { stateTimeout: 100 })
    await lab.clock.advance(60)
    cast('set', { stateTimeout: 100 })
    await lab.clock.advance(99)
    expect(heard).toEqual([])
    await lab.clock.advance(1)
    expect(heard).toEqual(['state'])
  })

  test.each(['infinity', 'cancel'] as const)('set to %s is cancelled', async (timeout) => {
    const { lab, cast } = begin()
    cast('set', { stateTimeout: 100 })
    cast('set', { stateTimeout: timeout })
    await lab.clock.advance(1000)
    expect([heard, lab.clock.pending]).toEqual([[], 0])
  })

  test('that is updated keeps its time and has the new content', async () => {
    const { lab, cast } = begin()
    cast('set', { stateTimeout: { ms: 100, content: 'old' } })
    await lab.clock.advance(60)
    cast('set', { stateTimeout: { update: 'new' } })
    await lab.clock.advance(40)
    expect(heard).toEqual(['state new'])
  })

  test('that is updated while none runs comes at once', async () => {
    const { lab, cast } = begin()
    cast('set', { stateTimeout: { update: 'now' } })
    cast('note')
    await lab.settle()
    expect(heard).toEqual(['state now', 'note [object Object]'])
  })
})

describe('an event time-out', () => {
  test('comes after its time if no event does', async () => {
    const { lab, cast } = begin()
    cast('set', { eventTimeout: 100 })
    await lab.clock.advance(100)
    expect(heard).toEqual(['event'])
  })

  test.each(['set', 'go', 'nothing'])('is cancelled by any event (%s)', async (name) => {
    const { lab, cast } = begin()
    cast('set', { eventTimeout: 100 })
    await lab.clock.advance(50)
    cast(name)
    await lab.clock.advance(1000)
    expect([heard, lab.clock.pending]).toEqual([[], 0])
  })

  test('is cancelled by an inserted event, and by another time-out', async () => {
    const { lab, cast } = begin()
    cast('insert', { eventTimeout: 100 })
    await lab.clock.advance(1000)
    expect(heard).toEqual(['note inserted'])
    cast('set', { eventTimeout: 100, stateTimeout: 50 })
    await lab.clock.advance(1000)
    expect(heard).toEqual(['note inserted', 'state'])
  })

  test('of 0 comes only if no event is queued', async () => {
    const { lab, cast } = begin()
    cast('insert', { eventTimeout: 0 })
    await lab.settle()
    expect(heard).toEqual(['note inserted'])
    cast('set', { eventTimeout: 0 })
    await lab.settle()
    expect(heard).toEqual(['note inserted', 'event'])
  })
})

describe('a named time-out', () => {
  test('is not cancelled when the state changes, nor by events', async () => {
    const { lab, cast } = begin()
    cast('set', { timeouts: { one: 100 } })
    cast('go')
    cast('note')
    await lab.clock.advance(100)
    expect(heard.at(-1)).toBe('one')
  })

  test('runs beside others of other names', async () => {
    const { lab, cast } = begin()
    cast('set', { timeouts: { one: 100, two: { ms: 50, content: 2 } }, stateTimeout: 70 })
    await lab.clock.advance(100)
    expect(heard).toEqual(['two 2', 'state', 'one'])
  })

  test('set again by its name starts anew; cancelled by its name it is gone', async () => {
    const { lab, cast } = begin()
    cast('set', { timeouts: { one: 100, two: 100 } })
    await lab.clock.advance(50)
    cast('set', { timeouts: { one: 100, two: 'cancel' } })
    await lab.clock.advance(99)
    expect(heard).toEqual([])
    await lab.clock.advance(1)
    expect(heard).toEqual(['one'])
  })

  test('without a callback in any state is a crash with a clear error', async () => {
    const { lab, process, cast } = begin()
    cast('set', { timeouts: { three: 100 } })
    await lab.settle()
    expect(process.endedWith).toMatchObject({ error: { message: "machine: a time-out 'three' needs a callback in some state" } })
  })
})

describe('a time-out of 0', () => {
  test('comes before any event from outside that was not taken yet', async () => {
    const { lab, cast } = begin()
    cast('set', { timeouts: { one: 0 } })
    cast('note')
    await lab.settle()
    expect(heard).toEqual(['one', 'note [object Object]'])
  })

  test('comes after events that are queued already', async () => {
    const { lab, cast } = begin()
    cast('insert', { timeouts: { one: 0 } })
    await lab.settle()
    expect(heard).toEqual(['note inserted', 'one'])
  })

  test('of the state is cancelled when a queued event changes the state', async () => {
    const { lab, cast } = begin()
    cast('insertAndGo', { stateTimeout: 0, timeouts: { one: 0 } })
    await lab.settle()
    expect(heard).toEqual(['one'])
  })

  test('and others come in the order in which they were set', async () => {
    const { lab, cast } = begin()
    cast('set', { stateTimeout: 0, timeouts: { two: 0, one: 0 } })
    await lab.settle()
    expect(heard).toEqual(['state', 'two', 'one'])
  })
})

describe('time-outs', () => {
  test('end with their process', async () => {
    const { lab, process, cast } = begin()
    cast('set', { stateTimeout: 10, eventTimeout: 10, timeouts: { one: 10 } })
    await lab.settle()
    process.signal(process.pid, 'kill')
    expect(lab.clock.pending).toBe(0)
    await lab.clock.advance(100)
    expect([heard, lab.all('process.dead_letter')]).toEqual([[], []])
  })

  test('that are no time are a crash of who set them', async () => {
    const { lab, process, cast } = begin()
    cast('set', { stateTimeout: -1 })
    await lab.settle()
    expect(process.endedWith).toMatchObject({ error: { code: 'ERR_OTP_PROCESS_BAD_DELAY' } })
  })

  test('leave calls alone: an answer comes while they run', async () => {
    const { lab, process, cast } = begin()
    cast('set', { stateTimeout: 10 })
    expect(await call(lab, process, 'look')).toBe(0)
  })
})
