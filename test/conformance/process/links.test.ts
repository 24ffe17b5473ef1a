// Links of processes of one node, sentence by sentence.
import { describe, expect, test } from 'vitest'
import type { ExitMessage, Process } from '#process'
import { body, Lab, noting } from '#test/process/support/lab.ts'

function two(trapExit = false): { lab: Lab; heard: string[]; one: Process; other: Process } {
  const lab = new Lab()
  const heard: string[] = []
  return { lab, heard, one: lab.spawn(noting(heard, trapExit)), other: lab.spawn(body()) }
}

test('a link is set up by one process and is bidirectional: either end takes the other along', () => {
  for (const first of ['one', 'other'] as const) {
    const pair = two()
    pair.one.linkTo(pair.other.pid)
    pair[first].die('oops')
    expect([pair.one.endedWith, pair.other.endedWith]).toEqual(['oops', 'oops'])
  }
})

test('there is at most one link between two processes: linking again, from either side, has no effect', async () => {
  const { lab, heard, one, other } = two(true)
  one.linkTo(other.pid)
  one.linkTo(other.pid)
  other.linkTo(one.pid)
  expect([one.linkCount, other.linkCount]).toEqual([1, 1])
  other.die('oops')
  await lab.settle()
  expect(heard).toEqual(['EXIT oops'])
})

test('one unlink removes the link, however often it was made', async () => {
  const { lab, heard, one, other } = two(true)
  one.linkTo(other.pid)
  other.linkTo(one.pid)
  one.unlinkFrom(other.pid)
  other.die('oops')
  await lab.settle()
  expect(heard).toEqual([])
})

test('a process that links itself is not affected', () => {
  const { one } = two()
  one.linkTo(one.pid)
  expect(one.linkCount).toBe(0)
})

test('linking a process that does not exist does not fail; the exit signal noproc comes instead', async () => {
  const { lab, heard, one, other } = two(true)
  other.die('shutdown')
  one.linkTo(other.pid)
  await lab.settle()
  expect(heard).toEqual(['EXIT noproc'])
  expect(one.linkCount).toBe(0)
})

test('and ends a process that does not trap exits', () => {
  const { one, other } = two()
  other.die('shutdown')
  one.linkTo(other.pid)
  expect(one.endedWith).toBe('noproc')
})

test('a normal end does not end linked processes, but those that trap exits hear of it', async () => {
  const { lab, heard, one, other } = two(true)
  const third = lab.spawn(body())
  other.linkTo(one.pid)
  other.linkTo(third.pid)
  other.stop('normal')
  await lab.settle()
  expect([third.isAlive, heard]).toEqual([true, ['EXIT normal']])
})

test('EXIT says who ended and why', async () => {
  const lab = new Lab()
  const exits: ExitMessage[] = []
  const one = lab.spawn(body((_self, { payload }) => void exits.push(payload as ExitMessage)))
  const other = lab.spawn(body())
  one.trapExit = true
  one.linkTo(other.pid)
  other.die('oops')
  await lab.settle()
  expect(exits).toEqual([{ from: other.pid, reason: 'oops' }])
})

describe('unlink', () => {
  test('of what is not linked, or is no more, does nothing', () => {
    const { one, other } = two()
    one.unlinkFrom(other.pid)
    other.die('shutdown')
    one.unlinkFrom(other.pid)
    expect(one.isAlive).toBe(true)
  })

  test('may find an EXIT in the queue already, which stays there', async () => {
    const { lab, heard, one, other } = two(true)
    one.linkTo(other.pid)
    other.die('oops')
    one.unlinkFrom(other.pid)
    await lab.settle()
    expect(heard).toEqual(['EXIT oops'])
  })

  test('with flush takes such an EXIT back, and none of another process', async () => {
    const { lab, heard, one, other } = two(true)
    const third = lab.spawn(body())
    one.linkTo(third.pid)
    one.linkTo(other.pid)
    third.die('other')
    other.die('oops')
    one.unlinkFrom(other.pid, { flush: true })
    await lab.settle()
    expect(heard).toEqual(['EXIT other'])
  })

  test('does not keep the link from being made again', () => {
    const { one, other } = two()
    one.linkTo(other.pid)
    one.unlinkFrom(other.pid)
    one.linkTo(other.pid)
    other.die('oops')
    expect(one.endedWith).toBe('oops')
  })
})

test('a process that is no more makes no links, though its handler goes on', () => {
  const { one, other } = two()
  one.die('shutdown')
  one.linkTo(other.pid)
  expect(other.linkCount).toBe(0)
})

test('an end spreads over links of links', () => {
  const { lab, one, other } = two()
  const third = lab.spawn(body())
  one.linkTo(other.pid)
  other.linkTo(third.pid)
  one.die('oops')
  expect(third.endedWith).toBe('oops')
})
