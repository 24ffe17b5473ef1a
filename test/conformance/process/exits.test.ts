// How a process ends, and what its end says.
import { describe, expect, test } from 'vitest'
import { Crash, ExitError, exit, type Process } from '#process'
import { body, gate, Lab, noting } from '#test/process/support/lab.ts'

function runs(lab: Lab, receive: (self: Process) => void | Promise<void>): Process {
  const process = lab.spawn(body(receive))
  process.info('run', undefined)
  return process
}

describe('exit(reason), called by the process itself', () => {
  test('ends it with that reason, and nothing after the call runs', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const process = runs(lab, () => {
      heard.push('before')
      exit('oops')
    })
    await lab.settle()
    expect([process.endedWith, heard]).toEqual(['oops', ['before']])
  })

  test.each(['normal', 'shutdown', { shutdown: 'done' }])(
    'with %j is an orderly end, from an asynchronous handler, too',
    async (reason) => {
      const lab = new Lab()
      const open = gate()
      const process = runs(lab, async () => {
        await open.promise
        exit(reason)
      })
      open.resolve()
      await lab.settle()
      expect(process.endedWith).toEqual(reason)
      expect(lab.only('process.exited').flight).toBeUndefined()
    },
  )

  test('runs terminate first', async () => {
    const lab = new Lab()
    const terminated: unknown[] = []
    const process = lab.spawn(body(() => exit('oops'), { terminate: (_self, reason) => void terminated.push(reason) }))
    process.info('run', undefined)
    await lab.settle()
    expect(terminated).toEqual(['oops'])
  })

  test('in terminate gives the reason of the end', () => {
    const process = new Lab().spawn(body(undefined, { terminate: () => exit('worse') }))
    process.stop('normal')
    expect(process.endedWith).toBe('worse')
  })

  test('in init is why the start failed', () => {
    const result = new Lab().runtime.spawn(body(undefined, { init: () => exit('no') }), undefined, { cause: 'boot' })
    expect(result).toEqual({ ok: false, reason: 'no' })
  })

  test('can be caught, as any exception', async () => {
    const lab = new Lab()
    const process = runs(lab, () => {
      expect(() => exit('oops')).toThrow('exit: oops')
    })
    await lab.settle()
    expect(process.isAlive).toBe(true)
  })
})

test('a process that handles nothing and is told nothing lives on', async () => {
  const lab = new Lab()
  const process = lab.spawn(body())
  await lab.clock.advance(86_400_000)
  expect(process.isAlive).toBe(true)
})

test('an uncaught error ends the process with the error itself, which links, monitors and callers get', async () => {
  const lab = new Lab()
  const error = new RangeError('far')
  const seen: unknown[] = []
  const process = lab.spawn(
    body(() => {
      throw error
    }),
  )
  const linked = lab.spawn(body())
  linked.linkTo(process.pid)
  lab.runtime.monitor(process.pid, { down: (_ref, _pid, reason) => seen.push(reason) })
  const failed = await lab.runtime.call(process.pid, 'run', undefined).catch((thrown: unknown) => thrown)
  expect(failed).toBeInstanceOf(ExitError)
  for (const reason of [(failed as ExitError).reason, linked.endedWith, ...seen]) {
    expect(reason).toBeInstanceOf(Crash)
    expect((reason as Crash).error).toBe(error)
  }
  expect(seen).toHaveLength(1)
})

test('after its end a process sends no exit signal, though its handler goes on', async () => {
  const lab = new Lab()
  const open = gate()
  const other = lab.spawn(body())
  const process = runs(lab, async (self) => {
    await open.promise
    self.exit(other.pid, 'oops')
  })
  await lab.settle()
  process.die('shutdown')
  open.resolve()
  await lab.settle()
  expect(other.isAlive).toBe(true)
})

test('when a process ends everything of it goes: its name, its timers, its monitors, its messages', async () => {
  const lab = new Lab()
  const heard: string[] = []
  const other = lab.spawn(body())
  const process = lab.spawn(noting(heard), { name: 'clerk' })
  process.sendAfter(10, 'tick')
  process.sendInterval(10, 'beat')
  process.monitor(other.pid)
  process.info('waiting', undefined)
  process.die('shutdown')
  await lab.clock.advance(100)
  expect([heard, lab.runtime.whereis('clerk'), other.monitoredByCount, lab.clock.pending, process.depth]).toEqual([[], undefined, 0, 0, 0])
})
