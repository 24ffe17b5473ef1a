// Rows that keep the places they had.
import { expect, test } from 'vitest'
import { inOrder } from '#src/observer-ui/parts/in-order.ts'

/** A row is a letter, which is its key, and what there is to know of it. */
const rowsOf = (text: string): string[] => text.split(' ').filter((row) => row !== '')

test.for([
  ['c2 b2 a2', 'a1 b1 c1', 'a2 b2 c2'],
  ['c2 x1 a2 y1', 'a1 b1 c1', 'a2 b1 c2 x1 y1'],
  ['', 'a1 b1', 'a1 b1'],
  ['c1 a1', '', 'c1 a1'],
] as const)('%s, where %s stood: %s', ([rows, held, expected]) => {
  expect(inOrder(rowsOf(rows), (row) => row.slice(0, 1), rowsOf(held))).toEqual(rowsOf(expected))
})
