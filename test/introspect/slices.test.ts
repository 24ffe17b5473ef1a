// Long work lets others run in between.
import { expect, test } from 'vitest'
import type { Clock } from '#base'
import { inSlices } from '#src/introspect/slices.ts'
import { FakeClock } from '#test/support/fake-clock.ts'

/** A clock on which each item costs time. */
class BusyClock extends FakeClock {
  spentMs = 0
  turns = 0

  override now(): number {
    return super.now() + this.spentMs
  }

  override soon(fn: () => void): void {
    this.turns++
    queueMicrotask(fn)
  }
}

test('the event loop turns whenever a few milliseconds are over, and every item has its turn once, in order', async () => {
  const clock = new BusyClock()
  const seen: number[] = []
  const items = Array.from({ length: 10_000 }, (_, i) => i)
  await inSlices(clock satisfies Clock, items, (item) => {
    seen.push(item)
    clock.spentMs += 0.01
  })
  expect(seen).toEqual(items)
  // 100 ms of work in slices of 1 ms, give or take where the clock is looked at.
  expect(clock.turns).toBeGreaterThan(72)
  expect(clock.turns).toBeLessThan(100)
})

test('what is done soon enough is done at once', async () => {
  const clock = new BusyClock()
  let count = 0
  await inSlices(clock, Array.from({ length: 1000 }), () => count++)
  expect([count, clock.turns]).toEqual([1000, 0])
})

test('a list that takes long to make is followed by a turn, and so is the last item', async () => {
  const clock = new BusyClock()
  function* list() {
    clock.spentMs += 3
    yield 1
  }
  await inSlices(clock, list(), () => {
    expect(clock.turns).toBe(1)
    clock.spentMs += 1
  })
  expect(clock.turns).toBe(2)
})
