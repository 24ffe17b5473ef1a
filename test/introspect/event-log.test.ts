// The event log: numbered facts, kept in a ring, read on from where one was.
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { EventLog } from '#introspect'
import { Crash } from '#process'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

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

describe('why something ended', () => {
  class Unforeseen extends Error {
    override readonly name = 'Unforeseen'
  }
  const crashed = (log: EventLog, error: Error = new Unforeseen('boom')) => {
    log.addEnd('process.exited', { reason: new Crash(error) })
    return error
  }
  const reasons = (log: EventLog) => log.after(0, 1000).events.map(({ data }) => (data as { reason: unknown }).reason)

  test('is kept in the words in which a crash is shown', () => {
    const log = new EventLog(() => 1000)
    const error = crashed(log)
    log.addEnd('process.exited', { reason: 'killed' })
    log.addEnd('process.exited', { reason: { shutdown: { cause: error } } })
    const { stack } = error
    const inWords = { error: 'Unforeseen', message: 'boom', stack }
    expect(reasons(log)).toEqual([inWords, 'killed', { shutdown: { cause: inWords } }])
    expect(JSON.stringify(new Crash(error))).toBe(JSON.stringify(inWords))
  })

  test('holds on to no error', async () => {
    const log = new EventLog(() => 1000)
    const term = () => {
      const error = new Unforeseen('boom')
      log.addEnd('supervisor.stopped', { reason: { shutdown: { cause: error } } })
      return error
    }
    const asItIs = () => {
      const error = new Unforeseen('boom')
      log.add('node.stopped', { error })
      return error
    }
    const [crash, cause, kept] = [new WeakRef(crashed(log)), new WeakRef(term()), new WeakRef(asItIs())]
    // What a weak reference was made of lives on until its turn is over.
    await setImmediate()
    collect()
    expect([crash.deref(), cause.deref(), kept.deref()]).toEqual([undefined, undefined, expect.any(Error)])
  })

  test('has a stack for the first of a storm, and one object for all the others', () => {
    const log = new EventLog(() => 1000)
    for (let i = 0; i < 300; i++) crashed(log)
    const all = reasons(log) as { stack?: string }[]
    expect(all.filter(({ stack }) => stack !== undefined)).toHaveLength(200)
    expect(new Set(all.slice(200)).size).toBe(1)
  })
})
