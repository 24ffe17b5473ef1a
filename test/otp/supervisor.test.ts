// supervisor, one_for_one: what it states and answers; started in order, restarted one for one, stopped in reverse order.
import { describe, expect, test } from 'vitest'
import { type ChildCounts, type ChildInfo, type ChildSpec, type Restart, type SupervisorOptions, supervisor } from '#otp'
import type { ExitReason, Pid, Process } from '#process'
import { call, type Life, start, tryStart, workers } from '#test/otp/support/start.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

const notes: string[] = []
const Worker = workers(notes)
const child = (id: string, changes: Partial<ChildSpec> = {}, life: Partial<Life> = {}): ChildSpec => ({
  id,
  name: id,
  start: [Worker, { id, ...life }],
  ...changes,
})

function tree(children: readonly ChildSpec[], limits: Partial<SupervisorOptions> = {}): { lab: Lab; root: Process } {
  notes.length = 0
  const lab = new Lab()
  return { lab, root: start(lab, supervisor({ name: 'root', children, ...limits })) }
}

const pidOf = (lab: Lab, id: string) => lab.runtime.whereis(id) as Pid

async function end(lab: Lab, id: string, reason: ExitReason | 'crash'): Promise<void> {
  const process = lab.runtime.lookup(pidOf(lab, id)) as Process
  if (reason === 'crash') process.cast(process.pid, 'crash')
  else process.cast(process.pid, 'end', reason)
  await lab.settle()
}

describe('a supervisor', () => {
  test('starts its children in order, and is started when all are', async () => {
    const { lab, root } = tree([child('a'), child('b'), child('c')])
    expect(notes).toEqual(['+a', '+b', '+c'])
    expect(lab.facts.map(({ type, event }) => [type, 'child' in event ? event.child : undefined])).toEqual([
      ['supervisor.started', undefined],
      ['process.spawned', 'a'],
      ['process.spawned', 'b'],
      ['process.spawned', 'c'],
      ['process.spawned', undefined],
    ])
    expect(lab.all('process.spawned')[0]).toMatchObject({ supervisor: 'root', child: 'a', cause: 'boot' })
    expect(await call(lab, root, 'countChildren')).toMatchObject({ specified: 3, active: 3, restarting: 0 })
  })

  test('waits for a child whose init is asynchronous before it starts the next one', async () => {
    notes.length = 0
    const lab = new Lab()
    const open = gate()
    const slow = child('slow', {}, { init: () => open.promise })
    const started = tryStart(lab, supervisor({ name: 'root', children: [child('a'), slow, child('c')] }))
    await lab.settle()
    expect(notes).toEqual(['+a'])
    open.resolve()
    expect(await started).toMatchObject({ ok: true })
    expect(notes).toEqual(['+a', '+slow', '+c'])
  })

  test('stops its children in reverse order', async () => {
    const trap = { trapExit: true }
    const { lab, root } = tree([child('a', {}, trap), child('b', {}, trap), child('c', {}, trap)])
    notes.length = 0
    root.stop('shutdown')
    await lab.settle()
    expect(notes).toEqual(['-c shutdown', '-b shutdown', '-a shutdown'])
    expect(lab.all('process.exited').map((exit) => exit.child)).toEqual(['c', 'b', 'a', undefined])
    expect(lab.only('supervisor.stopped')).toEqual({ supervisor: 'root', pid: root.pid, reason: 'shutdown', cause: 'told' })
  })

  test('lists its children in the order of their start', async () => {
    const { lab, root } = tree([child('a'), child('b')])
    expect(await call<ChildInfo[]>(lab, root, 'whichChildren')).toEqual([
      { id: 'a', pid: pidOf(lab, 'a'), type: 'worker', behaviour: 'worker' },
      { id: 'b', pid: pidOf(lab, 'b'), type: 'worker', behaviour: 'worker' },
    ])
  })

  test('may have no children', async () => {
    const { lab, root } = tree([])
    expect(await call(lab, root, 'whichChildren')).toEqual([])
    root.stop('shutdown')
    expect(root.isAlive).toBe(false)
    expect(lab.only('supervisor.started')).toMatchObject({ strategy: 'one_for_one', maxRestarts: 3, periodMs: 5000 })
  })
})

describe('a supervisor one of whose children fails to start', () => {
  const failing = (init: () => void | Promise<void>) => child('bad', {}, { init })
  const boom = () => {
    throw new Error('no database')
  }

  test.each([
    ['throws', boom],
    ['rejects', () => Promise.reject(new Error('no database'))],
  ])('(its init %s) stops those it had started, in reverse order, and fails itself', async (_how, init) => {
    notes.length = 0
    const lab = new Lab()
    const trap = { trapExit: true }
    const children = [child('a', {}, trap), child('b', {}, trap), failing(init), child('never', {}, trap)]
    const started = await tryStart(lab, supervisor({ name: 'root', children }))
    expect(started).toMatchObject({
      ok: false,
      reason: { shutdown: { failed_to_start_child: 'bad', reason: { error: { message: 'no database' } } } },
    })
    expect(notes).toEqual(['+a', '+b', '-b shutdown', '-a shutdown'])
    expect(lab.runtime.processCount).toBe(0)
  })

  test('because its name is taken says which child and why', async () => {
    const lab = new Lab()
    lab.spawn(Worker.body, { name: 'a' }, { id: 'other' })
    const started = await tryStart(lab, supervisor({ name: 'root', children: [child('a')] }))
    expect(started).toEqual({ ok: false, reason: { shutdown: { failed_to_start_child: 'a', reason: 'already_started' } } })
  })

  test('is ended itself meanwhile takes all along that it has started', async () => {
    notes.length = 0
    const lab = new Lab()
    const open = gate()
    const slow = child('slow', {}, { init: () => open.promise })
    const root = supervisor({ name: 'root', children: [child('a'), slow, child('never')] })
    const started = lab.runtime.spawn(root.body, undefined, { cause: 'boot', name: 'root' })
    await lab.settle()
    lab.runtime.exit(pidOf(lab, 'root'), pidOf(lab, 'root'), 'kill')
    expect(await started).toMatchObject({ ok: false, reason: 'killed' })
    open.resolve()
    await lab.settle()
    expect(lab.runtime.processCount).toBe(0)
    expect(notes.filter((note) => note.startsWith('+'))).not.toContain('+never')
  })
})

describe('a child that ended', () => {
  test.each<[Restart | undefined, ExitReason, boolean]>([
    [undefined, 'normal', true],
    ['permanent', 'normal', true],
    ['permanent', 'shutdown', true],
    ['permanent', 'crash', true],
    ['transient', 'normal', false],
    ['transient', 'shutdown', false],
    ['transient', { shutdown: 'done' }, false],
    ['transient', 'oops', true],
    ['transient', 'crash', true],
    ['temporary', 'normal', false],
    ['temporary', 'crash', false],
  ])('and is %s, with the reason %o: started again is %s', async (restart, reason, isRestarted) => {
    const { lab, root } = tree([child('a', restart === undefined ? {} : { restart }), child('b')])
    const [before, other] = [pidOf(lab, 'a'), pidOf(lab, 'b')]
    await end(lab, 'a', reason)
    const after = lab.runtime.whereis('a')
    expect(after !== undefined).toBe(isRestarted)
    expect(after).not.toBe(before)
    expect(lab.all('supervisor.child_restarted')).toHaveLength(isRestarted ? 1 : 0)
    expect(pidOf(lab, 'b')).toBe(other)
    expect(root.isAlive).toBe(true)
  })

  test('in order and is transient is listed without a pid; a temporary one is forgotten', async () => {
    const { lab, root } = tree([child('a', { restart: 'transient' }), child('b', { restart: 'temporary' }), child('c')])
    await end(lab, 'a', 'normal')
    await end(lab, 'b', 'crash')
    expect(await call<ChildInfo[]>(lab, root, 'whichChildren')).toMatchObject([{ id: 'a', pid: undefined }, { id: 'c' }])
    expect(await call<ChildCounts>(lab, root, 'countChildren')).toMatchObject({ specified: 2, active: 1, restarting: 0 })
    root.stop('shutdown')
    expect(root.isAlive).toBe(false)
  })

  test.each([
    ['crash', 'crash', 'crash'],
    ['killed', 'kill', 'crash'],
    ['normal', 'normal', 'exit'],
  ] as const)('(%s) is started again with its cause on the fact', async (_what, reason, cause) => {
    const { lab } = tree([child('a')], { maxRestarts: 4 })
    const oldPid = pidOf(lab, 'a')
    await lab.clock.advance(1000)
    if (reason === 'kill') lab.runtime.exit(oldPid, oldPid, 'kill')
    else await end(lab, 'a', reason)
    await lab.settle()
    expect(lab.only('supervisor.child_restarted')).toEqual({
      supervisor: 'root',
      child: 'a',
      behaviour: 'worker',
      cause,
      restartId: oldPid,
      reason: lab.only('process.exited').reason,
      oldPid,
      newPid: pidOf(lab, 'a'),
      budgetUsed: 0.25,
      startedAt: lab.clock.wall(),
      durationMs: 0,
    })
    expect(lab.all('process.spawned').at(-1)).toMatchObject({ cause: 'restart', child: 'a', supervisor: 'root' })
  })

  test('is started again with the argument and under the name of its specification', async () => {
    const { lab } = tree([child('a')])
    await end(lab, 'a', 'crash')
    expect(await call(lab, pidOf(lab, 'a'), 'look')).toBe('a')
  })
})

describe('a supervisor whose children end too often', () => {
  test('stops the others in reverse order and ends with shutdown, having said so', async () => {
    const trap = { trapExit: true }
    const { lab, root } = tree([child('a', {}, trap), child('bad'), child('c', {}, trap)], { maxRestarts: 2, periodMs: 1000 })
    notes.length = 0
    for (let i = 0; i < 3; i++) await end(lab, 'bad', 'crash')
    expect(notes.filter((note) => !note.includes('bad'))).toEqual(['-c shutdown', '-a shutdown'])
    expect(root.endedWith).toBe('shutdown')
    expect(lab.only('supervisor.intensity_exceeded')).toEqual({
      supervisor: 'root',
      pid: root.pid,
      child: 'bad',
      restartId: expect.objectContaining({ node: 'n1.a' }),
      reason: expect.objectContaining({ error: expect.objectContaining({ message: 'bad is broken' }) }),
      maxRestarts: 2,
      periodMs: 1000,
      at: lab.clock.wall(),
      trace: undefined,
    })
    expect(lab.all('supervisor.child_restarted').map(({ budgetUsed }) => budgetUsed)).toEqual([0.5, 1])
  })

  test('counts the restarts of all its children together', async () => {
    const { lab, root } = tree([child('a'), child('b')], { maxRestarts: 1 })
    await end(lab, 'a', 'crash')
    await end(lab, 'b', 'crash')
    expect(root.endedWith).toBe('shutdown')
  })

  test('goes on if they are spread over more than the period', async () => {
    const { lab, root } = tree([child('a')], { maxRestarts: 1, periodMs: 1000 })
    for (let i = 0; i < 10; i++) {
      await end(lab, 'a', 'crash')
      await lab.clock.advance(1000)
    }
    expect(root.isAlive).toBe(true)
    expect(lab.all('supervisor.child_restarted')).toHaveLength(10)
  })

  test('does not count children that are not started again', async () => {
    const { lab, root } = tree([child('a', { restart: 'temporary' }), child('b', { restart: 'transient' })], { maxRestarts: 0 })
    await end(lab, 'a', 'crash')
    await end(lab, 'b', 'normal')
    expect(root.isAlive).toBe(true)
  })
})

describe('a restart that fails', () => {
  test('is tried again and counted, until it succeeds', async () => {
    let fails = 0
    const init = () => {
      if (fails-- > 0) throw new Error('not yet')
    }
    const { lab, root } = tree([child('a', {}, { init })], { maxRestarts: 5 })
    const restartId = pidOf(lab, 'a')
    fails = 2
    await end(lab, 'a', 'crash')
    expect(lab.all('supervisor.restart_failed')).toEqual(
      Array.from({ length: 2 }, () => ({
        supervisor: 'root',
        child: 'a',
        behaviour: 'worker',
        restartId,
        reason: expect.objectContaining({ error: expect.objectContaining({ message: 'not yet' }) }),
        at: lab.clock.wall(),
      })),
    )
    expect(lab.only('supervisor.child_restarted')).toMatchObject({ cause: 'retry', restartId, budgetUsed: 3 / 5, newPid: pidOf(lab, 'a') })
    expect(await call(lab, root, 'countChildren')).toMatchObject({ specified: 1, active: 1, restarting: 0 })
  })

  test('is too many in the end: the supervisor gives up for the reason the child had first', async () => {
    let isBroken = false
    const init = () => {
      if (isBroken) throw new Error('never')
    }
    const { lab, root } = tree([child('a', {}, { init })])
    isBroken = true
    await end(lab, 'a', 'crash')
    expect(lab.all('supervisor.restart_failed')).toHaveLength(3)
    expect(lab.only('supervisor.intensity_exceeded')).toMatchObject({ child: 'a', reason: { error: { message: 'a is broken' } } })
    expect(root.endedWith).toBe('shutdown')
  })

  test('lets messages that wait already come first, and is listed as restarting meanwhile', async () => {
    let isBroken = false
    const open = gate()
    const init = () => (isBroken ? open.promise : undefined)
    const { lab, root } = tree([child('a', {}, { init })], { maxRestarts: 5 })
    isBroken = true
    const ended = end(lab, 'a', 'crash')
    await lab.clock.advance(700)
    const listed = call<ChildInfo[]>(lab, root, 'whichChildren')
    const counted = call<ChildCounts>(lab, root, 'countChildren')
    isBroken = false
    open.reject(new Error('not yet'))
    expect(await listed).toMatchObject([{ id: 'a', pid: 'restarting' }])
    expect(await counted).toMatchObject({ specified: 1, active: 0, restarting: 1 })
    await ended
    await lab.settle()
    expect(lab.only('supervisor.child_restarted')).toMatchObject({ cause: 'retry', startedAt: lab.clock.wall() - 700, durationMs: 700 })
  })

  test('because its supervisor was killed meanwhile is no restart: the child goes with it', async () => {
    let isSlow = false
    const open = gate()
    const { lab, root } = tree([child('a', {}, { init: () => (isSlow ? open.promise : undefined) })])
    isSlow = true
    await end(lab, 'a', 'crash')
    root.signal(root.pid, 'kill')
    open.resolve()
    await lab.settle()
    expect(lab.runtime.processCount).toBe(0)
    expect(lab.all('supervisor.child_restarted')).toEqual([])
    expect(lab.all('supervisor.restart_failed')).toEqual([])
    expect(lab.all('process.dead_letter')).toEqual([])
    expect(lab.runtime.counts('worker').live).toBe(0)
  })
})
