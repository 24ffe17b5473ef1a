// Task's async_stream, sentence by sentence of its documentation.
import { describe, expect, expectTypeOf, test } from 'vitest'
import { type AsyncStreamOptions, asyncStream, type Streamed } from '#otp'
import { Crash, type ExitError } from '#process'
import { endless, OwnerProcess, running } from '#test/conformance/task/support/owner.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

const boom = new Error('boom')
const failAt =
  (bad: number) =>
  (item: number): number => {
    if (item === bad) throw boom
    return item * 10
  }

async function listed<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const each of stream) list.push(each)
  return list
}

describe('asyncStream', () => {
  test('runs the function on each item, in a task of its own, and yields the answers', async () => {
    const lab = new Lab()
    const stream = asyncStream(lab.runtime, [1, 2, 3], async (item) => `${item * 10}`)
    const all = await listed(stream)
    expectTypeOf(all).toEqualTypeOf<Streamed<number, string>[]>()
    expect(all).toEqual([
      { ok: true, value: '10' },
      { ok: true, value: '20' },
      { ok: true, value: '30' },
    ])
    expect(lab.all('process.spawned')).toHaveLength(3)
    expect(lab.runtime.processCount).toBe(0)
    expect(lab.clock.pending).toBe(0)
  })

  test('of no items is over at once', async () => {
    expect(await listed(asyncStream(new Lab().runtime, [], () => 1))).toEqual([])
  })

  test('starts nothing before somebody iterates', async () => {
    const lab = new Lab()
    asyncStream(lab.runtime, [1], () => 1)
    await lab.settle()
    expect(lab.facts).toEqual([])
  })

  test('runs at most maxConcurrency tasks at the same time', async () => {
    const lab = new Lab()
    const gates = Array.from({ length: 5 }, () => gate())
    let most = 0
    const run = async (item: number) => {
      most = Math.max(most, running(lab))
      await gates[item]?.promise
      return item
    }
    const all = listed(asyncStream(lab.runtime, [0, 1, 2, 3, 4], run, { maxConcurrency: 2 }))
    await lab.settle()
    expect(running(lab)).toBe(2)
    gates[1]?.resolve()
    await lab.settle()
    expect(lab.all('process.spawned')).toHaveLength(3)
    for (const each of gates) each.resolve()
    expect(await all).toHaveLength(5)
    expect(most).toBe(2)
  })

  test('takes no more items than it has tasks for', async () => {
    const lab = new Lab()
    let taken = 0
    const items = function* () {
      for (;;) yield taken++
    }
    const stream = asyncStream(lab.runtime, items(), () => 1, { maxConcurrency: 3 })
    await stream.next()
    expect(taken).toBeLessThanOrEqual(6)
    await stream.return()
  })

  test('refuses a maxConcurrency that is no whole number from 1', () => {
    const options: AsyncStreamOptions = { maxConcurrency: 0 }
    expect(() => asyncStream(new Lab().runtime, [1], () => 1, options)).toThrow(expect.objectContaining({ code: 'ERR_OTP_OTP_BAD_TASK' }))
  })

  test('yields in the order of the items by default, and keeps back what is done before', async () => {
    const lab = new Lab()
    const first = gate()
    const all = listed(asyncStream(lab.runtime, [1, 2, 3], (item) => (item === 1 ? first.promise.then(() => item) : item)))
    await lab.settle()
    first.resolve()
    expect((await all).map((each) => each.ok && each.value)).toEqual([1, 2, 3])
  })

  test('yields in the order of the answers if no order is asked for', async () => {
    const lab = new Lab()
    const first = gate()
    const stream = asyncStream(lab.runtime, [1, 2], (item) => (item === 1 ? first.promise.then(() => item) : item), { ordered: false })
    expect((await stream.next()).value).toEqual({ ok: true, value: 2 })
    first.resolve()
    expect((await stream.next()).value).toEqual({ ok: true, value: 1 })
    expect((await stream.next()).done).toBe(true)
  })

  test('takes items that come one after the other, and keeps no answer back for those to come', async () => {
    const lab = new Lab()
    const second = gate()
    const items = async function* () {
      yield 1
      await second.promise
      yield 2
    }
    const stream = asyncStream(lab.runtime, items(), (item) => item)
    expect((await stream.next()).value).toEqual({ ok: true, value: 1 })
    second.resolve()
    expect((await stream.next()).value).toEqual({ ok: true, value: 2 })
    expect((await stream.next()).done).toBe(true)
  })

  test('fails with its items', async () => {
    const lab = new Lab()
    const items = async function* () {
      yield 1
      throw boom
    }
    await expect(listed(asyncStream(lab.runtime, items(), endless))).rejects.toBe(boom)
    expect(running(lab)).toBe(0)
  })

  test('has each task run five seconds at most by default, and then exits with all of them', async () => {
    const lab = new Lab()
    const all = listed(asyncStream(lab.runtime, [1, 2], endless)).catch((error: ExitError) => error.reason)
    await lab.clock.advance(4999)
    expect(running(lab)).toBe(2)
    await lab.clock.advance(1)
    expect(await all).toBe('timeout')
    expect(running(lab)).toBe(0)
  })

  test('kills the task that timed out instead if told to, and yields the exit timeout for it', async () => {
    const lab = new Lab()
    const run = (item: number) => (item === 1 ? endless() : item)
    const all = listed(asyncStream(lab.runtime, [1, 2], run, { timeoutMs: 100, onTimeout: 'kill_task' }))
    await lab.clock.advance(100)
    expect(await all).toEqual([
      { ok: false, reason: 'timeout', input: 1 },
      { ok: true, value: 2 },
    ])
    expect(lab.all('process.exited').map(({ reason }) => reason)).toEqual(['normal', 'killed'])
  })

  test('is linked with its owner: a task that crashes takes the owner along, and with it the other tasks', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    const run = (item: number) => (item === 2 ? failAt(2)(item) : endless())
    const outcome = await owner.run((self) => listed(asyncStream(self, [1, 2, 3], run))).catch((error: ExitError) => error.reason)
    expect(outcome).toEqual(new Crash(boom))
    expect(running(lab)).toBe(0)
  })

  test('yields why a task crashed if the owner traps exits, and the item; the mailbox hears nothing of it', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab, true)
    expect(await owner.run((self) => listed(asyncStream(self, [1, 2], failAt(2))))).toEqual([
      { ok: true, value: 10 },
      { ok: false, reason: new Crash(boom), input: 2 },
    ])
    expect(await owner.heard()).toEqual([])
  })

  test('yields why a task crashed if the owner is no process', async () => {
    const all = await listed(asyncStream(new Lab().runtime, [1], failAt(1)))
    expect(all).toEqual([{ ok: false, reason: new Crash(boom), input: 1 }])
  })

  test('ends all its tasks with its owner, though that one traps exits', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab, true)
    owner.run((self) => listed(asyncStream(self, [1, 2], endless))).catch(() => undefined)
    await lab.settle()
    expect(running(lab)).toBe(2)
    owner.process.signal(owner.process.pid, 'kill')
    await lab.settle()
    expect(running(lab)).toBe(0)
  })

  test('ends what still runs when the iteration stops early, and lets the items know', async () => {
    const lab = new Lab()
    let isLeft = false
    const items = function* () {
      try {
        for (let item = 0; ; item++) yield item
      } finally {
        isLeft = true
      }
    }
    for await (const each of asyncStream(lab.runtime, items(), (item) => (item === 0 ? item : endless()))) {
      expect(each).toEqual({ ok: true, value: 0 })
      break
    }
    expect(running(lab)).toBe(0)
    expect(isLeft).toBe(true)
  })
})
