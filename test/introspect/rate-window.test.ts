// Messages a second between two looks, for processes that come and go meanwhile.
import { expect, test } from 'vitest'
import { RateWindow } from '#src/introspect/rate-window.ts'

function look(
  window: RateWindow,
  now: number,
  handled: Record<number, number>,
): { windowMs: number; rates: Record<number, number | null> } {
  const walk = window.begin(now, 10)
  const block = Array.from({ length: 10 }, (_, serial) => (handled[serial] === undefined ? undefined : { handled: handled[serial] }))
  const counts = new Float64Array(10)
  walk.take(0, block, counts)
  const rates = Object.keys(handled).map((serial) => [serial, walk.rate(Number(serial), counts[Number(serial)] as number)])
  window.end(walk)
  return { windowMs: walk.windowMs, rates: Object.fromEntries(rates) }
}

test('a first look knows none; a later one compares, whoever came or went', () => {
  const window = new RateWindow()
  expect(look(window, 0, { 1: 10, 2: 20, 5: 50 })).toEqual({ windowMs: 0, rates: { 1: null, 2: null, 5: null } })
  expect(look(window, 2000, { 1: 30, 5: 50, 7: 4 })).toEqual({ windowMs: 2000, rates: { 1: 10, 5: 0, 7: 2 } })
})

test('looks in quick succession compare with one that is old enough', () => {
  const window = new RateWindow()
  look(window, 0, { 1: 0 })
  look(window, 1000, { 1: 100 })
  expect(look(window, 1100, { 1: 110 })).toEqual({ windowMs: 1100, rates: { 1: 100 } })
  expect(look(window, 1600, { 1: 160 })).toEqual({ windowMs: 600, rates: { 1: 100 } })
})

test('a look of long ago says nothing of now', () => {
  const window = new RateWindow()
  look(window, 0, { 1: 0 })
  expect(look(window, 60_000, { 1: 600 })).toEqual({ windowMs: 0, rates: { 1: null } })
})
