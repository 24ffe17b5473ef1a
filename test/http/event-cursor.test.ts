// Where a reader of events stands, as text and back.
import { expect, test } from 'vitest'
import { parseCursor, printCursor } from '#src/http/event-cursor.ts'

const nodes = ['n1.a', 'n2.b']

test('a bare number is that place on each node', () => {
  expect(parseCursor('0', nodes)).toEqual({ 'n1.a': 0, 'n2.b': 0 })
  expect(parseCursor('17', nodes)).toEqual({ 'n1.a': 17, 'n2.b': 17 })
})

test('what was printed is read as it was, former lives of nodes included', () => {
  const cursor = { 'n1.a': 3, 'n9.zz': 12 }
  expect(parseCursor(printCursor(cursor), nodes)).toEqual(cursor)
  expect(printCursor({})).toBe('0')
})

test.each(['', 'yesterday', 'n1.a', 'n1.a:', 'n1.a:1,', 'n1.a:1;n2.b:2', '-1', '1e3'])('%j is no cursor', (text) => {
  expect(parseCursor(text, nodes)).toBeUndefined()
})
