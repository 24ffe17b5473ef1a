// OTP's supervisor, "Restart intensity and period": one test a sentence.
import { describe, expect, test } from 'vitest'
import { supervisor } from '#otp'
import { Tree } from './support/tree.ts'

test('if more than MaxR restarts occur within MaxT, the supervisor terminates all child processes and then itself', async () => {
  const tree = new Tree()
  tree.static({ maxRestarts: 2, periodMs: 1000, children: [tree.child('a'), tree.child('b'), tree.child('c')] })
  for (let i = 0; i < 3; i++) await tree.end('b')
  expect(tree.noted()).toEqual(['-b crash', '+b', '-b crash', '+b', '-b crash', '-c shutdown', '-a shutdown'])
  expect(tree.lab.runtime.processCount).toBe(0)
})

test('the termination reason for the supervisor itself in that case is shutdown', async () => {
  const tree = new Tree()
  tree.static({ maxRestarts: 0, children: [tree.child('a')] })
  await tree.end('a')
  expect(tree.root.endedWith).toBe('shutdown')
  expect(tree.lab.only('supervisor.stopped')).toMatchObject({ reason: 'shutdown', cause: 'intensity_exceeded' })
})

test('restarts count within the period only', async () => {
  const tree = new Tree()
  tree.static({ maxRestarts: 1, periodMs: 1000, children: [tree.child('a')] })
  await tree.end('a')
  await tree.lab.clock.advance(999)
  await tree.end('a')
  expect(tree.root.endedWith).toBe('shutdown')
  const patient = new Tree()
  patient.static({ maxRestarts: 1, periodMs: 1000, children: [patient.child('a')] })
  await patient.end('a')
  await patient.lab.clock.advance(1000)
  await patient.end('a')
  expect(patient.root.isAlive).toBe(true)
})

test('period defaults to 5 seconds, and intensity to 3 as in Elixir', () => {
  expect(new Tree().static({}).lab.only('supervisor.started')).toMatchObject({ maxRestarts: 3, periodMs: 5000 })
})

test.each(['one_for_all', 'rest_for_one'] as const)('with %s one failure counts once, whoever it takes along', async (strategy) => {
  const tree = new Tree()
  tree.static({ strategy, maxRestarts: 2, children: [tree.child('a'), tree.child('b'), tree.child('c'), tree.child('d')] })
  await tree.end('a')
  await tree.end('a')
  expect(tree.root.isAlive).toBe(true)
  await tree.end('a')
  expect(tree.root.endedWith).toBe('shutdown')
})

test('a supervisor that gave up is restarted by its own, and what fails too often climbs the tree', async () => {
  const tree = new Tree()
  const branch = supervisor({ name: 'branch', strategy: 'one_for_all', maxRestarts: 1, children: [tree.child('a'), tree.child('b')] })
  tree.static({ strategy: 'rest_for_one', maxRestarts: 1, children: [{ id: 'branch', start: [branch] }, tree.child('after')] })
  await tree.end('a')
  expect(tree.noted()).toEqual(['-a crash', '-b shutdown', '+a', '+b'])
  await tree.end('a')
  expect(tree.noted()).toEqual(['-a crash', '-b shutdown', '-after shutdown', '+a', '+b', '+after'])
  await tree.end('b')
  await tree.end('b')
  expect(tree.root.endedWith).toBe('shutdown')
  expect(tree.lab.runtime.processCount).toBe(0)
  expect(tree.lab.all('supervisor.intensity_exceeded').map(({ supervisor }) => supervisor)).toEqual(['root/branch', 'root/branch', 'root'])
})

describe('a restart that fails', () => {
  test('leaves control to the supervisor before it is tried again, so that other requests are handled: such as the end of the child', async () => {
    const tree = new Tree()
    let isBroken = false
    const init = () => {
      if (isBroken) throw new Error('not yet')
    }
    tree.static({ maxRestarts: 1000, children: [tree.child('a', {}, { init })] })
    isBroken = true
    tree.lab.runtime.send('a', 'cast', 'crash', undefined)
    await Promise.resolve()
    expect(await tree.call('whichChildren')).toMatchObject([{ id: 'a', pid: 'restarting' }])
    expect(await tree.call('restartChild', 'a')).toEqual({ ok: false, reason: 'restarting' })
    expect(await tree.call('deleteChild', 'a')).toEqual({ ok: false, reason: 'restarting' })
    expect(await tree.call('startChild', tree.child('a'))).toEqual({ ok: false, reason: 'already_present' })
    expect(await tree.call('terminateChild', 'a')).toEqual({ ok: true })
    const tries = tree.lab.all('supervisor.restart_failed').length
    await tree.lab.clock.advance(100)
    expect(tree.lab.all('supervisor.restart_failed')).toHaveLength(tries)
    expect(await tree.call('whichChildren')).toMatchObject([{ id: 'a', pid: undefined }])
  })

  test('or the end of the supervisor', async () => {
    const tree = new Tree()
    let isBroken = false
    const init = () => {
      if (isBroken) throw new Error('not yet')
    }
    tree.static({ maxRestarts: 1_000_000, children: [tree.child('a', {}, { init }), tree.child('b')] })
    isBroken = true
    tree.lab.runtime.send('a', 'cast', 'crash', undefined)
    await Promise.resolve()
    tree.root.stop('shutdown')
    await tree.lab.settle()
    expect(tree.root.endedWith).toBe('shutdown')
    expect(tree.lab.runtime.processCount).toBe(0)
    expect(tree.lab.all('process.dead_letter')).toEqual([])
  })
})
