// Which crashes are the same, and how many are looked at when there are too many.
import { expect, test } from 'vitest'
import { Crash, Pid } from '#process'
import { CrashGroups } from '#src/introspect/crash-groups.ts'
import { errorKind, fingerprint, topFrame } from '#src/introspect/fingerprint.ts'
import { FakeClock } from '#test/support/fake-clock.ts'

const here = (message: string) => new Error(message)
const there = (message: string) => new Error(message)

const exited = (error: Error, behaviour = 'lot', endedAt = 1) => ({
  pid: new Pid('n1.a', 7),
  behaviour,
  supervisor: 'node/lots',
  child: 'lot-7',
  reason: new Crash(error),
  class: 'error' as const,
  endedAt,
  lifetimeMs: 10,
  handled: 3,
  handling: 'call bid',
  trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  flight: [],
})

test('numbers and quoted texts do not tell two errors apart', () => {
  const kind = (message: string) => errorKind(new Crash(new Error(message))).error
  expect(kind('lot 17 has no bid "x"')).toBe(kind('lot 4 has no bid "yy"'))
  expect(kind('lot 17 is closed')).not.toBe(kind('lot 17 is open'))
  expect(errorKind('bad_thing')).toMatchObject({ error: 'bad_thing' })
})

test('the top frame is function and file, without its place in it, and none of Node itself', () => {
  const stack = 'Error: x\n    at node:internal/x:1:1\n    at async bid (file:///app/src/auctions/lot.ts:12:3)\n    at b (c.ts:1:1)'
  expect(topFrame(stack)).toBe('bid (auctions/lot.ts)')
  expect(topFrame('Error: x\n    at /app/src/a/b.ts:1:2')).toBe('<anonymous> (a/b.ts)')
  expect(topFrame('Error: x')).toBeNull()
  expect(topFrame(undefined)).toBeNull()
})

test('the fingerprint is the same wherever it is made', () => {
  expect(fingerprint('lot', 'Error: x', 'bid (auctions/lot.ts)')).toBe(fingerprint('lot', 'Error: x', 'bid (auctions/lot.ts)'))
  expect(fingerprint('lot', 'Error: x', null)).toMatch(/^[0-9a-f]{16}$/)
  expect(fingerprint('lot', 'Error: x', null)).not.toBe(fingerprint('lat', 'Error: x', null))
})

test('crashes are counted by group, with the youngest as a sample', () => {
  const groups = new CrashGroups(new FakeClock())
  groups.add(exited(here('no bid 1'), 'lot', 1))
  groups.add(exited(here('no bid 2'), 'lot', 5))
  groups.add(exited(there('no bid 3'), 'lot', 6))
  groups.add(exited(here('no bid 4'), 'lamp', 7))
  const list = groups.list()
  expect(list.map(({ behaviour, frame, count, first, last }) => [behaviour, frame?.split(' ')[0], count, first, last])).toEqual([
    ['lamp', 'here', 1, 7, 7],
    ['lot', 'there', 1, 6, 6],
    ['lot', 'here', 2, 1, 5],
  ])
  expect(list[2]?.sample).toMatchObject({ reason: 'Error: no bid 2', trace: '0af7651916cd43dd8448eb211c80319c', child: 'lot-7' })
  expect(groups.total).toBe(4)
})

test('in a storm the stack of a hundred a second is looked at, and none is lost', () => {
  const groups = new CrashGroups(new FakeClock())
  let looked = 0
  for (let i = 0; i < 5000; i++) {
    const error = here(`no bid ${i}`)
    const { stack } = error
    Object.defineProperty(error, 'stack', {
      get: () => {
        looked++
        return stack
      },
    })
    groups.add(exited(error))
  }
  expect(looked).toBe(101)
  expect(groups.list().map(({ count }) => count)).toEqual([5000])
})

test('of too many groups the one that was heard of longest ago is forgotten', () => {
  const clock = new FakeClock()
  const groups = new CrashGroups(clock)
  for (let i = 0; i < 600; i++) groups.add(exited(here('x'), `behaviour-${i}`))
  expect(groups.list()).toHaveLength(500)
  expect(groups.list().at(-1)?.behaviour).toBe('behaviour-100')
})
