// Elixir's DynamicSupervisor and OTP's simple_one_for_one: one test a sentence.
import { describe, expect, test } from 'vitest'
import { dynamicSupervisor, genServer, reply } from '#otp'
import { describeExit, parsePid } from '#process'
import { broken, fails, ignored, Tree } from '#test/conformance/supervisor/support/tree.ts'
import { call, start } from '#test/otp/support/start.ts'

describe('a dynamic supervisor', () => {
  test('starts with no children', async () => {
    const tree = new Tree().dynamic()
    expect(await tree.call('whichChildren')).toEqual([])
    expect(tree.lab.only('supervisor.started')).toMatchObject({ strategy: 'simple_one_for_one', maxRestarts: 3, periodMs: 5000 })
  })

  test('no other child is terminated if a child process terminates', async () => {
    const tree = new Tree().dynamic()
    for (const id of ['a', 'b']) await tree.call('startChild', tree.child(id))
    const other = tree.pid('b')
    await tree.end('a')
    expect(tree.noted()).toEqual(['+a', '+b', '-a crash', '+a'])
    expect(tree.pid('b')).toBe(other)
  })

  test('shuts its children down all at once: they do their cleanup in parallel', async () => {
    const tree = new Tree().dynamic()
    const terminate = () => new Promise<void>(() => undefined)
    for (const [id, shutdown] of [
      ['a', 100],
      ['b', 100],
      ['c', 50],
      ['d', 'brutal_kill'],
    ] as const) {
      await tree.call('startChild', tree.child(id, { shutdown }, { terminate }))
    }
    tree.noted()
    await tree.lab.clock.advance(100)
    tree.root.stop('shutdown')
    await tree.lab.settle()
    expect(tree.noted()).toEqual(['-a shutdown', '-b shutdown', '-c shutdown'])
    expect(tree.lab.clock.pending).toBe(2)
    await tree.lab.clock.advance(50)
    await tree.lab.clock.advance(50)
    expect(tree.lab.all('process.exited').map(({ child, reason }) => `${child} ${describeExit(reason)}`)).toEqual([
      'd killed',
      'c killed',
      'a killed',
      'b killed',
      'undefined shutdown',
    ])
    expect(tree.lab.clock.pending).toBe(0)
  })

  test('does not keep the specification of a child that is not restarted', async () => {
    const tree = new Tree().dynamic()
    await tree.call('startChild', tree.child('a', { restart: 'transient' }))
    await tree.end('a', 'normal')
    expect(await tree.call('countChildren')).toMatchObject({ specs: 0 })
  })
})

test('a process that is linked to a supervisor and is not its child may end', async () => {
  const tree = new Tree().dynamic()
  const inner = start(tree.lab, dynamicSupervisor({ name: 'inner' }))
  await call(tree.lab, inner, 'startChild', tree.child('a'))
  const process = tree.lab.runtime.lookup(tree.pid('a'))
  process?.link(tree.root)
  await tree.end('a')
  expect(tree.restarted).toEqual(['a crash'])
  expect(tree.lab.only('supervisor.child_restarted').supervisor).toBe('inner')
  expect(await tree.call('countChildren')).toMatchObject({ specs: 0, active: 0 })
})

describe('start_child', () => {
  test('adds the specification and the pid, and answers the pid', async () => {
    const tree = new Tree().dynamic()
    expect(await tree.call('startChild', tree.child('a'))).toEqual({ ok: true, pid: tree.pid('a') })
  })

  test('if init says ignore no child is added, and the answer says so', async () => {
    const tree = new Tree().dynamic()
    expect(await tree.call('startChild', tree.child('a', {}, { init: ignored }))).toEqual({ ok: false, reason: 'ignore' })
    expect(await tree.call('countChildren')).toMatchObject({ specs: 0, active: 0 })
  })

  test('if the start fails the specification is discarded, and the answer says why', async () => {
    const tree = new Tree().dynamic()
    expect(await tree.call('startChild', tree.child('a', {}, { init: fails }))).toMatchObject({ ok: false, reason: { error: broken } })
    expect(await tree.call('whichChildren')).toEqual([])
  })

  test('answers max_children when there are that many children already, running or about to be restarted', async () => {
    const tree = new Tree().dynamic({ maxChildren: 2 })
    await tree.call('startChild', tree.child('a'))
    await tree.call('startChild', tree.child('b', { backoff: { minMs: 10, maxMs: 10 } }))
    await tree.end('b')
    expect(await tree.call('startChild', tree.child('c'))).toEqual({ ok: false, reason: 'max_children' })
    await tree.call('terminateChild', 'b')
    expect(await tree.call('startChild', tree.child('c'))).toMatchObject({ ok: true })
  })

  test('max_children may be 0, and is not limited by default', async () => {
    expect(await new Tree().dynamic({ maxChildren: 0 }).call('startChild', new Tree().child('a'))).toEqual({
      ok: false,
      reason: 'max_children',
    })
    expect(() => dynamicSupervisor({ name: 'root', maxChildren: -1 })).toThrow(/maxChildren/)
  })

  test('an id is taken by a child that is about to be restarted', async () => {
    const tree = new Tree().dynamic()
    const spec = tree.child('a', { backoff: { minMs: 10, maxMs: 10 } })
    await tree.call('startChild', spec)
    await tree.end('a')
    expect(await tree.call('startChild', spec)).toEqual({ ok: false, reason: 'already_present' })
  })

  test('extra arguments are prepended to the argument of each child, at each start of it', async () => {
    const tree = new Tree().dynamic({ extraArguments: ['db', 5] })
    const Echo = genServer({
      name: 'echo',
      init: (given: unknown) => given,
      calls: { given: (state) => reply(state, state) },
      casts: { end: () => fails() },
    })
    await tree.call('startChild', { id: 'a', name: 'a', start: [Echo, 'own'] })
    expect(await call(tree.lab, tree.pid('a'), 'given')).toEqual(['db', 5, 'own'])
    await tree.end('a', 'normal')
    expect(await call(tree.lab, tree.pid('a'), 'given')).toEqual(['db', 5, 'own'])
  })
})

describe('terminate_child', () => {
  test('terminates the child of a pid', async () => {
    const tree = new Tree().dynamic()
    await tree.call('startChild', tree.child('a'))
    expect(await tree.call('terminateChild', tree.pid('a'))).toEqual({ ok: true })
    expect(tree.running('a')).toEqual([false])
    expect(await tree.call('countChildren')).toMatchObject({ specs: 0 })
  })

  test('even if the pid came from another node, where it is another object', async () => {
    const tree = new Tree().dynamic()
    await tree.call('startChild', tree.child('a'))
    expect(await tree.call('terminateChild', parsePid(`${tree.pid('a')}`))).toEqual({ ok: true })
  })

  test('or of an id', async () => {
    const tree = new Tree().dynamic()
    await tree.call('startChild', tree.child('a'))
    expect(await tree.call('terminateChild', 'a')).toEqual({ ok: true })
    expect(await tree.call('whichChildren')).toEqual([])
  })

  test('answers not_found if the process of that pid is no child', async () => {
    const tree = new Tree().dynamic()
    expect(await tree.call('terminateChild', tree.root.pid)).toEqual({ ok: false, reason: 'not_found' })
  })
})

test('restart_child and delete_child are invalid and answer simple_one_for_one', async () => {
  const tree = new Tree().dynamic()
  await tree.call('startChild', tree.child('a'))
  expect(await tree.call('restartChild', 'a')).toEqual({ ok: false, reason: 'simple_one_for_one' })
  expect(await tree.call('deleteChild', 'a')).toEqual({ ok: false, reason: 'simple_one_for_one' })
})

test('which_children answers the pid, or restarting if the process is about to be restarted', async () => {
  const tree = new Tree().dynamic({ backoff: { minMs: 10, maxMs: 10 } })
  for (const id of ['a', 'b']) await tree.call('startChild', tree.child(id))
  await tree.end('b')
  expect((await tree.call('whichChildren')).map(({ pid }) => pid)).toEqual([tree.pid('a'), 'restarting'])
})

test('count_children answers specs, active, supervisors and workers', async () => {
  const tree = new Tree().dynamic({ backoff: { minMs: 10, maxMs: 10 } })
  for (const id of ['a', 'b']) await tree.call('startChild', tree.child(id))
  await tree.call('startChild', { id: 'inner', start: [dynamicSupervisor({ name: 'inner' })] })
  await tree.end('b')
  expect(await tree.call('countChildren')).toEqual({ specs: 3, specified: 3, active: 2, supervisors: 1, workers: 2, restarting: 1 })
})
