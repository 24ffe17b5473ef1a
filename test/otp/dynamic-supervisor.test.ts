// DynamicSupervisor: children that come and go while it runs.
import { describe, expect, test } from 'vitest'
import {
  type ChildCounts,
  type ChildInfo,
  type ChildSpec,
  type DynamicSupervisorOptions,
  dynamicSupervisor,
  type StartChildResult,
  type TerminateChildResult,
} from '#otp'
import { describeExit, type ExitReason, type Process } from '#process'
import { call, type Life, start, workers } from '#test/otp/support/start.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

const notes: string[] = []
const Worker = workers(notes)

interface Tree {
  readonly lab: Lab
  readonly lots: Process
  add(id: string, changes?: Partial<ChildSpec>, life?: Partial<Life>): Promise<StartChildResult>
  remove(id: string, reason?: ExitReason): Promise<boolean>
  which(): Promise<ChildInfo[]>
  count(): Promise<ChildCounts>
  end(id: string, reason: ExitReason | 'crash'): Promise<void>
}

function tree(options: Partial<DynamicSupervisorOptions> = {}): Tree {
  notes.length = 0
  const lab = new Lab()
  const lots = start(lab, dynamicSupervisor({ name: 'lots', ...options }))
  return {
    lab,
    lots,
    add: (id, changes = {}, life = {}) =>
      call(lab, lots, 'startChild', { spec: { id, name: id, start: [Worker, { id, ...life }], ...changes }, cause: 'call' }),
    remove: async (id, reason) => {
      const request = { id, ...(reason === undefined ? {} : { reason }) }
      return (await call<TerminateChildResult>(lab, lots, 'terminateChild', request)).ok
    },
    which: () => call(lab, lots, 'whichChildren'),
    count: () => call(lab, lots, 'countChildren'),
    end: async (id, reason) => {
      lab.runtime.send(id, 'cast', reason === 'crash' ? 'crash' : 'end', reason)
      await lab.settle()
    },
  }
}

describe('startChild', () => {
  test('starts a child and answers its pid', async () => {
    const { lab, add, which, count } = tree()
    const result = await add('a')
    expect(result).toEqual({ ok: true, pid: lab.runtime.whereis('a') })
    expect(await which()).toEqual([{ id: 'a', pid: result.pid, type: 'worker', behaviour: 'worker' }])
    expect(await count()).toMatchObject({ specified: 1, active: 1, restarting: 0 })
    expect(lab.all('process.spawned').at(-1)).toMatchObject({ supervisor: 'lots', child: 'a', cause: 'call' })
    expect(lab.only('supervisor.started')).toMatchObject({ supervisor: 'lots', strategy: 'simple_one_for_one' })
  })

  test('answers already_started, and by whom, for an id that it has', async () => {
    const { add, count } = tree()
    const { pid } = await add('a')
    expect(await add('a', { name: 'other' })).toEqual({ ok: false, reason: 'already_started', pid })
    expect((await count()).active).toBe(1)
  })

  test('answers max_children when there are as many as it may have, until one is gone', async () => {
    const { add, remove } = tree({ maxChildren: 2 })
    await add('a')
    await add('b')
    expect(await add('c')).toEqual({ ok: false, reason: 'max_children' })
    expect(await add('a')).toMatchObject({ reason: 'already_started' })
    await remove('a')
    expect(await add('c')).toMatchObject({ ok: true })
  })

  test('answers the reason of a start that failed, keeps no child of it and goes on', async () => {
    const { lots, add, count } = tree()
    const init = () => {
      throw new Error('no database')
    }
    expect(await add('a', {}, { init })).toMatchObject({ ok: false, reason: { error: { message: 'no database' } } })
    expect(await add('b', {}, { init: () => Promise.reject(new Error('no database')) })).toMatchObject({ ok: false })
    expect(await count()).toMatchObject({ specified: 0, active: 0, restarting: 0 })
    expect(lots.isAlive).toBe(true)
    expect(await add('a')).toMatchObject({ ok: true })
  })

  test('answers a specification that cannot work with what is wrong with it', async () => {
    const { lots, add } = tree()
    const result = await add('a', { restart: 'always' as 'permanent' })
    expect(result).toMatchObject({ ok: false, reason: { error: { code: 'ERR_OTP_OTP_BAD_CHILD_SPEC' } } })
    expect(lots.isAlive).toBe(true)
  })

  test('waits for an init that is asynchronous, and then takes the next message', async () => {
    const { lab, add, count } = tree()
    const open = gate()
    const added = add('a', {}, { init: () => open.promise })
    const counted = count()
    await lab.clock.advance(1000)
    expect(notes).toEqual([])
    open.resolve()
    expect(await added).toMatchObject({ ok: true })
    expect((await counted).active).toBe(1)
  })
})

describe('terminateChild', () => {
  test('ends a child with shutdown, and answers when it has ended', async () => {
    const { lab, add, remove, which } = tree()
    const open = gate()
    await add('a', {}, { trapExit: true, terminate: () => open.promise })
    let isThrough = false
    const removed = remove('a').finally(() => {
      isThrough = true
    })
    await lab.clock.advance(100)
    expect(isThrough).toBe(false)
    open.resolve()
    expect(await removed).toBe(true)
    expect(notes).toEqual(['+a', '-a shutdown'])
    expect(await which()).toEqual([])
  })

  test('ends it with the reason that is asked for', async () => {
    const { lab, add, remove } = tree()
    await add('a')
    await remove('a', { shutdown: 'handoff' })
    expect(lab.only('process.exited')).toMatchObject({ child: 'a', reason: { shutdown: 'handoff' }, class: 'shutdown' })
  })

  test('ends several at the same time, those of them that are there', async () => {
    const { lab, lots, add, which } = tree()
    const open = gate()
    for (const id of ['a', 'b', 'c']) await add(id, {}, { trapExit: true, terminate: () => open.promise })
    const removed = call(lab, lots, 'terminateChild', { id: ['a', 'b', 'nobody'] })
    await lab.clock.advance(100)
    expect(lab.runtime.whereis('a')).toBeDefined()
    open.resolve()
    expect(await removed).toEqual({ ok: true })
    expect((await which()).map(({ id }) => id)).toEqual(['c'])
    expect(await call(lab, lots, 'terminateChild', { id: ['nobody'] })).toEqual({ ok: false, reason: 'not_found' })
  })

  test('answers false for an id that it does not have', async () => {
    const { remove } = tree()
    expect(await remove('nobody')).toBe(false)
  })

  test('of a child that waits for another try ends the trying', async () => {
    let isBroken = false
    const { lab, add, remove, end, which } = tree({ maxRestarts: 1000 })
    const init = () => {
      if (isBroken) throw new Error('not yet')
    }
    await add('a', {}, { init })
    isBroken = true
    lab.runtime.send('a', 'cast', 'crash', undefined)
    const removed = remove('a')
    await end('a', 'crash')
    expect(await removed).toBe(true)
    const tries = lab.all('supervisor.restart_failed').length
    isBroken = false
    await lab.clock.advance(1000)
    expect(lab.all('supervisor.restart_failed')).toHaveLength(tries)
    expect(await which()).toEqual([])
    expect(lab.runtime.whereis('a')).toBeUndefined()
  })

  test('of a child that has just ended by itself is no restart', async () => {
    const { lab, lots, add, remove } = tree()
    await add('a')
    const removed = remove('a')
    lab.runtime.exit(lots.pid, lab.runtime.whereis('a') as Process['pid'], 'oops')
    expect(await removed).toBe(true)
    await lab.settle()
    expect(lab.all('supervisor.child_restarted')).toEqual([])
    expect(lab.runtime.whereis('a')).toBeUndefined()
  })
})

describe('a child that ends', () => {
  test('before its supervisor knows that it has started is started again like any other', async () => {
    const { lab, add, which } = tree()
    const open = gate()
    const added = add('a', {}, { init: () => open.promise })
    await lab.settle()
    lab.runtime.send('a', 'cast', 'crash', undefined)
    open.resolve()
    const { pid } = await added
    await lab.settle()
    expect(lab.only('supervisor.child_restarted')).toMatchObject({ child: 'a', oldPid: pid, newPid: lab.runtime.whereis('a') })
    expect(await which()).toMatchObject([{ id: 'a', pid: lab.runtime.whereis('a') }])
  })

  test('before its supervisor knows that it has started, and is to be terminated next, is not started again', async () => {
    const { lab, add, remove, count } = tree()
    const open = gate()
    const added = add('a', {}, { init: () => open.promise })
    const removed = remove('a')
    await lab.settle()
    lab.runtime.send('a', 'cast', 'crash', undefined)
    open.resolve()
    await added
    expect(await removed).toBe(true)
    await lab.settle()
    expect(lab.runtime.whereis('a')).toBeUndefined()
    expect(await count()).toMatchObject({ specified: 0, active: 0, restarting: 0 })
  })

  test('is started again under its id, and who cares is told of its new pid', async () => {
    const told: string[] = []
    const { lab, add, end, which } = tree({ onRestarted: (id, pid) => told.push(`${id} ${pid}`), onGone: (id) => told.push(`${id} gone`) })
    await add('a')
    await end('a', 'crash')
    const pid = lab.runtime.whereis('a')
    expect(told).toEqual([`a ${pid}`])
    expect(await which()).toMatchObject([{ id: 'a', pid }])
    expect(lab.only('supervisor.child_restarted')).toMatchObject({ supervisor: 'lots', child: 'a', cause: 'crash', newPid: pid })
  })

  test('for good is forgotten, and who cares is told why', async () => {
    const told: string[] = []
    const { add, end, count } = tree({ onGone: (id, reason) => told.push(`${id} ${describeExit(reason)}`) })
    await add('a', { restart: 'temporary' })
    await add('b', { restart: 'transient' })
    await end('a', 'crash')
    await end('b', { shutdown: 'sold' })
    expect(told).toEqual(['a Error: a is broken', 'b {shutdown, sold}'])
    expect(await count()).toMatchObject({ specified: 0, active: 0, restarting: 0 })
    expect(await add('a')).toMatchObject({ ok: true })
  })

  test('too often makes the supervisor end all of them, and itself with shutdown', async () => {
    const { lab, lots, add, end } = tree({ maxRestarts: 1 })
    await add('a', {}, { trapExit: true })
    await add('b')
    await end('b', 'crash')
    await end('b', 'crash')
    expect(lab.only('supervisor.intensity_exceeded')).toMatchObject({ supervisor: 'lots', child: 'b', maxRestarts: 1 })
    expect(lots.endedWith).toBe('shutdown')
    expect(notes).toContain('-a shutdown')
    expect(lab.runtime.processCount).toBe(0)
  })
})

describe('a dynamic supervisor that ends', () => {
  test('stops all children at once, each within its own time, and waits for the last', async () => {
    const { lab, lots, add } = tree()
    const never = () => new Promise<void>(() => undefined)
    const trapping = { trapExit: true, terminate: never }
    await add('a', { shutdown: 300 }, trapping)
    await add('b', { shutdown: 100 }, trapping)
    await add('c', { shutdown: 'brutal_kill' }, trapping)
    await add('d')
    lots.stop('shutdown')
    await lab.settle()
    expect(notes.filter((note) => note.startsWith('-'))).toEqual(['-a shutdown', '-b shutdown'])
    await lab.clock.advance(100)
    expect(lab.all('process.exited').map(({ child, reason }) => `${child} ${describeExit(reason)}`)).toEqual([
      'c killed',
      'd shutdown',
      'b killed',
    ])
    await lab.clock.advance(199)
    expect(lots.status).toBe('ending')
    await lab.clock.advance(1)
    expect(lots.endedWith).toBe('shutdown')
    expect(lab.only('supervisor.stopped')).toMatchObject({ supervisor: 'lots', reason: 'shutdown' })
    expect(lab.clock.pending).toBe(0)
  })

  test('while a child is starting takes it along', async () => {
    const { lab, lots, add } = tree()
    const open = gate()
    const added = add('a', {}, { init: () => open.promise }).catch((error: { reason: ExitReason }) => error.reason)
    await lab.settle()
    lots.signal(lots.pid, 'kill')
    expect(await added).toBe('killed')
    expect(lab.runtime.whereis('a')).toBeUndefined()
    open.resolve()
    await lab.settle()
    expect(lab.runtime.processCount).toBe(0)
  })
})
