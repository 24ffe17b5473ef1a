// A supervisor that is told to stop while something of its own is under way: what was begun ends first, and nobody is left behind.
import { describe, expect, test } from 'vitest'
import { type SupervisorOptions, supervisor } from '#otp'
import { Tree } from '#test/conformance/supervisor/support/tree.ts'
import { gate } from '#test/process/support/lab.ts'

/** Children of which `b` starts slowly once it is told to. */
function slow(options: Partial<SupervisorOptions> = {}) {
  const tree = new Tree()
  const open = gate()
  let isSlow = false
  const init = () => (isSlow ? open.promise : undefined)
  tree.static({ children: [tree.child('a'), tree.child('b', {}, { init }), tree.child('c')], ...options })
  isSlow = true
  return { tree, open }
}

/** Everything has ended, in order, and once. */
function expectAllEnded(tree: Tree): void {
  expect(tree.root.endedWith).toBe('shutdown')
  expect(tree.lab.runtime.processCount).toBe(0)
  expect(tree.lab.runtime.counts('worker').live).toBe(0)
  expect(tree.lab.only('supervisor.stopped')).toMatchObject({ reason: 'shutdown', cause: 'told' })
  expect(tree.lab.clock.pending).toBe(0)
}

describe('while a child is restarted whose init is asynchronous', () => {
  test('it waits for that init, and then stops that child, too', async () => {
    const { tree, open } = slow()
    await tree.end('b')
    tree.root.stop('shutdown')
    await tree.lab.clock.advance(1000)
    expect(tree.noted()).toEqual(['-b crash'])
    open.resolve()
    await tree.lab.settle()
    expect(tree.noted()).toEqual(['+b', '-c shutdown', '-b shutdown', '-a shutdown'])
    expectAllEnded(tree)
  })

  test('and that init fails, it is not tried again', async () => {
    const { tree, open } = slow()
    await tree.end('b')
    tree.root.stop('shutdown')
    open.reject(new Error('not yet'))
    await tree.lab.clock.advance(1000)
    expect(tree.lab.all('supervisor.restart_failed')).toHaveLength(1)
    expectAllEnded(tree)
  })

  test('with one_for_all the siblings that were to follow are not started', async () => {
    const { tree, open } = slow({ strategy: 'one_for_all' })
    await tree.end('a')
    expect(tree.noted()).toEqual(['-a crash', '-c shutdown', '-b shutdown', '+a'])
    tree.root.stop('shutdown')
    open.resolve()
    await tree.lab.settle()
    expect(tree.noted()).toEqual(['+b', '-b shutdown', '-a shutdown'])
    expectAllEnded(tree)
  })

  test('by the supervisor above it, it does the same', async () => {
    const tree = new Tree()
    const open = gate()
    let isSlow = false
    const init = () => (isSlow ? open.promise : undefined)
    const inner = supervisor({ name: 'inner', children: [tree.child('a', {}, { init }), tree.child('b')] })
    tree.static({ children: [{ id: 'inner', start: [inner] }] })
    isSlow = true
    await tree.end('a')
    tree.root.stop('shutdown')
    await tree.lab.clock.advance(1000)
    expect(tree.root.status).toBe('ending')
    open.resolve()
    await tree.lab.settle()
    expect(tree.noted()).toEqual(['-a crash', '+a', '-b shutdown', '-a shutdown'])
    expect(tree.lab.runtime.processCount).toBe(0)
  })
})

test('while siblings are ended for a restart, those that are left are ended, and nobody is started', async () => {
  const tree = new Tree()
  const open = gate()
  tree.static({
    strategy: 'one_for_all',
    children: [tree.child('a'), tree.child('b'), tree.child('c', {}, { terminate: () => open.promise })],
  })
  await tree.end('b')
  tree.root.stop('shutdown')
  await tree.lab.settle()
  expect(tree.noted()).toEqual(['-b crash', '-c shutdown'])
  open.resolve()
  await tree.lab.settle()
  expect(tree.noted()).toEqual(['-a shutdown'])
  expectAllEnded(tree)
})

test('while a child is added whose init is asynchronous, that child is stopped with the others', async () => {
  const { tree, open } = slow()
  const added = tree.call('startChild', tree.child('d', {}, { init: () => open.promise })).catch(() => 'failed')
  await tree.lab.settle()
  tree.root.stop('shutdown')
  await tree.lab.settle()
  expect(tree.noted()).toEqual([])
  open.resolve()
  await tree.lab.clock.advance(100)
  await added
  expect(tree.noted()).toEqual(['+d', '-d shutdown', '-c shutdown', '-b shutdown', '-a shutdown'])
  expectAllEnded(tree)
})

test('while a child is terminated by request, it waits for that end', async () => {
  const tree = new Tree()
  const open = gate()
  tree.static({ children: [tree.child('a'), tree.child('b', {}, { terminate: () => open.promise })] })
  const ended = tree.call('terminateChild', 'b').catch(() => 'failed')
  await tree.lab.settle()
  tree.root.stop('shutdown')
  await tree.lab.settle()
  expect(tree.noted()).toEqual(['-b shutdown'])
  open.resolve()
  await tree.lab.clock.advance(100)
  await ended
  expect(tree.noted()).toEqual(['-a shutdown'])
  expectAllEnded(tree)
})
