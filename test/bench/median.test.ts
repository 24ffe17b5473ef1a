// Medians and quantiles.
import { expect, test } from 'vitest'
import { median, quantile } from '#bench/support/median.ts'

test('the median is the value in the middle, whatever the order, and one wild run does not move it', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([3, 1, 1_000_000])).toBe(3)
})

test('of an even number of values it is the mean of the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
})

test('a quantile lies between its neighbours', () => {
  const values = Array.from({ length: 101 }, (_, i) => i)
  expect(quantile(values, 0.99)).toBe(99)
  expect(quantile([0, 10], 0.25)).toBe(2.5)
  expect(quantile([7], 0.99)).toBe(7)
})

test('nothing has no median', () => {
  expect(median([])).toBeNaN()
})
