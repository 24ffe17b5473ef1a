// The event log: numbered facts, kept in a ring, read on from where one was.
import { expect, test } from 'vitest'
import { EventLog } from '#introspect'

const filled = (count: number, capacity = 10) => {
  const log = new EventLog(() => 1000, capacity)
  for (let i = 1; i <= count; i++) log.add('tick', { i })
  return log
}
const numbers = (log: EventLog, after: number, limit = 100) => log.after(after, limit).events.map(({ seq }) => seq)

test('facts are numbered from 1 and read oldest first', () => {
  expect(numbers(filled(3), 0)).toEqual([1, 2, 3])
  expect(filled(1).after(0, 1).events).toEqual([{ seq: 1, at: 1000, type: 'tick', data: { i: 1 } }])
})

test('a reader goes on after what it has read', () => {
  const log = filled(5)
  const first = log.after(0, 2)
  expect(first.next).toBe(2)
  expect(numbers(log, first.next)).toEqual([3, 4, 5])
  expect(log.after(5, 10)).toEqual({ events: [], next: 5, dropped: 0 })
})

test('what had to make room is said to have been dropped', () => {
  const log = filled(25)
  expect(numbers(log, 0)).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25])
  expect(log.after(0, 100).dropped).toBe(15)
  expect(log.after(20, 100).dropped).toBe(0)
})

test('a number from a former life of the node goes on from now', () => {
  expect(filled(3).after(99, 10)).toEqual({ events: [], next: 3, dropped: 0 })
})
