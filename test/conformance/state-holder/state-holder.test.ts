// A state holder does what Elixir's Agent does, sentence by sentence of its documentation.
import { describe, expect, expectTypeOf, test } from 'vitest'
import { type HeldState, stateHolder, supervisor } from '#otp'
import { Crash, type ExitError, Pid, type Process } from '#process'
import { OwnerProcess } from '#test/conformance/task/support/owner.ts'
import { start, tryStart } from '#test/otp/support/start.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

const boom = new Error('boom')
const Counter = stateHolder({ name: 'counter', init: (from: number) => from })

function counter(from = 0): { lab: Lab; process: Process; held: HeldState<number> } {
  const lab = new Lab()
  const process = start(lab, Counter, from)
  return { lab, process, held: Counter.of(lab.runtime, process.pid) }
}

const failing = (): never => {
  throw boom
}

describe('a state holder', () => {
  test('starts with the state that its init answers, and is not started before', async () => {
    const lab = new Lab()
    const open = gate<number>()
    const Slow = stateHolder({ name: 'slow', init: () => open.promise })
    const started = lab.runtime.spawn(Slow.body, undefined, { cause: 'boot', name: 'slow' })
    expect(started).toBeInstanceOf(Promise)
    open.resolve(42)
    expect(await started).toMatchObject({ ok: true })
    expect(await Slow.of(lab.runtime, 'slow').get((n) => n)).toBe(42)
  })

  test('is not started if its init fails', async () => {
    const Broken = stateHolder({ name: 'broken', init: failing })
    expect(await tryStart(new Lab(), Broken)).toEqual({ ok: false, reason: new Crash(boom) })
  })

  test('is not started a second time under the same name', async () => {
    const lab = new Lab()
    const first = lab.spawn(Counter.body, { name: 'counter' }, 1)
    expect(await lab.runtime.spawn(Counter.body, 2, { cause: 'boot', name: 'counter' })).toEqual({
      ok: false,
      reason: 'already_started',
      pid: first.pid,
    })
  })

  test('is a child like any other, permanent by default: after a crash it starts afresh', async () => {
    const lab = new Lab()
    start(lab, supervisor({ name: 'root', children: [{ id: 'hits', name: 'hits', start: [Counter, 7] }] }))
    const held = Counter.of(lab.runtime, 'hits')
    await held.update((n) => n + 1)
    await expect(held.update(failing)).rejects.toMatchObject({ reason: new Crash(boom) })
    await lab.settle()
    expect(await held.get((n) => n)).toBe(7)
  })

  test('runs functions inside its own process, one after the other', async () => {
    const { lab, held } = counter()
    const open = gate()
    const slow = held.update(async (n) => {
      await open.promise
      return n + 1
    })
    const next = held.update((n) => n * 10)
    await lab.settle()
    open.resolve()
    await Promise.all([slow, next])
    expect(await held.get((n) => n)).toBe(10)
  })

  test('loses no update of several processes', async () => {
    const { lab, process, held } = counter()
    const owners = [new OwnerProcess(lab), new OwnerProcess(lab)]
    await Promise.all(owners.map((owner) => owner.run((self) => Counter.of(self, process.pid).update((n) => n + 1))))
    expect(await held.get((n) => n)).toBe(2)
  })

  test('is reached by functions on its own node alone', async () => {
    const elsewhere = Counter.of(new Lab().runtime, new Pid('n2.b', 1))
    const code = 'ERR_OTP_OTP_FUNCTION_NOT_LOCAL'
    await expect(elsewhere.get((n) => n)).rejects.toMatchObject({ code })
    expect(() => elsewhere.cast((n) => n)).toThrow(expect.objectContaining({ code }))
    expect(() => elsewhere.stop()).toThrow(expect.objectContaining({ code }))
  })
})

describe('get', () => {
  test('answers what the function makes of the state', async () => {
    const { held } = counter(42)
    const text = await held.get((n) => `${n}`)
    expectTypeOf(text).toEqualTypeOf<string>()
    expect(text).toBe('42')
    expect(await held.get(async (n) => n + 1)).toBe(43)
    expect(await held.get((n) => n)).toBe(42)
  })

  test('fails if there is no answer within the time-out; the holder goes on', async () => {
    const { lab, held } = counter(1)
    const open = gate()
    const late = held.get(() => open.promise, { timeoutMs: 50 }).catch((error: ExitError) => error.reason)
    await lab.clock.advance(200)
    expect(await late).toBe('timeout')
    open.resolve()
    expect(await held.get((n) => n)).toBe(1)
  })

  test('waits five seconds by default', async () => {
    const { lab, held } = counter()
    const late = held.get(() => gate().promise).catch((error: ExitError) => error.reason)
    await lab.clock.advance(6000)
    expect(await late).toBe('timeout')
  })

  test('fails with what the function threw, which ends the holder', async () => {
    const { process, held } = counter()
    await expect(held.get(failing)).rejects.toMatchObject({ reason: new Crash(boom) })
    expect(process.endedWith).toEqual(new Crash(boom))
  })

  test('fails with noproc if there is no holder', async () => {
    await expect(Counter.of(new Lab().runtime, 'nobody').get((n) => n)).rejects.toMatchObject({ reason: 'noproc' })
  })
})

describe('getAndUpdate', () => {
  test('reads and changes in one operation: the first of the pair is the answer, the second the new state', async () => {
    const { held } = counter(42)
    expect(await held.getAndUpdate((n) => [`was ${n}`, n + 1])).toBe('was 42')
    expect(await held.getAndUpdate(async (n) => [n, n + 1])).toBe(43)
    expect(await held.get((n) => n)).toBe(44)
  })
})

describe('update', () => {
  test('makes what the function answers the new state, and answers nothing', async () => {
    const { held } = counter(42)
    expect(await held.update((n) => n + 1)).toBeUndefined()
    expect(await held.update(async (n) => n + 1)).toBeUndefined()
    expect(await held.get((n) => n)).toBe(44)
  })
})

describe('cast', () => {
  test('changes the state, and nobody waits for it', async () => {
    const { lab, process, held } = counter(42)
    held.cast((n) => n + 1)
    const owner = new OwnerProcess(lab)
    await owner.run((self) => Counter.of(self, process.pid).cast(async (n) => n + 1))
    expect(await held.get((n) => n)).toBe(44)
  })

  test('does not say whether there is a holder', () => {
    expect(Counter.of(new Lab().runtime, 'nobody').cast((n) => n)).toBeUndefined()
  })
})

describe('stop', () => {
  test('ends the holder as normal, after what it was asked before, and waits until it has ended', async () => {
    const { process, held } = counter()
    const before = held.get((n) => n)
    await held.stop()
    expect(process.endedWith).toBe('normal')
    expect(await before).toBe(0)
  })

  test('ends it with another reason, if one is given', async () => {
    const { process, held } = counter()
    await held.stop({ shutdown: 'enough' })
    expect(process.endedWith).toEqual({ shutdown: 'enough' })
  })

  test('fails if the holder ended otherwise, or was not there', async () => {
    const { held } = counter()
    held.cast(failing)
    await expect(held.stop()).rejects.toMatchObject({ reason: new Crash(boom) })
    await expect(held.stop()).rejects.toMatchObject({ reason: 'noproc' })
    await expect(Counter.of(new Lab().runtime, 'nobody').stop()).rejects.toMatchObject({ reason: 'noproc' })
  })

  test('waits for ever, or for so long', async () => {
    const { lab, held } = counter()
    held.cast(() => gate<number>().promise)
    const late = held.stop('normal', { timeoutMs: 100 }).catch((error: ExitError) => error.reason)
    await lab.clock.advance(100)
    expect(await late).toBe('timeout')
  })
})
