// Links: who is linked ends with the other, or is told, as in OTP.
import { describe, expect, test } from 'vitest'
import { Crash, type Process } from '#process'
import { body, gate, Lab, noting } from '#test/process/support/lab.ts'

function linked(trapExit = false): { lab: Lab; heard: string[]; left: Process; right: Process } {
  const lab = new Lab()
  const heard: string[] = []
  const left = lab.spawn(body())
  const right = lab.spawn(noting(heard, trapExit))
  left.link(right)
  return { lab, heard, left, right }
}

describe('a process that is linked', () => {
  test('ends with the other, for the same reason', () => {
    const { lab, left, right } = linked()
    const crash = new Crash(new Error('broken'))
    left.die(crash)
    expect(right.isAlive).toBe(false)
    expect(lab.all('process.exited').map(({ pid, reason }) => [pid, reason])).toEqual([
      [left.pid, crash],
      [right.pid, crash],
    ])
  })

  test('takes the other with it, whichever of the two made the link', () => {
    const { left, right } = linked()
    right.die('shutdown')
    expect(left.isAlive).toBe(false)
  })

  test('does not end when the other ends normally, and is linked to nothing any more', () => {
    const { left, right } = linked()
    left.stop('normal')
    expect([left.isAlive, right.isAlive]).toEqual([false, true])
    expect(right.linkCount).toBe(0)
  })

  test('gets the info EXIT instead if it traps exits, for a normal end too', async () => {
    for (const reason of ['normal', 'shutdown', 'oops']) {
      const { lab, heard, left, right } = linked(true)
      left.die(reason)
      await lab.settle()
      expect(right.isAlive).toBe(true)
      expect(heard).toEqual([`EXIT ${reason}`])
    }
  })

  test('gets EXIT after everything that the other had sent before its end', async () => {
    const { lab, heard, left, right } = linked(true)
    left.send(right.pid, 'first')
    left.send(right.pid, 'second')
    left.die('oops')
    await lab.settle()
    expect(heard).toEqual(['first', 'second', 'EXIT oops'])
  })

  test('is linked once, however often the link is made', () => {
    const { left, right } = linked()
    left.link(right)
    right.link(left)
    expect([left.linkCount, right.linkCount]).toEqual([1, 1])
  })

  test('may link itself, which means nothing', () => {
    const { left } = linked()
    left.link(left)
    expect(left.linkCount).toBe(1)
  })
})

describe('the signal kill', () => {
  test('cannot be trapped, and is seen as killed by links', async () => {
    const { lab, heard, left, right } = linked(true)
    lab.runtime.exit(right.pid, left.pid, 'kill')
    await lab.settle()
    expect(left.endedWith).toBe('killed')
    expect(heard).toEqual(['EXIT killed'])
    lab.runtime.exit(left.pid, right.pid, 'kill')
    expect(right.endedWith).toBe('killed')
  })

  test('does not spread untrappably: a linked process that traps exits lives', () => {
    const { lab, left, right } = linked(true)
    lab.runtime.exit(left.pid, left.pid, 'kill')
    expect(right.isAlive).toBe(true)
  })

  test('is something else than an end with the reason kill, which links can trap', async () => {
    const { lab, heard, left, right } = linked(true)
    left.stop('kill')
    await lab.settle()
    expect(right.isAlive).toBe(true)
    expect(heard).toEqual(['EXIT kill'])
  })

  test('is something else than an end with the reason kill, which ends links that trap nothing with it', () => {
    const { left, right } = linked()
    left.stop('kill')
    expect(right.endedWith).toBe('kill')
  })
})

describe('an exit signal that was sent', () => {
  test('ends a process that does not trap exits, at once', () => {
    const { lab, left, right } = linked()
    lab.runtime.exit(left.pid, right.pid, 'shutdown')
    expect(right.endedWith).toBe('shutdown')
  })

  test('is ignored with the reason normal, but not from the process itself', () => {
    const { lab, left, right } = linked()
    lab.runtime.exit(left.pid, right.pid, 'normal')
    expect(right.isAlive).toBe(true)
    lab.runtime.exit(right.pid, right.pid, 'normal')
    expect(right.endedWith).toBe('normal')
  })

  test('to a process that is no more does nothing', async () => {
    const { lab, left, right } = linked()
    right.die('shutdown')
    lab.runtime.exit(left.pid, right.pid, 'oops')
    await lab.settle()
    expect(right.endedWith).toBe('shutdown')
    expect(lab.all('process.dead_letter')).toEqual([])
  })

  test('ends a process whose asynchronous handler is under way', async () => {
    const lab = new Lab()
    const open = gate()
    const process = lab.spawn(body(() => open.promise))
    process.info('work', undefined)
    await lab.settle()
    lab.runtime.exit(process.pid, process.pid, 'shutdown')
    expect(process.isAlive).toBe(false)
  })
})

describe('a link to a process that is no more', () => {
  test('is an exit signal noproc to who makes it', () => {
    const { left, right } = linked()
    left.unlink(right)
    right.die('shutdown')
    left.link(right)
    expect(left.endedWith).toBe('noproc')
  })

  test('is the info EXIT with noproc if exits are trapped', async () => {
    const { lab, heard, left, right } = linked(true)
    left.stop('normal')
    await lab.settle()
    right.link(left)
    await lab.settle()
    expect(heard).toEqual(['EXIT normal', 'EXIT noproc'])
  })
})

test('after unlink no exit signal comes any more, in neither direction', async () => {
  const { lab, heard, left, right } = linked(true)
  const third = lab.spawn(body())
  left.link(third)
  left.unlink(right)
  third.unlink(left)
  left.die('oops')
  await lab.settle()
  expect(heard).toEqual([])
  expect(third.isAlive).toBe(true)
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
