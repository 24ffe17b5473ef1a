// OTP's supervisor, "Supervision Principles", `start_link` and shutdown: one test a sentence.
import { describe, expect, test } from 'vitest'
import { type ChildSpec, ignore, supervisor } from '#otp'
import { tryStart } from '#test/otp/support/start.ts'
import { gate } from '#test/process/support/lab.ts'
import { broken, fails, ignored, Tree } from './support/tree.ts'

const started = (tree: Tree, children: readonly ChildSpec[], restart = {}) =>
  tryStart(tree.lab, supervisor({ name: 'root', children, ...restart }))

describe('the children of a supervisor', () => {
  test('are started in order from left to right', async () => {
    const tree = new Tree()
    await started(tree, [tree.child('a'), tree.child('b'), tree.child('c')])
    expect(tree.noted()).toEqual(['+a', '+b', '+c'])
  })

  test('are terminated in reversed start order, from right to left, before it terminates itself', async () => {
    const tree = new Tree()
    tree.static({ children: [tree.child('a'), tree.child('b')] })
    await tree.call('startChild', tree.child('c'))
    tree.noted()
    tree.root.stop('shutdown')
    await tree.lab.settle()
    expect(tree.noted()).toEqual(['-c shutdown', '-b shutdown', '-a shutdown'])
    expect(tree.lab.all('process.exited').map(({ child }) => child)).toEqual(['c', 'b', 'a', undefined])
  })

  test('may be made by a function of the argument that the supervisor is started with', async () => {
    const tree = new Tree()
    const Pool = supervisor({ name: 'pool', children: (size: number) => Array.from({ length: size }, (_, i) => tree.child(`w${i}`)) })
    await tryStart(tree.lab, Pool, 3)
    expect(tree.noted()).toEqual(['+w0', '+w1', '+w2'])
    const Twice = supervisor({ name: 'twice', children: () => [tree.child('a'), tree.child('a')] })
    expect(await tryStart(tree.lab, Twice)).toMatchObject({ ok: false, reason: { error: { code: 'ERR_OTP_OTP_BAD_CHILD_SPEC' } } })
  })
})

describe('start_link', () => {
  test('does not return until all child processes have been started', async () => {
    const tree = new Tree()
    const open = gate()
    let isStarted = false
    const starting = started(tree, [tree.child('a', {}, { init: () => open.promise })]).then((result) => {
      isStarted = result.ok
    })
    await tree.lab.clock.advance(1000)
    expect(isStarted).toBe(false)
    open.resolve()
    await starting
    expect(isStarted).toBe(true)
  })

  test('succeeds if a child is ignored: its specification is kept, and its pid is undefined', async () => {
    const tree = new Tree()
    tree.static({ children: [tree.child('a', {}, { init: ignored }), tree.child('b')] })
    expect(await tree.call('whichChildren')).toMatchObject([{ id: 'a', pid: undefined }, { id: 'b' }])
  })

  test('unless that child is temporary: then it is not kept', async () => {
    const tree = new Tree()
    tree.static({ children: [tree.child('a', { restart: 'temporary' }, { init: ignored }), tree.child('b')] })
    expect(await tree.call('whichChildren')).toMatchObject([{ id: 'b' }])
  })

  test('is ignored if that which makes the children says ignore, and the supervisor does not run', async () => {
    const tree = new Tree()
    expect(await tryStart(tree.lab, supervisor({ name: 'root', children: () => ignore }))).toEqual({ ok: false, reason: 'ignore' })
    expect(tree.lab.facts.map(({ type }) => type)).toEqual(['process.start_ignored'])
    expect(tree.lab.runtime.processCount).toBe(0)
  })

  test('if a start fails, first terminates the children already started with shutdown, then itself; it says which child and why', async () => {
    const tree = new Tree()
    const result = await started(tree, [tree.child('a'), tree.child('b'), tree.child('bad', {}, { init: fails }), tree.child('never')])
    expect(result).toEqual({
      ok: false,
      reason: { shutdown: { failed_to_start_child: 'bad', reason: expect.objectContaining({ error: broken }) } },
    })
    expect(tree.noted()).toEqual(['+a', '+b', '-b shutdown', '-a shutdown'])
    expect(tree.lab.runtime.processCount).toBe(0)
  })

  test('the reason names every level of the tree on the way to the child', async () => {
    const tree = new Tree()
    const inner = supervisor({ name: 'inner', children: [tree.child('bad', {}, { init: fails })] })
    expect(await started(tree, [{ id: 'inner', start: [inner] }])).toMatchObject({
      reason: {
        shutdown: { failed_to_start_child: 'inner', reason: { shutdown: { failed_to_start_child: 'bad', reason: { error: broken } } } },
      },
    })
  })
})

describe('shutdown', () => {
  const never = () => new Promise<void>(() => undefined)
  const reasonOf = (tree: Tree, id: string) => tree.lab.all('process.exited').find(({ child }) => child === id)?.reason

  function stopping(changes: Partial<ChildSpec>): Tree {
    const tree = new Tree()
    tree.static({ children: [tree.child('a', changes, { terminate: never })] })
    tree.root.stop('shutdown')
    return tree
  }

  test('brutal_kill: the child process is unconditionally terminated', async () => {
    const tree = stopping({ shutdown: 'brutal_kill' })
    await tree.lab.settle()
    expect(tree.noted()).toEqual([])
    expect(reasonOf(tree, 'a')).toBe('killed')
  })

  test('a time-out: the child is told to terminate, and unconditionally terminated if it has not within that many milliseconds', async () => {
    const tree = stopping({ shutdown: 70 })
    await tree.lab.clock.advance(69)
    expect(tree.noted()).toEqual(['-a shutdown'])
    expect(reasonOf(tree, 'a')).toBeUndefined()
    await tree.lab.clock.advance(1)
    expect(reasonOf(tree, 'a')).toBe('killed')
  })

  test('defaults to 5000 for a worker', async () => {
    const tree = stopping({})
    await tree.lab.clock.advance(4999)
    expect(tree.root.status).toBe('ending')
    await tree.lab.clock.advance(1)
    expect(reasonOf(tree, 'a')).toBe('killed')
  })

  test('defaults to infinity for a supervisor, to give the subtree ample time', async () => {
    const tree = new Tree()
    const inner = supervisor({ name: 'inner', children: [tree.child('a', { shutdown: 60_000 }, { terminate: never })] })
    tree.static({ children: [{ id: 'inner', start: [inner] }] })
    tree.root.stop('shutdown')
    await tree.lab.clock.advance(59_999)
    expect(tree.root.status).toBe('ending')
    await tree.lab.clock.advance(1)
    expect(tree.root.endedWith).toBe('shutdown')
  })

  test('may be infinity for a worker, too', async () => {
    const tree = stopping({ shutdown: 'infinity' })
    await tree.lab.clock.advance(86_400_000)
    expect(tree.root.status).toBe('ending')
  })
})
