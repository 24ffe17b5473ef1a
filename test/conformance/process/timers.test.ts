// Timers of a process: send_after, cancel_timer, read_timer, send_interval.
import { expect, test } from 'vitest'
import { EventStream } from '#base'
import { type Process, type ProcessEvents, Runtime } from '#process'
import { body, Lab, noting } from '#test/process/support/lab.ts'

function timed(): { lab: Lab; heard: string[]; process: Process } {
  const lab = new Lab()
  const heard: string[] = []
  return { lab, heard, process: lab.spawn(noting(heard)) }
}

test('the message of a timer comes once, when its time has passed', async () => {
  const { lab, heard, process } = timed()
  process.sendAfter(100, 'tick', { n: 1 })
  await lab.clock.advance(99)
  expect(heard).toEqual([])
  await lab.clock.advance(1000)
  expect(heard).toEqual(['tick {"n":1}'])
})

test('a timer of 0 ms comes after what waits already', async () => {
  const { lab, heard, process } = timed()
  process.sendAfter(0, 'timer')
  process.info('message', undefined)
  await lab.settle()
  expect(heard).toEqual(['message', 'timer'])
})

test('timers fire in the order of their times, and of their start where these are equal', async () => {
  const { lab, heard, process } = timed()
  for (const [ms, name] of [
    [20, 'c'],
    [10, 'a'],
    [10, 'b'],
  ] as const)
    process.sendAfter(ms, name)
  await lab.clock.advance(20)
  expect(heard).toEqual(['a', 'b', 'c'])
})

test('cancel answers how much time was left, and then no message comes', async () => {
  const { lab, heard, process } = timed()
  const timer = process.sendAfter(100, 'tick')
  await lab.clock.advance(30)
  expect(timer.cancel()).toBe(70)
  await lab.clock.advance(1000)
  expect(heard).toEqual([])
})

test('cancel of a timer that has fired or was cancelled answers false', async () => {
  const { lab, process } = timed()
  const fired = process.sendAfter(10, 'tick')
  const cancelled = process.sendAfter(100, 'tick')
  await lab.clock.advance(10)
  cancelled.cancel()
  expect([fired.cancel(), cancelled.cancel()]).toEqual([false, false])
})

test('a timer can be read without being cancelled', async () => {
  const { lab, heard, process } = timed()
  const timer = process.sendAfter(100, 'tick')
  await lab.clock.advance(40)
  expect(timer.remainingMs()).toBe(60)
  await lab.clock.advance(60)
  expect([timer.remainingMs(), heard]).toEqual([false, ['tick']])
})

test('a timer is cancelled when its process ends', () => {
  const { lab, process } = timed()
  const timer = process.sendAfter(100, 'tick')
  process.die('shutdown')
  expect([timer.remainingMs(), lab.clock.pending]).toEqual([false, 0])
})

test('an interval sends again and again until it is cancelled', async () => {
  const { lab, heard, process } = timed()
  const timer = process.sendInterval(10, 'beat')
  await lab.clock.advance(35)
  timer.cancel()
  await lab.clock.advance(100)
  expect(heard).toEqual(['beat', 'beat', 'beat'])
})

test('an interval does not drift, and leaves out the beats that a blocked loop has missed', () => {
  let now = 0
  let due: { at: number; fn: () => void } | undefined
  const clock = {
    now: () => now,
    wall: () => now,
    after: (ms: number, fn: () => void) => {
      due = { at: now + ms, fn }
      return { cancel: () => undefined }
    },
    soon: () => undefined,
  }
  const runtime = new Runtime({ id: 'n1.a', clock, events: new EventStream<ProcessEvents>() })
  const result = runtime.spawn(body(), undefined, { cause: 'boot' })
  if (result instanceof Promise || !result.ok) throw new Error('did not start')
  runtime.lookup(result.pid)?.sendInterval(10, 'beat')
  const beats: number[] = []
  for (const lateMs of [0, 3, 0, 25, 0]) {
    now = (due?.at ?? 0) + lateMs
    due?.fn()
    beats.push(now)
  }
  expect(beats).toEqual([10, 23, 30, 65, 70])
})

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('a delay of %d is refused', (ms) => {
  const { process } = timed()
  const bad = expect.objectContaining({ code: 'ERR_OTP_PROCESS_BAD_DELAY' })
  expect(() => process.sendAfter(ms, 'tick')).toThrow(bad)
  expect(() => process.sendInterval(ms, 'tick')).toThrow(bad)
})

test('an interval of 0 ms is refused', () => {
  expect(() => timed().process.sendInterval(0, 'tick')).toThrow(expect.objectContaining({ code: 'ERR_OTP_PROCESS_BAD_DELAY' }))
})
