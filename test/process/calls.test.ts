// Calls: one answer, or the reason why there is none.
import { describe, expect, test } from 'vitest'
import { Crash, type Envelope, ExitError, Name, Pid, type Process, type ReplyTo } from '#process'
import { body, gate, Lab } from '#test/process/support/lab.ts'

/** Answers `echo`, keeps `keep` for later, throws at `crash`, ends at `end` and waits at `wait`. */
function callee(lab: Lab): { process: Process; kept: ReplyTo[]; open: PromiseWithResolvers<void> } {
  const kept: ReplyTo[] = []
  const open = gate()
  const receive = (self: Process, { name, payload, replyTo }: Envelope) => {
    if (name === 'crash') throw new TypeError('broken')
    if (name === 'end') self.stop('shutdown')
    if (name === 'wait') return open.promise
    if (name === 'echo') replyTo?.reply(payload)
    if (name === 'keep' && replyTo !== undefined) {
      kept.push(replyTo)
      self.owe(replyTo)
    }
    return undefined
  }
  return { process: lab.spawn(body(receive, { name: 'callee' })), kept, open }
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => {
      throw new Error('expected the call to fail')
    },
    (error: unknown) => error as ExitError,
  )

describe('a call', () => {
  test('resolves with the answer', async () => {
    const lab = new Lab()
    const { process } = callee(lab)
    await expect(lab.runtime.call(process.pid, 'echo', { a: 1 })).resolves.toEqual({ a: 1 })
    await expect(lab.runtime.call(process.pid, 'echo', undefined)).resolves.toBeUndefined()
  })

  test.each(['nobody', new Name('lot-1', 'lot')])(
    'to %s, a name without a process, rejects with noproc and is a dead letter',
    async (ref) => {
      const lab = new Lab()
      const error = await failure(lab.runtime.call(ref, 'look', undefined))
      expect(error).toBeInstanceOf(ExitError)
      expect(error).toMatchObject({ reason: 'noproc', message: "call 'look' failed: noproc" })
      expect(lab.only('process.dead_letter')).toEqual({ to: String(ref), message: 'call look', reason: 'noproc' })
    },
  )

  test('to a process that is no more rejects with noproc', async () => {
    const lab = new Lab()
    const { process } = callee(lab)
    process.die('shutdown')
    expect(await failure(lab.runtime.call(process.pid, 'echo', 1))).toMatchObject({ reason: 'noproc' })
  })

  test('to a node that cannot be reached rejects with noconnection', async () => {
    const lab = new Lab()
    expect(await failure(lab.runtime.call(new Pid('n2.b', 1), 'echo', 1))).toMatchObject({ reason: 'noconnection' })
  })

  test('takes the first answer; a second one, or a failure after it, is dropped', async () => {
    const lab = new Lab()
    const { process, kept } = callee(lab)
    const call = lab.runtime.call(process.pid, 'keep', undefined)
    await lab.settle()
    const [from] = kept as [ReplyTo]
    expect(from.isSettled).toBe(false)
    process.reply(from, 'first')
    process.reply(from, 'second')
    from.fail('oops')
    expect(from.isSettled).toBe(true)
    await expect(call).resolves.toBe('first')
    expect(lab.runtime.counts('callee').calls).toMatchObject({ ok: 1, error: 0 })
  })
})

describe('when the callee ends', () => {
  test('by a crash, the call it was handling rejects with it, and the error is the cause', async () => {
    const lab = new Lab()
    const { process } = callee(lab)
    const error = await failure(lab.runtime.call(process.pid, 'crash', undefined))
    expect(error.reason).toBeInstanceOf(Crash)
    expect(error.message).toBe("call 'crash' failed: TypeError: broken")
    expect(error.cause).toBe((error.reason as Crash).error)
  })

  test('the calls that wait in its mailbox reject with its reason', async () => {
    const lab = new Lab()
    const { process } = callee(lab)
    const calls = ['end', 'echo', 'echo'].map((name) => failure(lab.runtime.call(process.pid, name, 1)))
    expect((await Promise.all(calls)).map(({ reason }) => reason)).toEqual(['shutdown', 'shutdown', 'shutdown'])
  })

  test('the call whose asynchronous handler is under way rejects with its reason', async () => {
    const lab = new Lab()
    const { process, open } = callee(lab)
    const call = failure(lab.runtime.call(process.pid, 'wait', undefined))
    await lab.settle()
    process.signal(process.pid, 'kill')
    expect(await call).toMatchObject({ reason: 'killed' })
    open.resolve()
    await lab.settle()
  })

  test('the calls that it meant to answer later reject with its reason', async () => {
    const lab = new Lab()
    const { process, kept } = callee(lab)
    const answered = lab.runtime.call(process.pid, 'keep', undefined)
    const open = failure(lab.runtime.call(process.pid, 'keep', undefined))
    await lab.settle()
    process.reply(kept[0] as ReplyTo, 'answered')
    process.die('oops')
    await expect(answered).resolves.toBe('answered')
    expect(await open).toMatchObject({ reason: 'oops' })
  })

  test('in the order of a synchronous call, with an asynchronous terminate, the call gets the reason once it has ended', async () => {
    const lab = new Lab()
    const open = gate()
    const process = lab.spawn(body((self) => self.stop('shutdown'), { terminate: () => open.promise }))
    const call = failure(lab.runtime.call(process.pid, 'end', undefined))
    await lab.settle()
    expect(process.status).toBe('ending')
    open.resolve()
    expect(await call).toMatchObject({ reason: 'shutdown' })
    expect(lab.only('process.exited')).toMatchObject({ handling: 'call end' })
  })

  test.each([
    ['a term that JSON does not know', { shutdown: 1n }],
    ['an error that is none', new Crash(Object.create(null))],
  ])('with %s, its callers and its links hear of it all the same', async (_what, reason) => {
    const lab = new Lab()
    const { process } = callee(lab)
    const link = lab.spawn(body())
    link.link(process)
    const call = failure(lab.runtime.call(process.pid, 'echo', 1))
    process.die(reason)
    expect((await call).reason).toBe(reason)
    expect(link.endedWith).toBe(reason)
  })
})

test('callers that wait no more are forgotten by a process that owes them an answer', () => {
  const { process } = callee(new Lab())
  let told = 0
  const owe = () => {
    const replyTo = { isSettled: false, reply: () => undefined, fail: () => void told++ }
    process.owe(replyTo)
    return replyTo
  }
  for (let i = 0; i < 1000; i++) owe().isSettled = true
  for (let i = 0; i < 3; i++) owe()
  process.die('shutdown')
  // Every end tells all that are still remembered.
  expect(told).toBeGreaterThanOrEqual(3)
  expect(told).toBeLessThan(100)
})

describe('counts of calls', () => {
  test('are kept by behaviour and outcome, on the side of the caller', async () => {
    const lab = new Lab()
    const { process, open } = callee(lab)
    const { pid } = process
    await lab.runtime.call(pid, 'echo', 1)
    const late = failure(lab.runtime.call(pid, 'keep', undefined, 10))
    await lab.clock.advance(100)
    await late
    await failure(lab.runtime.call(pid, 'crash', undefined))
    await failure(lab.runtime.call(new Name('lot-1', 'callee'), 'look', undefined))
    await failure(lab.runtime.call(pid, 'look', undefined))
    open.resolve()
    expect(lab.runtime.counts('callee')).toMatchObject({
      live: 0,
      handled: 3,
      calls: { ok: 1, error: 1, timeout: 1, noproc: 1, nodedown: 0 },
    })
    expect(lab.runtime.counts('unknown').calls.noproc).toBe(1)
  })

  test('of many local calls some are timed, and stand for the others', async () => {
    const lab = new Lab()
    const measured: string[] = []
    lab.runtime.onCallMeasured = (locality, durationMs, outcome, count) => measured.push(`${locality} ${durationMs} ${outcome} ${count}`)
    lab.runtime.onMessageMeasured = () => undefined
    const { process } = callee(lab)
    for (let i = 0; i < 128; i++) await lab.runtime.call(process.pid, 'echo', i)
    expect(measured).toEqual([1, 1, 2, 4, 8, 16, 32, 64].map((count) => `local 0 ok ${count}`))
  })
})
