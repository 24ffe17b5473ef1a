// How supervisors end their children: in time, by force, or when they are ready; and how failure climbs the tree.
import { describe, expect, test } from 'vitest'
import { type ChildSpec, genServer, type Shutdown, stop, supervisor } from '#otp'
import { describeExit, type Pid, type Process } from '#process'
import { type Life, start, workers } from '#test/otp/support/start.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

const notes: string[] = []
const Worker = workers(notes)

/** A child that traps exits and needs until the test says so for its end. */
function slow(id: string, shutdown: Shutdown | undefined, until: Promise<void>): ChildSpec {
  const life: Life = { id, trapExit: true, terminate: () => until }
  return { id, name: id, start: [Worker, life], ...(shutdown === undefined ? {} : { shutdown }) }
}

function stopping(children: readonly ChildSpec[]): { lab: Lab; root: Process } {
  const lab = new Lab()
  const root = start(lab, supervisor({ name: 'root', children }))
  notes.length = 0
  root.stop('shutdown')
  return { lab, root }
}

const reasons = (lab: Lab) => lab.all('process.exited').map(({ child, reason }) => `${child ?? 'root'} ${describeExit(reason)}`)
const never = new Promise<void>(() => undefined)

describe('a child whose terminate takes long', () => {
  test('is killed after 5 seconds if nothing else is said, and not before', async () => {
    const { lab, root } = stopping([slow('a', undefined, never)])
    await lab.clock.advance(4999)
    expect(root.status).toBe('ending')
    await lab.clock.advance(1)
    expect(reasons(lab)).toEqual(['a killed', 'root shutdown'])
  })

  test('is killed after the milliseconds of its specification', async () => {
    const { lab } = stopping([slow('a', 20, never)])
    await lab.clock.advance(19)
    expect(reasons(lab)).toEqual([])
    await lab.clock.advance(1)
    expect(reasons(lab)).toEqual(['a killed', 'root shutdown'])
  })

  test('is not killed if it is ready in time, and its timer is gone', async () => {
    const open = gate()
    const { lab } = stopping([slow('a', 1000, open.promise)])
    await lab.clock.advance(500)
    open.resolve()
    await lab.settle()
    expect(reasons(lab)).toEqual(['a shutdown', 'root shutdown'])
    expect(lab.clock.pending).toBe(0)
  })

  test('has all the time it needs with infinity', async () => {
    const open = gate()
    const { lab } = stopping([slow('a', 'infinity', open.promise)])
    await lab.clock.advance(86_400_000)
    expect(reasons(lab)).toEqual([])
    open.resolve()
    await lab.settle()
    expect(reasons(lab)).toEqual(['a shutdown', 'root shutdown'])
  })

  test('keeps those that were started before it waiting: they are stopped after it', async () => {
    const open = gate()
    const { lab } = stopping([slow('a', 'infinity', Promise.resolve()), slow('b', 'infinity', open.promise)])
    await lab.settle()
    expect(notes).toEqual(['-b shutdown'])
    open.resolve()
    await lab.settle()
    expect(notes).toEqual(['-b shutdown', '-a shutdown'])
  })
})

test('brutal_kill ends a child at once, without its terminate', async () => {
  const { lab, root } = stopping([slow('a', 'brutal_kill', never)])
  expect(root.isAlive).toBe(false)
  await lab.settle()
  expect(reasons(lab)).toEqual(['a killed', 'root shutdown'])
  expect(notes).toEqual([])
})

test('a child that does not trap exits ends at once, without its terminate', () => {
  const { lab } = stopping([{ id: 'a', start: [Worker, { id: 'a' }] }])
  expect(reasons(lab)).toEqual(['a shutdown', 'root shutdown'])
  expect(notes).toEqual([])
})

test('a child that ended by itself while its siblings were stopped is not started again', async () => {
  const open = gate()
  const { lab } = stopping([{ id: 'a', name: 'a', start: [Worker, { id: 'a' }] }, slow('b', 'infinity', open.promise)])
  lab.runtime.send('a', 'cast', 'crash', undefined)
  await lab.settle()
  open.resolve()
  await lab.settle()
  expect(lab.all('supervisor.child_restarted')).toEqual([])
  expect(lab.runtime.processCount).toBe(0)
})

describe('supervisors under supervisors', () => {
  const worker = (id: string): ChildSpec => ({ id, name: id, start: [Worker, { id, trapExit: true }] })
  const branch = (name: string, children: readonly ChildSpec[], limits = {}): ChildSpec => ({
    id: name,
    name,
    start: [supervisor({ name, children, ...limits })],
  })

  function tree(limits = {}): { lab: Lab; root: Process } {
    const lab = new Lab()
    const children = [branch('left', [worker('a'), worker('b')], { maxRestarts: 1 }), branch('right', [worker('c')])]
    const root = start(lab, supervisor({ name: 'root', children, ...limits }))
    notes.length = 0
    return { lab, root }
  }

  async function crash(lab: Lab, id: string, times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      lab.runtime.send(id, 'cast', 'crash', undefined)
      await lab.settle()
    }
  }

  test('have the path from the root as their name in every fact', async () => {
    const { lab } = tree()
    await crash(lab, 'c')
    expect(lab.all('supervisor.started').map(({ supervisor }) => supervisor)).toEqual(['root', 'root/left', 'root/right'])
    expect(lab.only('supervisor.child_restarted')).toMatchObject({ supervisor: 'root/right', child: 'c' })
    expect(lab.all('process.exited')).toMatchObject([{ supervisor: 'root/right', child: 'c' }])
  })

  test('that give up are started again by the one above, with all their children', async () => {
    const { lab, root } = tree()
    const [left, right, a] = ['left', 'right', 'a'].map((name) => lab.runtime.whereis(name) as Pid)
    await crash(lab, 'b', 2)
    expect(lab.only('supervisor.intensity_exceeded')).toMatchObject({ supervisor: 'root/left', child: 'b' })
    expect(lab.all('supervisor.child_restarted').at(-1)).toMatchObject({
      supervisor: 'root',
      child: 'left',
      reason: 'shutdown',
      oldPid: left,
    })
    expect(notes.slice(-3)).toEqual(['-a shutdown', '+a', '+b'])
    expect(lab.runtime.whereis('a')).not.toBe(a)
    expect(lab.runtime.whereis('right')).toBe(right)
    expect(root.isAlive).toBe(true)
  })

  test('that give up too often make the one above give up, and so the whole tree ends', async () => {
    const { lab, root } = tree({ maxRestarts: 1 })
    await crash(lab, 'b', 4)
    expect(lab.all('supervisor.intensity_exceeded').map(({ supervisor }) => supervisor)).toEqual(['root/left', 'root/left', 'root'])
    expect(root.endedWith).toBe('shutdown')
    expect(lab.runtime.processCount).toBe(0)
  })

  test('that are stopped stop theirs first', async () => {
    const { lab, root } = tree()
    root.stop('shutdown')
    await lab.settle()
    expect(notes).toEqual(['-c shutdown', '-b shutdown', '-a shutdown'])
    expect(lab.all('supervisor.stopped').map(({ supervisor }) => supervisor)).toEqual(['root/right', 'root/left', 'root'])
  })

  test('that are killed take theirs with them, and are started again', async () => {
    const lab = new Lab()
    const leaf: ChildSpec = { id: 'a', name: 'a', start: [Worker, { id: 'a' }] }
    start(lab, supervisor({ name: 'root', children: [branch('left', [leaf])] }))
    const [left, a] = ['left', 'a'].map((name) => lab.runtime.whereis(name) as Pid) as [Pid, Pid]
    lab.runtime.exit(left, left, 'kill')
    expect(lab.runtime.lookup(a)).toBeUndefined()
    await lab.settle()
    expect(lab.only('supervisor.child_restarted')).toMatchObject({ child: 'left', reason: 'killed', cause: 'crash' })
    expect(lab.runtime.processCount).toBe(3)
  })

  test('that are killed are tried again while names of theirs are still held by children that trap exits', async () => {
    const { lab } = tree()
    const left = lab.runtime.whereis('left') as Pid
    lab.runtime.exit(left, left, 'kill')
    await lab.settle()
    expect(notes.toSorted()).toEqual(['+a', '+b', '-a killed', '-b killed'])
    expect(lab.only('supervisor.restart_failed')).toMatchObject({
      child: 'left',
      reason: { shutdown: { failed_to_start_child: 'a', reason: 'already_started' } },
    })
    expect(lab.only('supervisor.child_restarted')).toMatchObject({ child: 'left', reason: 'killed', cause: 'retry' })
    expect(lab.runtime.processCount).toBe(6)
  })
})

test('a child that ends with the reason kill is started again, and does not kill its supervisor', async () => {
  const Rude = genServer({ name: 'rude', init: () => 0, casts: { end: (state) => stop('kill', state) } })
  const lab = new Lab()
  const root = start(lab, supervisor({ name: 'root', children: [{ id: 'a', name: 'a', start: [Rude] }] }))
  lab.runtime.send('a', 'cast', 'end', undefined)
  await lab.settle()
  expect(root.isAlive).toBe(true)
  expect(lab.only('supervisor.child_restarted')).toMatchObject({ child: 'a', reason: 'kill' })
})
