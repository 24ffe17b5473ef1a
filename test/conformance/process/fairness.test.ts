// Fairness: nobody keeps others from running, neither processes nor sockets nor timers.
import { describe, expect, test } from 'vitest'
import { type Clock, EventStream, systemClock } from '#base'
import { type Process, type ProcessEvents, Runtime } from '#process'
import { body, gate, Lab } from '#test/process/support/lab.ts'
import { Pair } from './support/pair.ts'

/** Time passes only as handlers say; what is asked for `soon` waits until the test lets the loop turn. */
class WorkClock implements Clock {
  nowMs = 1000
  readonly turns: (() => void)[] = []
  now = () => this.nowMs
  wall = () => this.nowMs
  after = () => ({ cancel: () => undefined })
  soon = (fn: () => void) => void this.turns.push(fn)

  /** The loop turns: what was asked for runs. */
  async turn(): Promise<void> {
    for (const fn of this.turns.splice(0)) fn()
    await settledMicrotasks()
  }
}

const settledMicrotasks = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve)
  })

function spawned(clock: Clock, receive: (self: Process) => void | Promise<void>): Process {
  const runtime = new Runtime({ id: 'n1.a', clock, events: new EventStream<ProcessEvents>() })
  const result = runtime.spawn(body(receive), undefined, { cause: 'boot' })
  if (result instanceof Promise || !result.ok) throw new Error('did not start')
  return runtime.lookup(result.pid) as Process
}

describe('one busy process does not starve sockets and timers', () => {
  test('a real timer fires in time though a process sends itself messages for ever', async () => {
    const process = spawned(systemClock, (self) => self.cast(self.pid, 'again'))
    process.cast(process.pid, 'again')
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
    expect(process.handled).toBeGreaterThan(0)
    process.die('shutdown')
  })

  test('the loop turns after 4096 messages, however quick', async () => {
    const clock = new WorkClock()
    const process = spawned(clock, (self) => self.cast(self.pid, 'again'))
    process.cast(process.pid, 'again')
    await settledMicrotasks()
    expect(process.handled).toBe(4096)
    for (let i = 1; i <= 3; i++) {
      await clock.turn()
      expect(process.handled).toBe(4096 * (i + 1))
    }
  })

  test('the loop turns after 10 ms of messages that take their time, and at most seven more', async () => {
    const clock = new WorkClock()
    const process = spawned(clock, () => {
      clock.nowMs += 1
    })
    for (let i = 0; i < 100; i++) process.info('work', undefined)
    await settledMicrotasks()
    expect(process.handled).toBe(16)
    await clock.turn()
    expect(process.handled).toBe(32)
  })

  test('also where many processes have one such message each', async () => {
    const clock = new WorkClock()
    const runtime = new Runtime({ id: 'n1.a', clock, events: new EventStream<ProcessEvents>() })
    let handled = 0
    const busy = body(() => {
      handled++
      clock.nowMs += 1
    })
    for (let i = 0; i < 100; i++) {
      const result = runtime.spawn(busy, undefined, { cause: 'boot' })
      if (!(result instanceof Promise) && result.ok) runtime.send(result.pid, 'info', 'work', undefined)
    }
    await settledMicrotasks()
    expect(handled).toBe(16)
  })

  test('also where each message is sent only when the one before was answered', async () => {
    const clock = new WorkClock()
    const process = spawned(clock, (self) => {
      clock.nowMs += 5
      self.from?.reply(undefined)
    })
    const calls = async () => {
      for (let i = 0; i < 100; i++) await process.runtime.call(process.pid, 'work', undefined)
    }
    void calls()
    await settledMicrotasks()
    // Not at once: first the loop is asked whether it turns.
    expect(process.handled).toBeLessThan(10)
    const before = process.handled
    await clock.turn()
    expect(process.handled).toBeGreaterThan(before)
  })
})

test('after 128 messages of one process the others get their turn', async () => {
  const lab = new Lab()
  const order: string[] = []
  const busy = lab.spawn(
    body((self) => {
      order.push('busy')
      if (order.length < 1000) self.cast(self.pid, 'again')
    }),
  )
  const others = ['a', 'b'].map((name) => lab.spawn(body(() => void order.push(name))))
  for (let i = 0; i < 200; i++) busy.info('work', undefined)
  for (const other of others) other.info('work', undefined)
  await lab.settle()
  expect([order.indexOf('a'), order.indexOf('b')]).toEqual([128, 129])
})

test('an asynchronous callback that is stuck shows in the snapshot of its node, from when it began', async () => {
  const pair = await Pair.formed()
  const open = gate()
  const process = pair.spawn(
    pair.here,
    body(() => open.promise, { name: 'stuck' }),
  )
  process.info('first', undefined)
  await pair.box.clock.advance(3000)
  process.info('second', undefined)
  const longest = () => pair.here.snapshot().behaviours.find(({ behaviour }) => behaviour === 'stuck')?.longestHandlerMs
  expect(longest()).toBe(3000)
  await pair.box.clock.advance(1000)
  expect(longest()).toBe(4000)
  open.resolve()
  await pair.box.clock.advance(0)
  expect(longest()).toBe(0)
  await pair.stop()
})

test('the time that a message waited is not the time for which it is handled', async () => {
  const pair = await Pair.formed()
  const gates = [gate(), gate()]
  const process = pair.spawn(
    pair.here,
    body(() => gates.shift()?.promise, { name: 'slow' }),
  )
  const [first] = gates
  process.info('first', undefined)
  process.info('second', undefined)
  await pair.box.clock.advance(3000)
  first?.resolve()
  await pair.box.clock.advance(500)
  expect(pair.here.snapshot().behaviours.find(({ behaviour }) => behaviour === 'slow')?.longestHandlerMs).toBe(500)
  await pair.stop()
})
