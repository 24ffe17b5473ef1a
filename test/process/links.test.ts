// Links where they are many, or where somebody is busy; what links mean is in test/conformance/process.
import { expect, test } from 'vitest'
import { Crash, type Process } from '#process'
import { body, gate, Lab } from '#test/process/support/lab.ts'

test('the ends of linked processes are stated one after the other, for the same reason', () => {
  const lab = new Lab()
  const [left, right] = [lab.spawn(body()), lab.spawn(body())]
  left.link(right)
  const crash = new Crash(new Error('broken'))
  left.die(crash)
  expect(lab.all('process.exited').map(({ pid, reason }) => [pid, reason])).toEqual([
    [left.pid, crash],
    [right.pid, crash],
  ])
})

test('an exit signal ends a process whose asynchronous handler is under way', async () => {
  const lab = new Lab()
  const open = gate()
  const process = lab.spawn(body(() => open.promise))
  process.info('work', undefined)
  await lab.settle()
  lab.runtime.exit(process.pid, process.pid, 'shutdown')
  expect(process.isAlive).toBe(false)
})

test('a chain of 10,000 linked processes falls as a whole, and needs no stack for it', () => {
  const lab = new Lab()
  const chain = Array.from({ length: 10_000 }, () => lab.spawn(body()))
  for (const [i, process] of chain.entries()) if (i > 0) process.link(chain[i - 1] as Process)
  const last = chain.at(-1) as Process
  last.die('oops')
  expect(chain.every(({ endedWith }) => endedWith === 'oops')).toBe(true)
  expect(lab.runtime.processCount).toBe(0)
})

test('a process with 200,000 links falls with them, in no more than their number of steps', () => {
  const lab = new Lab()
  const hub = lab.spawn(body())
  const first = lab.spawn(body())
  first.link(hub)
  for (let i = 0; i < 200_000; i++) lab.spawn(body()).link(hub)
  // To move the whole list at each step would outlast this test.
  first.die('oops')
  expect(lab.runtime.processCount).toBe(0)
})

test('links may go in a ring', () => {
  const lab = new Lab()
  const ring = Array.from({ length: 5 }, () => lab.spawn(body()))
  for (const [i, process] of ring.entries()) process.link(ring[(i + 1) % ring.length] as Process)
  ring[2]?.die('oops')
  expect(ring.map(({ endedWith }) => endedWith)).toEqual(['oops', 'oops', 'oops', 'oops', 'oops'])
  expect(lab.all('process.exited')).toHaveLength(5)
})
