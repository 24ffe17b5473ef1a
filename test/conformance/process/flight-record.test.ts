// The flight record: what a process took up last, told when it crashes.
import { describe, expect, test } from 'vitest'
import { type Process, Runtime } from '#process'
import { body, gate, Lab } from '#test/process/support/lab.ts'

const crashing = () =>
  body((_self: Process, { name }) => {
    if (name === 'crash') throw new Error('broken')
  })

describe('the fact of a crash', () => {
  test('holds the last eight messages, oldest first, the one being handled last', async () => {
    const lab = new Lab()
    const process = lab.spawn(crashing())
    for (let i = 0; i < 20; i++) process.cast(process.pid, `cast${i}`)
    process.info('crash', undefined)
    await lab.settle()
    const { flight, handling, reason } = lab.only('process.exited')
    expect(flight?.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      ...[13, 14, 15, 16, 17, 18, 19].map((i) => `cast cast${i}`),
      'info crash',
    ])
    expect([handling, reason]).toMatchObject(['info crash', { error: { message: 'broken' } }])
  })

  test('says how long ago each was taken up', async () => {
    const lab = new Lab()
    const process = lab.spawn(crashing())
    process.info('first', undefined)
    await lab.clock.advance(1500)
    process.info('second', undefined)
    await lab.clock.advance(500)
    process.info('crash', undefined)
    await lab.settle()
    expect(lab.only('process.exited').flight?.map(({ ageMs }) => ageMs)).toEqual([2000, 500, 0])
  })

  test('counts the time that an asynchronous handler took before it failed', async () => {
    const lab = new Lab()
    const open = gate()
    const process = lab.spawn(body(() => open.promise))
    process.info('slow', undefined)
    await lab.clock.advance(700)
    open.reject(new Error('broken'))
    await lab.settle()
    expect(lab.only('process.exited').flight).toEqual([{ kind: 'info', name: 'slow', ageMs: 700 }])
  })

  test('ages are right though the clock has run for more than 2³¹ ms', async () => {
    const lab = new Lab()
    const process = lab.spawn(crashing())
    await lab.clock.advance(2 ** 31 - 500)
    process.info('first', undefined)
    await lab.clock.advance(1000)
    process.info('crash', undefined)
    await lab.settle()
    expect(lab.only('process.exited').flight?.map(({ ageMs }) => ageMs)).toEqual([1000, 0])
  })

  test('carries the trace in which the message was handled', async () => {
    const lab = new Lab()
    const tracing = {
      send: () => ({ carrier: 'trace-1', end: () => undefined }),
      receive: <T>(_carrier: string, _kind: string, _behaviour: string, _name: string, _waitMs: number, handle: () => T) => handle(),
      resume: <T>(_carrier: string, run: () => T) => run(),
      begin: () => ({ carrier: undefined, end: () => undefined }),
      serve: () => ({ carrier: undefined, end: () => undefined }),
      detached: <T>(run: () => T) => run(),
      isTraced: () => true,
      leaveOut: () => undefined,
      current: () => 'trace-1',
    }
    const runtime = new Runtime({ id: 'n1.a', clock: lab.clock, events: lab.events, tracing })
    const result = runtime.spawn(crashing(), undefined, { cause: 'boot' })
    if (result instanceof Promise || !result.ok) throw new Error('did not start')
    runtime.send(result.pid, 'cast', 'crash', undefined)
    await lab.settle()
    expect(lab.only('process.exited')).toMatchObject({ trace: 'trace-1', flight: [{ kind: 'cast', name: 'crash', ageMs: 0 }] })
  })

  test('keeps no payload', async () => {
    const lab = new Lab()
    const process = lab.spawn(crashing())
    process.info('crash', { secret: 'hunter2' })
    await lab.settle()
    expect(JSON.stringify(lab.only('process.exited'))).not.toContain('hunter2')
  })
})

test.each(['normal', 'shutdown', { shutdown: 'done' }])('an end with %j holds no flight record', async (reason) => {
  const lab = new Lab()
  const process = lab.spawn(body((self) => self.stop(reason)))
  process.info('end', undefined)
  await lab.settle()
  expect(lab.only('process.exited').flight).toBeUndefined()
})

test('a process that crashes before it took up a message has none', () => {
  const lab = new Lab()
  lab.spawn(body()).die('oops')
  expect(lab.only('process.exited').flight).toBeUndefined()
})
