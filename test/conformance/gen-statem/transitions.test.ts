// gen_statem's transitions, sentence by sentence: results, enter calls, and what ends it.
import { describe, expect, test } from 'vitest'
import {
  genStatem,
  ignore,
  keepState,
  keepStateAndData,
  nextState,
  repeatState,
  repeatStateAndData,
  reply,
  type Self,
  stop,
  supervisor,
  sys,
} from '#otp'
import { Crash, describeExit, type Process } from '#process'
import { call, start, tryStart } from '#test/otp/support/start.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

const where = (process: Process): unknown => (process.state as { state: string }).state
const dataOf = <D>(process: Process): D => (process.state as { data: D }).data

/** Casts by name, one after the other, and lets all run. */
async function tell(lab: Lab, process: Process, ...names: string[]): Promise<void> {
  for (const name of names) process.cast(process.pid, name)
  await lab.settle()
}

/** The result of a callback that noted something first. */
const noted = <R>(_noted: unknown, result: R): R => result

describe('init', () => {
  test('gives the first state and data', async () => {
    const lab = new Lab()
    const Door = genStatem({
      name: 'door',
      init: (code: string) => nextState('locked', { code }),
      states: { locked: { calls: { code: ({ code }) => keepStateAndData({ reply: code }) } } },
    })
    const process = start(lab, Door, '1234')
    expect([where(process), await call(lab, process, 'code')]).toEqual(['locked', '1234'])
  })

  test('may ignore, and may stop with a reason', async () => {
    const lab = new Lab()
    const Door = genStatem({ name: 'door', init: async (no: boolean) => (no ? ignore : stop('broken')), states: { locked: {} } })
    expect(await tryStart(lab, Door, true)).toEqual({ ok: false, reason: 'ignore' })
    expect(await tryStart(lab, Door, false)).toEqual({ ok: false, reason: 'broken' })
  })

  test.each([
    ['a state that there is not', () => nextState('open', 0)],
    ['no state', () => keepState(0)],
    ['what a gen_server returns', () => reply(1, 2)],
  ])('that returns %s fails the start with a clear error', async (_what, init) => {
    const lab = new Lab()
    const Door = genStatem({ name: 'door', init: init as unknown as () => typeof ignore, states: { locked: {} } })
    expect(await tryStart(lab, Door)).toMatchObject({ ok: false, reason: { error: { code: 'ERR_OTP_OTP_BAD_RETURN' } } })
  })

  test('may give actions, which are carried out before any message', async () => {
    const lab = new Lab()
    const order: string[] = []
    const Machine = genStatem({
      name: 'machine',
      init: (_argument: unknown, self: Self) => {
        self.cast(self.pid, 'early')
        return nextState('first', 0, { nextEvents: [{ kind: 'internal', name: 'load' }] })
      },
      states: {
        first: {
          casts: { early: () => noted(order.push('early'), keepStateAndData()) },
          internals: { load: () => noted(order.push('load'), keepStateAndData()) },
        },
      },
    })
    start(lab, Machine)
    await lab.settle()
    expect(order).toEqual(['load', 'early'])
  })
})

describe('the result of a callback', () => {
  const entered: string[] = []
  const Machine = genStatem({
    name: 'machine',
    init: () => nextState('a', 0),
    states: {
      a: {
        enter: (_n, previous) => noted(entered.push(`a from ${previous}`), keepStateAndData()),
        casts: {
          next: (n) => nextState('b', n + 1),
          same: (n) => nextState('a', n + 1),
          keep: (n) => keepState(n + 1),
          both: () => keepStateAndData(),
          repeat: (n) => repeatState(n + 1),
          repeatBoth: () => repeatStateAndData(),
          later: async (n) => nextState('b', n + 5),
          wrong: () => 'nothing' as never,
          gone: (n) => nextState('c' as 'a', n),
        },
        calls: { bye: (n) => stop('normal', n, 'bye'), leave: (n) => stop('shutdown', n) },
      },
      b: { enter: (n, previous) => noted(entered.push(`b from ${previous}`), keepState(n + 100)) },
    },
    terminate: (n, reason, _self, state) =>
      void entered.push(`end of ${state} with ${n}: ${reason instanceof Crash ? 'crash' : describeExit(reason)}`),
  })
  const begin = async () => {
    const lab = new Lab()
    const process = start(lab, Machine)
    await lab.settle()
    entered.length = 0
    return { lab, process }
  }

  test.each([
    ['next_state leads to another state, with new data', 'next', 'b', 101, ['b from a']],
    ['next_state to the state it is in already is no change: enter is not called', 'same', 'a', 1, []],
    ['keep_state keeps the state, with new data', 'keep', 'a', 1, []],
    ['keep_state_and_data keeps both', 'both', 'a', 0, []],
    ['repeat_state is keep_state, and enter is called again', 'repeat', 'a', 1, ['a from a']],
    ['repeat_state_and_data keeps the data, too', 'repeatBoth', 'a', 0, ['a from a']],
    ['may be a promise: no other event is handled until it settles', 'later', 'b', 105, ['b from a']],
  ])('%s', async (_sentence, name, state, data, notes) => {
    const { lab, process } = await begin()
    await tell(lab, process, name)
    expect([where(process), dataOf(process), entered]).toEqual([state, data, notes])
  })

  test.each([
    ['wrong', 'machine: a cast of it has to return nextState(…), keepState(…) or stop(…), got string'],
    ['gone', "machine has no state 'c'; it has: a, b"],
  ])('(%s) that is none is a crash with a clear error', async (name, message) => {
    const { lab, process } = await begin()
    await tell(lab, process, name)
    expect(process.endedWith).toMatchObject({ error: { code: 'ERR_OTP_OTP_BAD_RETURN', message } })
    expect(entered).toEqual(['end of a with 0: crash'])
  })

  test('stop ends the machine after terminate, which gets reason, state and data', async () => {
    const { lab, process } = await begin()
    await expect(call(lab, process, 'leave')).rejects.toMatchObject({ reason: 'shutdown' })
    expect(entered).toEqual(['end of a with 0: shutdown'])
  })

  test('stop with an answer answers first', async () => {
    const { lab, process } = await begin()
    expect(await call(lab, process, 'bye')).toBe('bye')
    expect(process.endedWith).toBe('normal')
  })
})

describe('a state enter call', () => {
  test('is made for the first state, with the state itself as the previous one', async () => {
    const lab = new Lab()
    const entered: string[] = []
    const Machine = genStatem({
      name: 'machine',
      init: () => nextState('first', 0),
      states: { first: { enter: (n, previous) => noted(entered.push(previous), keepState(n)) } },
    })
    start(lab, Machine)
    expect(entered).toEqual([])
    await lab.settle()
    expect(entered).toEqual(['first'])
  })

  test('comes before any event: those that wait, those that are inserted, and those that are retried', async () => {
    const lab = new Lab()
    const order: string[] = []
    const note = (what: string) => () => noted(order.push(what), keepStateAndData())
    const Machine = genStatem({
      name: 'machine',
      init: () => nextState('a', 0),
      states: {
        a: {
          casts: {
            wait: () => keepStateAndData({ postpone: true }),
            go: (n) => nextState('b', n, { nextEvents: [{ kind: 'internal', name: 'inserted' }] }),
          },
        },
        b: { enter: note('enter'), casts: { wait: note('wait'), after: note('after') }, internals: { inserted: note('inserted') } },
      },
    })
    await tell(lab, start(lab, Machine), 'wait', 'go', 'after')
    expect(order).toEqual(['enter', 'inserted', 'wait', 'after'])
  })

  test('may set time-outs, of the state that is entered', async () => {
    const lab = new Lab()
    const Machine = genStatem({
      name: 'machine',
      init: () => nextState('a', 0),
      states: {
        a: { enter: () => keepStateAndData({ stateTimeout: 10 }), stateTimeout: (n) => nextState('b', n + 1) },
        b: {},
      },
    })
    const process = start(lab, Machine)
    await lab.clock.advance(10)
    expect(where(process)).toBe('b')
  })

  test('may stop the machine', async () => {
    const lab = new Lab()
    const Machine = genStatem({ name: 'm', init: () => nextState('a', 0), states: { a: { enter: (n) => stop('no', n) } } })
    const process = start(lab, Machine)
    await lab.settle()
    expect(process.endedWith).toBe('no')
  })

  test.each([
    ['change the state', () => nextState('b', 0)],
    ['postpone an event', () => keepState(0, { postpone: true })],
    ['insert events', () => keepState(0, { nextEvents: [] })],
    ['reply to the call that led to it', () => keepState(0, { reply: 1 })],
  ])('may not %s', async (_what, enter) => {
    const lab = new Lab()
    const Machine = genStatem({
      name: 'machine',
      init: () => nextState('a', 0),
      states: {
        a: { casts: { go: (n) => nextState('c', n) } },
        b: {},
        c: { enter: enter as unknown as () => ReturnType<typeof keepState<number>> },
      },
    })
    const process = start(lab, Machine)
    await tell(lab, process, 'go')
    expect(process.endedWith).toMatchObject({
      error: { code: 'ERR_OTP_OTP_BAD_RETURN', message: expect.stringContaining("the enter of 'c'") },
    })
  })
})

describe('a machine', () => {
  test('that crashes in an event it handles again names that event, and its caller hears of it', async () => {
    const lab = new Lab()
    const Machine = genStatem({
      name: 'machine',
      init: () => nextState('a', 0),
      states: {
        a: { calls: { ask: () => keepStateAndData({ postpone: true }) }, casts: { go: (n) => nextState('b', n) } },
        b: {
          calls: {
            ask: () => {
              throw new Error('broken')
            },
          },
        },
      },
    })
    const process = start(lab, Machine)
    const asked = call(lab, process, 'ask').catch((error: unknown) => error)
    await tell(lab, process, 'go')
    expect(await asked).toMatchObject({ reason: { error: { message: 'broken' } } })
    expect(lab.only('process.exited').handling).toBe('call ask')
  })

  test('that is killed while an asynchronous callback is under way goes nowhere', async () => {
    const lab = new Lab()
    const open = gate()
    const entered: string[] = []
    const Machine = genStatem({
      name: 'machine',
      init: () => nextState('a', 0),
      states: {
        a: { casts: { go: async (n) => open.promise.then(() => nextState('b', n)) } },
        b: { enter: (n) => noted(entered.push('b'), keepState(n)) },
      },
    })
    const process = start(lab, Machine)
    await tell(lab, process, 'go')
    process.signal(process.pid, 'kill')
    open.resolve()
    await lab.settle()
    expect([process.endedWith, entered]).toEqual(['killed', []])
  })

  test('that traps exits ends with the exit of its parent, after terminate', async () => {
    const lab = new Lab()
    const ends: string[] = []
    const Machine = genStatem({
      name: 'machine',
      trapExit: true,
      init: () => nextState('a', 0),
      states: { a: {} },
      terminate: (_n, reason, _self, state) => void ends.push(`${state} ${describeExit(reason)}`),
    })
    const parent = start(lab, Machine)
    const process = lab.spawn(Machine.body, { parent })
    parent.die('shutdown')
    await lab.settle()
    expect([process.endedWith, ends]).toEqual(['shutdown', ['a shutdown']])
  })

  test('is a child like any other: restarted by its supervisor, in its first state', async () => {
    const lab = new Lab()
    const Machine = genStatem({
      name: 'machine',
      init: (n: number) => nextState('a', n),
      states: {
        a: { casts: { go: (n) => nextState('b', n) } },
        b: {
          casts: {
            crash: () => {
              throw new Error('broken')
            },
          },
        },
      },
    })
    start(lab, supervisor({ name: 'top', children: [{ id: 'm', start: [Machine, 7], name: 'm' }] }))
    lab.runtime.send('m', 'cast', 'go', undefined)
    lab.runtime.send('m', 'cast', 'crash', undefined)
    await lab.settle()
    expect(await sys(lab.runtime).getState('m')).toEqual({ state: 'a', data: 7 })
  })

  test('without states is refused', () => {
    expect(() => genStatem({ name: 'none', init: () => ignore, states: {} })).toThrow(
      expect.objectContaining({ code: 'ERR_OTP_OTP_BAD_BEHAVIOUR' }),
    )
  })
})
