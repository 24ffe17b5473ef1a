// What the runtime measures of messages: how deep a mailbox is when one comes in, and how long some wait and are handled, for all of them.
import { beforeEach, describe, expect, test } from 'vitest'
import type { MeasuredMessage } from '#src/process/message-times.ts'
import { body, gate, Lab } from './support/lab.ts'

let lab: Lab
let measured: MeasuredMessage[]
const counted = () => measured.reduce((sum, { count }) => sum + count, 0)

beforeEach(() => {
  lab = new Lab()
  measured = []
  lab.runtime.onMessageMeasured = (message) => measured.push(message)
})

test('a message is timed from when it was sent until it was taken up, and from then until it was handled', async () => {
  const opened = gate()
  const process = lab.spawn(body((_self, { name }) => (name === 'wait' ? opened.promise : undefined)))
  lab.runtime.send(process.pid, 'cast', 'wait', undefined)
  await lab.settle()
  await lab.clock.advance(20)
  lab.runtime.send(process.pid, 'cast', 'next', undefined)
  await lab.clock.advance(30)
  opened.resolve()
  await lab.settle()
  expect(measured).toEqual([
    { behaviour: 'body', count: 1, depth: 1, waitMs: 0, handleMs: 50, trace: undefined },
    { behaviour: 'body', count: 1, depth: 1, waitMs: 30, handleMs: 0, trace: undefined },
  ])
})

test('a message that its process ends with is timed until then', async () => {
  const process = lab.spawn(
    body(() => {
      throw new Error('boom')
    }),
  )
  lab.runtime.send(process.pid, 'cast', 'crash', undefined)
  lab.runtime.send(process.pid, 'cast', 'never taken up', undefined)
  await lab.settle()
  expect(measured.map(({ depth }) => depth)).toEqual([1])
})

describe('of many messages', () => {
  test('few are timed, and stand for all of them', async () => {
    const process = lab.spawn(body())
    for (let i = 0; i < 10_000; i++) lab.runtime.send(process.pid, 'cast', 'note', i)
    await lab.settle()
    expect(measured.length).toBeLessThan(20)
    expect(counted()).toBeGreaterThan(5000)
    expect(counted()).toBeLessThanOrEqual(10_000)
    expect(measured.map(({ depth }) => depth)).toEqual(measured.map((_, i) => 2 ** i))
  })

  test('all are timed again when they have become few', async () => {
    const process = lab.spawn(body())
    for (let i = 0; i < 10_000; i++) lab.runtime.send(process.pid, 'cast', 'note', i)
    await lab.settle()
    for (let i = 0; i < 20; i++) {
      await lab.clock.advance(1000)
      lab.runtime.send(process.pid, 'cast', 'note', i)
      await lab.settle()
    }
    expect(measured.slice(-19).map(({ count }) => count)).toEqual(Array.from({ length: 19 }, () => 1))
    expect(counted()).toBe(10_020)
  })

  test('each behaviour is timed for itself', async () => {
    const busy = lab.spawn(body())
    const quiet = lab.spawn(body(undefined, { name: 'quiet' }))
    for (let i = 0; i < 1000; i++) lab.runtime.send(busy.pid, 'cast', 'note', i)
    lab.runtime.send(quiet.pid, 'cast', 'note', 0)
    await lab.settle()
    expect(measured.filter(({ behaviour }) => behaviour === 'quiet').length).toBe(1)
  })
})

test('what sys asks is no message of a behaviour', async () => {
  const process = lab.spawn(body())
  const asked = lab.runtime.system(process.pid, 'look', () => 1)
  await lab.settle()
  await asked
  expect(measured).toEqual([])
})

test('where nobody measures, no message is timed', async () => {
  lab.runtime.onMessageMeasured = undefined
  const process = lab.spawn(body())
  lab.runtime.send(process.pid, 'cast', 'note', 1)
  expect(process.waiting(1)[0]?.times).toBeUndefined()
})
