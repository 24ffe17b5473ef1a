// Starts: who begins is linked, named and listed; who fails leaves nothing behind.
import { describe, expect, test } from 'vitest'
import { Crash, type Process, StartRefused, type StartResult } from '#process'
import { body, gate, Lab, noting } from '#test/process/support/lab.ts'

const slowly = (init: Promise<void>) => body(undefined, { name: 'slow', init: () => init })

describe('a start', () => {
  test('with a synchronous init is over at once, and states who was started, under whom and why', () => {
    const lab = new Lab()
    const { pid } = lab.spawn(body(), { supervisor: 'node/lots', child: 'lot-1', cause: 'restart' })
    expect(lab.facts).toEqual([
      {
        type: 'process.spawned',
        event: {
          pid,
          behaviour: 'body',
          supervisor: 'node/lots',
          child: 'lot-1',
          cause: 'restart',
          startedAt: lab.clock.wall(),
          durationMs: 0,
          trace: undefined,
        },
      },
    ])
    expect(lab.runtime.counts('body').live).toBe(1)
    expect([...lab.runtime.processes()].map((process) => process.pid)).toEqual([pid])
  })

  test('with an asynchronous init is over when that is, and states how long it took', async () => {
    const lab = new Lab()
    const open = gate()
    const start = lab.runtime.spawn(slowly(open.promise), undefined, { cause: 'call' })
    await lab.clock.advance(250)
    expect(lab.facts).toEqual([])
    open.resolve()
    expect(await start).toMatchObject({ ok: true })
    expect(lab.only('process.spawned')).toMatchObject({ startedAt: lab.clock.wall() - 250, durationMs: 250 })
  })

  test('keeps messages that come before init is through for afterwards', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const open = gate()
    const start = lab.runtime.spawn({ ...noting(heard), init: () => open.promise }, undefined, { cause: 'boot', name: 'early' })
    lab.runtime.send('early', 'info', 'one', undefined)
    lab.runtime.send('early', 'info', 'two', undefined)
    await lab.settle()
    expect(heard).toEqual([])
    open.resolve()
    await start
    await lab.settle()
    expect(heard).toEqual(['one', 'two'])
  })

  test('never gives the same pid twice', () => {
    const lab = new Lab()
    const pids = Array.from({ length: 100 }, () => {
      const process = lab.spawn(body())
      process.die('shutdown')
      return String(process.pid)
    })
    expect(new Set(pids).size).toBe(100)
  })
})

describe('a start that fails', () => {
  const boom = new Error('no database')
  test.each<[string, () => void | Promise<void>, unknown]>([
    [
      'because init throws',
      () => {
        throw boom
      },
      { error: boom },
    ],
    ['because init rejects', () => Promise.reject(boom), { error: boom }],
    [
      'because init refuses',
      () => {
        throw new StartRefused({ shutdown: 'later' })
      },
      { shutdown: 'later' },
    ],
  ])('%s answers the reason, states it and leaves nothing behind', async (_why, init, reason) => {
    const lab = new Lab()
    const result = await lab.runtime.spawn(body(undefined, { init }), undefined, { cause: 'boot', name: 'gone', child: 'lot-1' })
    expect(result).toMatchObject({ ok: false, reason })
    expect(lab.facts.map(({ type }) => type)).toEqual(['process.spawn_failed'])
    expect(lab.only('process.spawn_failed')).toMatchObject({ behaviour: 'body', child: 'lot-1', cause: 'boot', class: 'error', reason })
    expect([lab.runtime.processCount, lab.runtime.whereis('gone'), lab.runtime.counts('body').live]).toEqual([0, undefined, 0])
  })

  test('with the reason timeout is of that class', () => {
    const lab = new Lab()
    const init = () => {
      throw new StartRefused('timeout')
    }
    expect(lab.runtime.spawn(body(undefined, { init }), undefined, { cause: 'boot' })).toEqual({ ok: false, reason: 'timeout' })
    expect(lab.only('process.spawn_failed')).toMatchObject({ class: 'timeout' })
  })

  test('answers calls that came too early with its reason', async () => {
    const lab = new Lab()
    const open = gate()
    const start = lab.runtime.spawn(slowly(open.promise), undefined, { cause: 'boot', name: 'early' })
    const call = lab.runtime.call('early', 'look', undefined)
    open.reject(boom)
    await expect(call).rejects.toMatchObject({ reason: { error: boom } })
    await start
  })

  test('does not run terminate', async () => {
    const lab = new Lab()
    const init = () => Promise.reject(boom)
    const terminate = () => {
      throw new Error('terminate ran')
    }
    expect(await lab.runtime.spawn(body(undefined, { init, terminate }), undefined, { cause: 'boot' })).toMatchObject({
      reason: { error: boom },
    })
    const stopped = lab.runtime.spawn(body(undefined, { init: (self) => self.stop('shutdown'), terminate }), undefined, { cause: 'boot' })
    expect(stopped).toEqual({ ok: false, reason: 'shutdown' })
  })
})

describe('a local name', () => {
  test('is held by one process at a time; another start answers who has it', async () => {
    const lab = new Lab()
    const holder = lab.spawn(body(), { name: 'clerk' })
    const second = lab.runtime.spawn(body(undefined, { name: 'second' }), undefined, { cause: 'call', name: 'clerk' })
    expect(second).toEqual({ ok: false, reason: 'already_started', pid: holder.pid })
    expect(lab.only('process.spawn_failed')).toMatchObject({ behaviour: 'second', class: 'already_started', reason: 'already_started' })
    expect(lab.runtime.whereis('clerk')).toBe(holder.pid)
  })

  test('is taken from the beginning of init, and free again when the process has ended', async () => {
    const lab = new Lab()
    const open = gate()
    const start = lab.runtime.spawn(slowly(open.promise), undefined, { cause: 'boot', name: 'clerk' })
    expect(lab.runtime.spawn(body(), undefined, { cause: 'boot', name: 'clerk' })).toMatchObject({ reason: 'already_started' })
    open.resolve()
    const { pid } = (await start) as StartResult & { ok: true }
    expect(lab.runtime.whereis('clerk')).toBe(pid)
    lab.runtime.exit(pid, pid, 'shutdown')
    expect(lab.runtime.whereis('clerk')).toBeUndefined()
    expect(lab.spawn(body(), { name: 'clerk' }).registeredName).toBe('clerk')
  })

  test('leads messages to its process', async () => {
    const lab = new Lab()
    const heard: string[] = []
    lab.spawn(noting(heard), { name: 'clerk' })
    lab.runtime.send('clerk', 'cast', 'hello', 1)
    await lab.settle()
    expect(heard).toEqual(['hello 1'])
  })

  test.each(['__proto__', 'constructor', 'toString'])('may be %s', (name) => {
    const lab = new Lab()
    expect(lab.runtime.whereis(name)).toBeUndefined()
    expect(lab.runtime.whereis(name)).toBe(undefined)
    expect(lab.spawn(body(), { name }).pid).toBe(lab.runtime.whereis(name))
  })
})

describe('a process that is started by another', () => {
  test('is linked to it: the end of either reaches the other', () => {
    const lab = new Lab()
    const parent = lab.spawn(body())
    const child = lab.spawn(body(), { parent })
    parent.die('oops')
    expect(child.endedWith).toBe('oops')
  })

  test('tells it by its result that the start has failed, and by no exit signal', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const parent = lab.spawn(noting(heard, true))
    const boom = () => {
      throw new Error('no')
    }
    await lab.runtime.spawn(body(undefined, { init: boom }), undefined, { cause: 'boot', parent })
    await lab.runtime.spawn(slowly(Promise.reject(new Error('no'))), undefined, { cause: 'boot', parent })
    await lab.settle()
    expect(heard).toEqual([])
    expect(parent.linkCount).toBe(0)
  })

  test('is linked to it from the beginning: a starter that ends while init is under way takes it along', async () => {
    const lab = new Lab()
    const open = gate()
    const parent = lab.spawn(body())
    const start = lab.runtime.spawn(slowly(open.promise), undefined, { cause: 'boot', parent, name: 'child' })
    parent.die('oops')
    expect(lab.runtime.whereis('child')).toBeUndefined()
    expect(await start).toEqual({ ok: false, reason: 'oops' })
    open.resolve()
    await lab.settle()
    expect(lab.runtime.processCount).toBe(0)
    expect(lab.runtime.counts('slow').live).toBe(0)
    expect(lab.facts.map(({ type }) => type)).toEqual(['process.spawned', 'process.exited', 'process.spawn_failed'])
  })

  test('does not begin if its starter is no more', () => {
    const lab = new Lab()
    const parent = lab.spawn(body())
    parent.die('shutdown')
    const init = () => {
      throw new Error('init ran')
    }
    expect(lab.runtime.spawn(body(undefined, { init }), undefined, { cause: 'boot', parent })).toEqual({ ok: false, reason: 'noproc' })
  })
})

describe('a process that is ended while its init is under way', () => {
  test('by a signal has failed to start at once, for that reason, though init never ends', async () => {
    const lab = new Lab()
    const start = lab.runtime.spawn(slowly(new Promise(() => undefined)), undefined, { cause: 'boot', name: 'stuck' })
    const stuck = lab.runtime.whereis('stuck') as Process['pid']
    lab.runtime.exit(stuck, stuck, 'kill')
    expect(await start).toEqual({ ok: false, reason: 'killed' })
    expect(lab.only('process.spawn_failed')).toMatchObject({ reason: 'killed' })
  })

  test('by what init does itself has failed to start for that reason', () => {
    const lab = new Lab()
    const gone = lab.spawn(body())
    gone.die('shutdown')
    const result = lab.runtime.spawn(body(undefined, { init: (self) => self.link(gone) }), undefined, { cause: 'boot' })
    expect(result).toEqual({ ok: false, reason: 'noproc' })
  })

  test('does not begin, though init goes on to its end', async () => {
    const lab = new Lab()
    const open = gate()
    const start = lab.runtime.spawn(slowly(open.promise), undefined, { cause: 'boot', name: 'slow' })
    const slow = lab.runtime.whereis('slow') as Process['pid']
    lab.runtime.exit(slow, slow, 'kill')
    open.reject(new Error('too late to matter'))
    await start
    await lab.settle()
    expect(lab.all('process.spawned')).toEqual([])
    expect(lab.all('process.spawn_failed')).toHaveLength(1)
  })
})

test('a listener that ends a process at the news of its start has ended it', () => {
  const lab = new Lab()
  lab.events.subscribe('nervous', { 'process.spawned': ({ pid }) => lab.runtime.exit(pid, pid, 'kill') })
  const result = lab.runtime.spawn(body(), undefined, { cause: 'boot' })
  expect(result).toMatchObject({ ok: true })
  expect(lab.runtime.processCount).toBe(0)
  expect(lab.only('process.exited')).toMatchObject({ reason: 'killed' })
  expect(lab.runtime.counts('body').live).toBe(0)
  expect(lab.only('process.exited').reason).not.toBeInstanceOf(Crash)
})
