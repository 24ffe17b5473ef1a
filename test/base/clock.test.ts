// The clock of the machine: timers that can be cancelled, and that wait as long as they were told.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '#base'

const DAY_MS = 86_400_000

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('a timer fires once, after its time', () => {
  const fired = vi.fn<() => void>()
  systemClock.after(100, fired)
  vi.advanceTimersByTime(99)
  expect(fired).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1000)
  expect(fired).toHaveBeenCalledOnce()
})

test('a cancelled timer does not fire, and may be cancelled again', () => {
  const fired = vi.fn<() => void>()
  const timer = systemClock.after(100, fired)
  timer.cancel()
  timer.cancel()
  vi.advanceTimersByTime(1000)
  expect(fired).not.toHaveBeenCalled()
})

test('a timer may wait longer than setTimeout can: 60 days are 60 days', () => {
  const fired = vi.fn<() => void>()
  systemClock.after(60 * DAY_MS, fired)
  vi.advanceTimersByTime(60 * DAY_MS - 1)
  expect(fired).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(fired).toHaveBeenCalledOnce()
})

test('a long timer can be cancelled at any time of its wait', () => {
  const fired = vi.fn<() => void>()
  const timer = systemClock.after(60 * DAY_MS, fired)
  vi.advanceTimersByTime(30 * DAY_MS)
  timer.cancel()
  vi.advanceTimersByTime(60 * DAY_MS)
  expect(fired).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})

test('a timer without an end never fires', () => {
  const fired = vi.fn<() => void>()
  const timer = systemClock.after(Number.POSITIVE_INFINITY, fired)
  vi.advanceTimersByTime(100 * DAY_MS)
  expect(fired).not.toHaveBeenCalled()
  timer.cancel()
  expect(vi.getTimerCount()).toBe(0)
})

test('the monotonic clock has fractions and does not follow the wall clock', () => {
  vi.useRealTimers()
  const before = systemClock.now()
  expect(Math.abs(systemClock.wall() - Date.now())).toBeLessThan(1000)
  expect(systemClock.now()).toBeGreaterThanOrEqual(before)
  expect(systemClock.now()).toBeLessThan(systemClock.wall())
})

test('a time that has passed while a node stood still is no reason for a warning', async () => {
  vi.useRealTimers()
  const warned = vi.fn<(warning: Error) => void>()
  process.on('warning', warned)
  await new Promise<void>((resolve) => systemClock.after(-300, resolve))
  // Warnings come a turn later.
  await new Promise<void>((resolve) => systemClock.soon(resolve))
  process.off('warning', warned)
  expect(warned).not.toHaveBeenCalled()
})
