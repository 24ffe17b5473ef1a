// The alias of a call: the address of one answer, which is no more once the caller has it or waits no more.
import { describe, expect, test } from 'vitest'
import type { ReplyTo } from '#process'
import { body, Lab } from '#test/process/support/lab.ts'

const LONGEST = 2 ** 32 - 1

function silent(lab: Lab) {
  const taken: ReplyTo[] = []
  return { taken, process: lab.spawn(body((_self, { replyTo }) => void taken.push(replyTo as ReplyTo))) }
}

test('an answer that comes after the time-out is dropped: it reaches nobody and is no dead letter', async () => {
  const lab = new Lab()
  const { taken, process } = silent(lab)
  const call = lab.runtime.call(process.pid, 'look', undefined, 10).catch(({ reason }) => reason)
  await lab.clock.advance(100)
  expect(await call).toBe('timeout')
  taken[0]?.reply('late')
  await lab.settle()
  expect(taken[0]?.isSettled).toBe(true)
  expect(lab.all('process.dead_letter')).toEqual([])
})

test('a late answer never reaches a later call of the same caller to the same callee', async () => {
  const lab = new Lab()
  const { taken, process } = silent(lab)
  const caller = lab.spawn(body())
  const first = caller.call(process.pid, 'look', undefined, { timeoutMs: 10 }).catch(() => 'timeout')
  await lab.clock.advance(100)
  expect(await first).toBe('timeout')
  const second = caller.call(process.pid, 'look')
  await lab.settle()
  taken[0]?.reply('of the first')
  taken[1]?.reply('of the second')
  expect(await second).toBe('of the second')
})

test('an answer is given once: a second one is dropped', async () => {
  const lab = new Lab()
  const { taken, process } = silent(lab)
  const call = lab.runtime.call(process.pid, 'look', undefined)
  await lab.settle()
  taken[0]?.reply('first')
  taken[0]?.reply('second')
  expect(await call).toBe('first')
})

test('an alias may be used by another process than the one that was asked', async () => {
  const lab = new Lab()
  const { taken, process } = silent(lab)
  const deputy = lab.spawn(body((_self, { payload }) => (payload as ReplyTo).reply('on behalf')))
  const call = lab.runtime.call(process.pid, 'look', undefined)
  await lab.settle()
  process.send(deputy.pid, 'answer', taken[0])
  expect(await call).toBe('on behalf')
})

describe('the time-out of a call', () => {
  test.each([Number.NaN, -1, Number.NEGATIVE_INFINITY, LONGEST + 1, 1e300, '5000', null])(
    'of %j is refused, and nothing is sent',
    (timeoutMs) => {
      const lab = new Lab()
      const { process } = silent(lab)
      expect(() => lab.runtime.call(process.pid, 'look', undefined, timeoutMs as number)).toThrow(
        expect.objectContaining({ code: 'ERR_OTP_PROCESS_BAD_DELAY', message: expect.stringContaining("for the call 'look', got") }),
      )
      expect(process.depth).toBe(0)
    },
  )

  test('of Infinity is OTP’s infinity, and nothing ticks for it', async () => {
    const lab = new Lab()
    const { taken, process } = silent(lab)
    const call = lab.runtime.call(process.pid, 'look', undefined, Number.POSITIVE_INFINITY)
    await lab.settle()
    expect(lab.clock.pending).toBe(0)
    await lab.clock.advance(LONGEST)
    taken[0]?.reply('at last')
    expect(await call).toBe('at last')
  })

  test('may be 0 ms, and 32 bits of ms', async () => {
    const lab = new Lab()
    const { taken, process } = silent(lab)
    const now = lab.runtime.call(process.pid, 'look', undefined, 0).catch(() => 'timeout')
    const longest = lab.runtime.call(process.pid, 'look', undefined, LONGEST)
    await lab.clock.advance(100)
    expect(await now).toBe('timeout')
    taken[1]?.reply('in time')
    expect(await longest).toBe('in time')
  })
})
