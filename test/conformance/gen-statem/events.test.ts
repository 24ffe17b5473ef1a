// gen_statem's events, sentence by sentence: which are postponed, inserted, common to all states, and answered later.
import { describe, expect, test } from 'vitest'
import { genStatem, keepStateAndData, nextState, repeatState, type Self, stopAndReply } from '#otp'
import type { Process, ReplyTo } from '#process'
import { call, start } from '#test/otp/support/start.ts'
import { Lab } from '#test/process/support/lab.ts'

const where = (process: Process): unknown => (process.state as { state: string }).state

/** Casts by name, one after the other, and lets all run. */
async function tell(lab: Lab, process: Process, ...names: string[]): Promise<void> {
  for (const name of names) process.cast(process.pid, name)
  await lab.settle()
}

/** The result of a callback that noted something first. */
const noted = <R>(_noted: unknown, result: R): R => result

describe('a postponed event', () => {
  const order: string[] = []
  const note = (what: string) => () => noted(order.push(what), keepStateAndData())
  const later = () => keepStateAndData({ postpone: true })
  const Machine = genStatem({
    name: 'machine',
    init: () => nextState('a', 0),
    states: {
      a: {
        calls: { ask: later },
        casts: {
          x: later,
          y: later,
          same: (n) => nextState('a', n),
          repeat: (n) => repeatState(n),
          go: (n) => nextState('b', n),
          z: note('z in a'),
        },
      },
      b: {
        calls: { ask: () => keepStateAndData({ reply: 'answered in b' }) },
        casts: { x: note('x in b'), y: later, z: note('z in b'), go: (n) => nextState('c', n, { postpone: true }) },
      },
      c: { casts: { y: note('y in c'), go: note('go in c') } },
    },
  })
  const begin = () => {
    order.length = 0
    const lab = new Lab()
    return { lab, process: start(lab, Machine) }
  }

  test('is retried after the state has changed', async () => {
    const { lab, process } = begin()
    await tell(lab, process, 'x')
    expect(order).toEqual([])
    await tell(lab, process, 'go')
    expect(order).toEqual(['x in b'])
  })

  test('is not retried when the state stays the same, however it is said', async () => {
    const { lab, process } = begin()
    await tell(lab, process, 'x', 'same', 'repeat', 'z')
    expect(order).toEqual(['z in a'])
  })

  test('is retried before what waits in the mailbox, the oldest first', async () => {
    const { lab, process } = begin()
    await tell(lab, process, 'x', 'x', 'go', 'z')
    expect(order).toEqual(['x in b', 'x in b', 'z in b'])
  })

  test('may be postponed again, and keeps its place', async () => {
    const { lab, process } = begin()
    await tell(lab, process, 'y', 'x', 'go', 'go')
    expect(order).toEqual(['x in b', 'y in c', 'go in c'])
  })

  test('that itself changes the state is retried in the new one', async () => {
    const { lab, process } = begin()
    await tell(lab, process, 'go', 'go')
    expect([where(process), order]).toEqual(['c', ['go in c']])
  })

  test('that is a call is answered by the state that handles it', async () => {
    const { lab, process } = begin()
    const asked = call(lab, process, 'ask')
    await tell(lab, process, 'go')
    expect(await asked).toBe('answered in b')
  })

  test('that is a call fails with the end of the machine', async () => {
    const { lab, process } = begin()
    const asked = call(lab, process, 'ask')
    await lab.settle()
    process.signal(process.pid, 'kill')
    await expect(asked).rejects.toMatchObject({ reason: 'killed' })
  })
})

describe('next_event', () => {
  test('inserts events in their order before all others, and they may insert more', async () => {
    const lab = new Lab()
    const order: string[] = []
    const note = (what: string) => () => noted(order.push(what), keepStateAndData())
    const Machine = genStatem({
      name: 'machine',
      init: () => nextState('a', 0),
      states: {
        a: {
          casts: {
            go: () =>
              keepStateAndData({
                nextEvents: [
                  { kind: 'internal', name: 'one', payload: 1 },
                  { kind: 'cast', name: 'two' },
                  { kind: 'info', name: 'three' },
                ],
              }),
            two: note('two'),
            after: note('after'),
          },
          infos: { three: note('three') },
          internals: {
            one: (_n, payload: number) =>
              noted(order.push(`one ${payload}`), keepStateAndData({ nextEvents: [{ kind: 'internal', name: 'inner' }] })),
            inner: note('inner'),
          },
        },
      },
    })
    await tell(lab, start(lab, Machine), 'go', 'after')
    expect(order).toEqual(['one 1', 'inner', 'two', 'three', 'after'])
  })

  test('may be a call on behalf of a caller', async () => {
    const lab = new Lab()
    const Machine = genStatem({
      name: 'machine',
      init: () => nextState('a', 0),
      states: {
        a: {
          calls: {
            old: (_n, payload: number, self: Self) =>
              keepStateAndData({ nextEvents: [{ kind: 'call', name: 'new', payload: payload * 2, from: self.from as ReplyTo }] }),
            new: (_n, payload: number) => keepStateAndData({ reply: payload }),
          },
        },
      },
    })
    expect(await call(lab, start(lab, Machine), 'old', 21)).toBe(42)
  })

  test('that its state does not handle is a crash with a clear error', async () => {
    const lab = new Lab()
    const Machine = genStatem({
      name: 'machine',
      init: () => nextState('a', 0),
      states: { a: { casts: { go: () => keepStateAndData({ nextEvents: [{ kind: 'internal', name: 'nobody' }] }) } } },
    })
    const process = start(lab, Machine)
    await tell(lab, process, 'go')
    expect(process.endedWith).toMatchObject({ error: { code: 'ERR_OTP_OTP_UNHANDLED_EVENT' } })
  })
})

describe('an event', () => {
  const Machine = genStatem({
    name: 'machine',
    init: () => nextState('a', 0),
    states: {
      a: { calls: { only: () => keepStateAndData({ reply: 'a' }), both: () => keepStateAndData({ reply: 'own' }) } },
      b: { calls: { inB: () => keepStateAndData({ reply: 'b' }) } },
    },
    all: {
      calls: {
        both: () => keepStateAndData({ reply: 'common' }),
        state: (_n, _p: undefined, _s: Self, state) => keepStateAndData({ reply: state }),
      },
      casts: { go: (n: number) => nextState('b', n) },
    },
  })

  test('that all states handle is handled in each, unless the state has its own callback', async () => {
    const lab = new Lab()
    const process = start(lab, Machine)
    expect([await call(lab, process, 'both'), await call(lab, process, 'state')]).toEqual(['own', 'a'])
    await tell(lab, process, 'go')
    expect([await call(lab, process, 'both'), await call(lab, process, 'state')]).toEqual(['common', 'b'])
  })

  test.each(['inB', 'nothing', '__proto__', 'constructor'])(
    'that is a call %j, which its state does not handle, fails its caller alone',
    async (name) => {
      const lab = new Lab()
      const process = start(lab, Machine)
      await expect(call(lab, process, name)).rejects.toMatchObject({
        reason: {
          error: { code: 'ERR_OTP_OTP_UNKNOWN_CALL', message: `machine has no call '${name}' in its state 'a'; it has: both, state, only` },
        },
      })
      expect(await call(lab, process, 'only')).toBe('a')
    },
  )

  test('that is a cast or an info nobody handles is a dead letter', async () => {
    const lab = new Lab()
    const process = start(lab, Machine)
    process.info('what', undefined)
    await tell(lab, process, 'what')
    expect(lab.all('process.dead_letter').map(({ message }) => message)).toEqual(['info what', 'cast what'])
    expect(process.isAlive).toBe(true)
  })
})

describe('a reply', () => {
  const asking: ReplyTo[] = []
  const Machine = genStatem({
    name: 'machine',
    init: () => nextState('a', 0),
    states: {
      a: {
        calls: { ask: (_n, _p: undefined, self: Self) => noted(asking.push(self.from as ReplyTo), keepStateAndData()) },
        casts: {
          answer: () => keepStateAndData({ replies: asking.splice(0).map((from, i) => [from, i] as const) }),
          end: (n) =>
            stopAndReply(
              'normal',
              n,
              asking.splice(0).map((from) => [from, 'at the end'] as const),
            ),
          wrong: () => keepStateAndData({ reply: 1 }),
        },
      },
    },
  })

  test('may be given by a later event, to several callers', async () => {
    const lab = new Lab()
    const process = start(lab, Machine)
    const asked = [call(lab, process, 'ask'), call(lab, process, 'ask')]
    process.cast(process.pid, 'answer')
    expect(await Promise.all(asked)).toEqual([0, 1])
  })

  test('of stop_and_reply is given before the end', async () => {
    const lab = new Lab()
    const process = start(lab, Machine)
    const asked = call(lab, process, 'ask')
    process.cast(process.pid, 'end')
    expect(await asked).toBe('at the end')
    expect(process.endedWith).toBe('normal')
  })

  test('that never came ends with the reason of the machine', async () => {
    const lab = new Lab()
    const process = start(lab, Machine)
    const asked = call(lab, process, 'ask')
    await lab.settle()
    process.die('oops')
    await expect(asked).rejects.toMatchObject({ reason: 'oops' })
    asking.length = 0
  })

  test('to what is no call is a crash with a clear error', async () => {
    const lab = new Lab()
    const process = start(lab, Machine)
    await tell(lab, process, 'wrong')
    expect(process.endedWith).toMatchObject({ error: { message: "machine: there is nobody to reply to: 'wrong' is no call" } })
  })
})
