// Deadlines of calls: never early, a few ticks late, and blind to a loop that was blocked.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Clock, EventStream } from '#base'
import { type ExitError, Pid, type ProcessEvents, type ReplyTo, Runtime } from '#process'
import { body, Lab } from '#test/process/support/lab.ts'

/** A process that takes calls and never answers, unless the test does. */
function silent(lab: Lab): { pid: Pid; taken: ReplyTo[] } {
  const taken: ReplyTo[] = []
  return { pid: lab.spawn(body((_self, { replyTo }) => void taken.push(replyTo as ReplyTo))).pid, taken }
}

const outcome = (call: Promise<unknown>) => {
  const seen: { value?: unknown; reason?: unknown } = {}
  call.then(
    (value) => Object.assign(seen, { value }),
    (error: ExitError) => Object.assign(seen, { reason: error.reason }),
  )
  return seen
}

describe('a call without an answer', () => {
  test('rejects with timeout after 5 seconds if nothing else is said', async () => {
    const lab = new Lab()
    const seen = outcome(lab.runtime.call(silent(lab).pid, 'look', undefined))
    await lab.clock.advance(5000)
    expect(seen).toEqual({})
    await lab.clock.advance(50)
    expect(seen).toEqual({ reason: 'timeout' })
  })

  test.each([0, 1, 9, 10, 11, 100, 1000])('rejects after its %i ms, not before and not much later', async (timeoutMs) => {
    const lab = new Lab()
    const seen = outcome(lab.runtime.call(silent(lab).pid, 'look', undefined, timeoutMs))
    await lab.clock.advance(timeoutMs)
    expect(seen).toEqual({})
    await lab.clock.advance(50)
    expect(seen).toEqual({ reason: 'timeout' })
  })

  test('waits for ever if it is told to', async () => {
    const lab = new Lab()
    const { pid, taken } = silent(lab)
    const seen = outcome(lab.runtime.call(pid, 'look', undefined, Number.POSITIVE_INFINITY))
    await lab.clock.advance(100_000)
    taken[0]?.reply('at last')
    await lab.settle()
    expect(seen).toEqual({ value: 'at last' })
  })

  test('does not keep other deadlines waiting, whatever order they come in', async () => {
    const lab = new Lab()
    const { pid } = silent(lab)
    const times = [500, 20, 300, 20, 100]
    const seen = times.map((timeoutMs) => outcome(lab.runtime.call(pid, 'look', undefined, timeoutMs)))
    const late = (): number[] => times.filter((_ms, i) => seen[i]?.reason === 'timeout')
    await lab.clock.advance(70)
    expect(late()).toEqual([20, 20])
    await lab.clock.advance(100)
    expect(late()).toEqual([20, 20, 100])
    await lab.clock.advance(1000)
    expect(late()).toEqual(times)
  })

  test('leaves no timer behind when all calls are through', async () => {
    const lab = new Lab()
    const { pid, taken } = silent(lab)
    const calls = [lab.runtime.call(pid, 'look', undefined), lab.runtime.call(pid, 'look', undefined)]
    await lab.settle()
    for (const replyTo of taken) replyTo.reply(1)
    await Promise.all(calls)
    await lab.clock.advance(20)
    expect(lab.clock.pending).toBe(0)
  })
})

describe('an answer that comes too late', () => {
  test('is dropped, and never reaches another call', async () => {
    const lab = new Lab()
    const { pid, taken } = silent(lab)
    const first = outcome(lab.runtime.call(pid, 'first', undefined, 10))
    await lab.clock.advance(100)
    const second = outcome(lab.runtime.call(pid, 'second', undefined, 1000))
    await lab.settle()
    taken[0]?.reply('for the first')
    await lab.settle()
    expect(first).toEqual({ reason: 'timeout' })
    expect(second).toEqual({})
    taken[1]?.reply('for the second')
    await lab.settle()
    expect(second).toEqual({ value: 'for the second' })
  })

  test('finds calls that are made when a deadline passes in place', async () => {
    const lab = new Lab()
    const { pid, taken } = silent(lab)
    let again: { value?: unknown; reason?: unknown } = {}
    lab.runtime.call(pid, 'first', undefined, 10).catch(() => {
      again = outcome(lab.runtime.call(pid, 'second', undefined, 10))
    })
    await lab.clock.until(() => taken.length === 2)
    taken[1]?.reply('in time')
    await lab.settle()
    expect(again).toEqual({ value: 'in time' })
  })
})

/** A clock whose loop is blocked as long as the test says: timers that came due meanwhile run afterwards, each once. */
class BlockedClock implements Clock {
  #now = 0
  readonly #timers: { at: number; fn: () => void }[] = []

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#now
  }

  after(ms: number, fn: () => void): { cancel(): void } {
    this.#timers.push({ at: this.#now + ms, fn })
    return { cancel: () => undefined }
  }

  soon(fn: () => void): void {
    this.after(0, fn)
  }

  /** Time goes on while nothing can run. */
  block(ms: number): void {
    this.#now += ms
  }

  run(): void {
    const due = this.#timers.filter(({ at }) => at <= this.#now)
    for (const timer of due) this.#timers.splice(this.#timers.indexOf(timer), 1)
    for (const { fn } of due) fn()
  }
}

describe('on a loop that is blocked now and then', () => {
  /** Blocks, then makes a call; blocks on until it is through. Answers how long the call waited. */
  function waited(before: readonly number[], timeoutMs: number, gaps: readonly number[]): number {
    const clock = new BlockedClock()
    const runtime = new Runtime({ id: 'n1.a', clock, events: new EventStream<ProcessEvents>() })
    runtime.router = { ...runtime.router, deliver: () => undefined }
    const remote = new Pid('n2.b', 1)
    let result: number | undefined
    runtime.call(remote, 'first', undefined, 1e9).catch(() => undefined)
    for (const gap of before) {
      clock.block(gap)
      clock.run()
    }
    // The call is made in a turn that has lasted a while already.
    clock.block(gaps[0] as number)
    runtime.onCallMeasured = (_locality, durationMs) => {
      result = durationMs
    }
    runtime.call(remote, 'second', undefined, timeoutMs).catch(() => undefined)
    clock.run()
    for (let i = 0; result === undefined; i++) {
      clock.block(gaps[i % gaps.length] as number)
      clock.run()
    }
    return result
  }

  const gap = (max: number) => fc.double({ min: 0.5, max, noNaN: true })

  test('a deadline never passes early (property)', () => {
    const gaps = fc.array(gap(60), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(fc.array(gap(60), { maxLength: 8 }), fc.integer({ min: 0, max: 300 }), gaps, (before, timeoutMs, after) => {
        expect(waited(before, timeoutMs, after)).toBeGreaterThanOrEqual(timeoutMs)
      }),
      { numRuns: 2000 },
    )
  })

  test('a deadline passes at most 60 ms late if the loop turns every 10 ms (property)', () => {
    const gaps = fc.array(gap(10), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(gaps, fc.integer({ min: 0, max: 300 }), gaps, (before, timeoutMs, after) => {
        expect(waited(before, timeoutMs, after)).toBeLessThanOrEqual(timeoutMs + 60)
      }),
      { numRuns: 500 },
    )
  })

  test('a block of any length counts as 20 ms, so that an answer that lies there already is taken first', () => {
    expect(waited([], 100, [10_000, 10])).toBeGreaterThan(10_000)
  })
})
