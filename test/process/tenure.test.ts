// A process that may handle messages only for as long as somebody lets it: asked before each, at that very moment.
import { expect, test } from 'vitest'
import { EventStream } from '#base'
import { genServer, reply } from '#otp-labs'
import { type Envelope, isExitOfParent, type Process, type ProcessEvents, Runtime } from '#process'
import { FakeClock } from '#test/support/fake-clock.ts'

function world(mayHandle: () => boolean) {
  const clock = new FakeClock()
  const events = new EventStream<ProcessEvents>()
  const dead: string[] = []
  events.subscribe('test', { 'process.dead_letter': ({ message }) => dead.push(message) })
  const runtime = new Runtime({ id: 'n1.1', clock, events })
  const handled: number[] = []
  const Echo = genServer({
    name: 'echo',
    trapExit: true,
    init: (_: undefined, self) => self.fencingToken,
    calls: { token: (state, _: undefined, self) => reply([state, self.fencingToken], state) },
    casts: {
      note: (state, n: number) => {
        handled.push(n)
        return state
      },
    },
  })
  const start = (token: number) => runtime.spawn(Echo.body, undefined, { cause: 'boot', tenure: { mayHandle, token } })
  return { clock, runtime, handled, dead, start }
}

test('it handles what comes while it may, and refuses the rest as if it had ended', async () => {
  let isOver = false
  const { clock, runtime, handled, dead, start } = world(() => !isOver)
  const result = await start(7)
  if (!result.ok) throw new Error('not started')
  for (const n of [1, 2]) runtime.send(result.pid, 'cast', 'note', n)
  await clock.advance(1)
  isOver = true
  for (const n of [3, 4]) runtime.send(result.pid, 'cast', 'note', n)
  const failure = runtime.call(result.pid, 'token', undefined).catch((error: unknown) => error)
  await clock.advance(1)
  expect(await failure).toMatchObject({ reason: 'noproc' })
  expect(handled).toEqual([1, 2])
  expect(dead).toEqual(['cast note', 'cast note', 'call token'])
})

test('it is asked before each message, not before each turn', async () => {
  // One for its start.
  let left = 4
  const { clock, runtime, handled, start } = world(() => left-- > 0)
  const result = await start(7)
  if (!result.ok) throw new Error('not started')
  for (let n = 1; n <= 10; n++) runtime.send(result.pid, 'cast', 'note', n)
  await clock.advance(1)
  expect(handled).toEqual([1, 2, 3])
})

test('it knows its token from the beginning', async () => {
  const { clock, runtime, start } = world(() => true)
  const result = await start(42)
  if (!result.ok) throw new Error('not started')
  const call = runtime.call(result.pid, 'token', undefined)
  await clock.advance(1)
  expect(await call).toEqual([42, 42])
})

test('one that handles nothing any more can be ended', async () => {
  const { runtime, clock } = world(() => false)
  let isOver = false
  const body = {
    name: 'child',
    init: (self: Process) => {
      self.trapExit = true
    },
    receive: (self: Process, envelope: Envelope) => {
      if (isExitOfParent(self, envelope)) self.stop('shutdown')
    },
  }
  const parent = await runtime.spawn({ ...body, name: 'parent' }, undefined, { cause: 'boot' })
  if (!parent.ok) throw new Error('not started')
  const process = runtime.lookup(parent.pid)
  const child = await runtime.spawn(body, undefined, {
    cause: 'boot',
    ...(process === undefined ? {} : { parent: process }),
    tenure: { mayHandle: () => !isOver, token: 1 },
  })
  if (!child.ok) throw new Error('not started')
  isOver = true
  runtime.exit(parent.pid, child.pid, 'shutdown')
  await clock.advance(1)
  expect(runtime.lookup(child.pid)).toBeUndefined()
})

test('whose tenure is over before its start does not run its init', async () => {
  const { runtime, start } = world(() => false)
  expect(await start(7)).toEqual({ ok: false, reason: { shutdown: 'lease_lost' } })
  expect(runtime.processCount).toBe(0)
})
