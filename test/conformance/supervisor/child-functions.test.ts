// OTP's supervisor: start_child, restart_child, terminate_child, delete_child, get_childspec, which_children, count_children. One test a sentence.
import { describe, expect, test } from 'vitest'
import { dynamicSupervisor, supervisor } from '#otp'
import { call } from '#test/otp/support/start.ts'
import { fails, ignored, Tree } from './support/tree.ts'

const one = () => {
  const tree = new Tree()
  return tree.static({ children: [tree.child('a')] })
}

describe('start_child', () => {
  test('adds a child specification and starts the corresponding child process: the pid is added, and answered', async () => {
    const tree = one()
    expect(await tree.call('startChild', tree.child('b'))).toEqual({ ok: true, pid: tree.pid('b') })
    expect(await tree.call('whichChildren')).toMatchObject([{ id: 'a' }, { id: 'b', pid: tree.pid('b') }])
    expect(tree.lab.all('process.spawned').at(-1)).toMatchObject({ supervisor: 'root', child: 'b', cause: 'call' })
    await tree.end('b')
    expect(tree.restarted).toEqual(['b crash'])
  })

  test('answers already_started and the pid if there is a specification of that id whose process runs', async () => {
    const tree = one()
    expect(await tree.call('startChild', tree.child('a'))).toEqual({ ok: false, reason: 'already_started', pid: tree.pid('a') })
  })

  test('answers already_present if the process does not run; the new specification is discarded', async () => {
    const tree = one()
    await tree.call('terminateChild', 'a')
    expect(await tree.call('startChild', tree.child('a', { restart: 'temporary' }))).toEqual({ ok: false, reason: 'already_present' })
    expect(await tree.call('getChildSpec', 'a')).toMatchObject({ spec: { restart: 'permanent' } })
  })

  test('if init says ignore the specification is added, and there is no process', async () => {
    const tree = one()
    expect(await tree.call('startChild', tree.child('b', {}, { init: ignored }))).toEqual({ ok: false, reason: 'ignore' })
    expect(await tree.call('whichChildren')).toMatchObject([{ id: 'a' }, { id: 'b', pid: undefined }])
    expect(await tree.call('startChild', tree.child('c', { restart: 'temporary' }, { init: ignored }))).toMatchObject({ ok: false })
    expect(await tree.call('countChildren')).toMatchObject({ specs: 2 })
  })

  test('if the start fails the specification is discarded, and the answer says why', async () => {
    const tree = one()
    expect(await tree.call('startChild', tree.child('b', {}, { init: fails }))).toMatchObject({
      ok: false,
      reason: { error: { message: 'no database' } },
    })
    expect(await tree.call('getChildSpec', 'b')).toEqual({ ok: false, reason: 'not_found' })
    expect(tree.root.isAlive).toBe(true)
  })

  test('a specification that is not valid is answered with what is wrong with it', async () => {
    const tree = one()
    for (const bad of [undefined, null, {}, { id: 'b' }, tree.child('b', { restart: 'always' as 'permanent' })]) {
      expect(await call(tree.lab, tree.root, 'startChild', bad)).toMatchObject({
        ok: false,
        reason: { error: { code: 'ERR_OTP_OTP_BAD_CHILD_SPEC' } },
      })
    }
    expect(tree.root.isAlive).toBe(true)
  })
})

describe('restart_child', () => {
  test('restarts a child whose specification exists and whose process does not run', async () => {
    const tree = one()
    const oldPid = tree.pid('a')
    await tree.call('terminateChild', 'a')
    expect(await tree.call('restartChild', 'a')).toEqual({ ok: true, pid: tree.pid('a') })
    expect(tree.lab.only('supervisor.child_restarted')).toMatchObject({
      child: 'a',
      cause: 'manual',
      oldPid,
      newPid: tree.pid('a'),
      budgetUsed: 0,
    })
  })

  test('does not count for the restart intensity', async () => {
    const tree = new Tree()
    tree.static({ maxRestarts: 0, children: [tree.child('a')] })
    for (let i = 0; i < 3; i++) {
      await tree.call('terminateChild', 'a')
      await tree.call('restartChild', 'a')
    }
    expect(tree.running('a')).toEqual([true])
    expect(tree.root.isAlive).toBe(true)
  })

  test('answers not_found if the specification does not exist', async () => {
    expect(await one().call('restartChild', 'b')).toEqual({ ok: false, reason: 'not_found' })
  })

  test('answers running if the process is already running', async () => {
    expect(await one().call('restartChild', 'a')).toEqual({ ok: false, reason: 'running' })
  })

  test('is not possible for temporary children: their specification is deleted when the child terminates', async () => {
    const tree = new Tree()
    tree.static({ children: [tree.child('a', { restart: 'temporary' }), tree.child('b', { restart: 'temporary' })] })
    await tree.end('a')
    await tree.call('terminateChild', 'b')
    for (const id of ['a', 'b']) expect(await tree.call('restartChild', id)).toEqual({ ok: false, reason: 'not_found' })
  })

  test('if the start fails answers why, and the specification stays', async () => {
    const tree = new Tree()
    let isBroken = false
    tree.static({ children: [tree.child('a', {}, { init: () => (isBroken ? fails() : undefined) })] })
    await tree.call('terminateChild', 'a')
    isBroken = true
    expect(await tree.call('restartChild', 'a')).toMatchObject({ ok: false, reason: { error: { message: 'no database' } } })
    isBroken = false
    expect(await tree.call('restartChild', 'a')).toMatchObject({ ok: true })
  })

  test('if init says ignore the pid remains undefined', async () => {
    const tree = new Tree()
    tree.static({ children: [tree.child('a', {}, { init: ignored })] })
    expect(await tree.call('restartChild', 'a')).toEqual({ ok: false, reason: 'ignore' })
    expect(await tree.call('whichChildren')).toMatchObject([{ id: 'a', pid: undefined }])
  })
})

describe('an init that says ignore at a restart', () => {
  const onceIgnored = () => {
    let isIgnored = false
    return () => {
      if (isIgnored) ignored()
      isIgnored = true
    }
  }

  test('leaves the specification without a process, and the siblings start', async () => {
    const tree = new Tree()
    tree.static({ strategy: 'rest_for_one', children: [tree.child('a', {}, { init: onceIgnored() }), tree.child('b')] })
    await tree.end('a')
    expect(tree.noted()).toEqual(['-a crash', '-b shutdown', '+b'])
    expect(await tree.call('whichChildren')).toMatchObject([
      { id: 'a', pid: undefined },
      { id: 'b', pid: tree.pid('b') },
    ])
    expect(tree.lab.all('supervisor.restart_failed')).toEqual([])
  })

  test('under a dynamic supervisor is the end of the child', async () => {
    const gone: string[] = []
    const tree = new Tree().dynamic({ onGone: (id) => gone.push(id) })
    await tree.call('startChild', tree.child('a', {}, { init: onceIgnored() }))
    await tree.end('a')
    expect(await tree.call('whichChildren')).toEqual([])
    expect(gone).toEqual(['a'])
  })
})

describe('terminate_child', () => {
  test('terminates the process, if any, and keeps the specification', async () => {
    const tree = one()
    expect(await tree.call('terminateChild', 'a')).toEqual({ ok: true })
    expect(tree.noted()).toEqual(['-a shutdown'])
    expect(await tree.call('whichChildren')).toMatchObject([{ id: 'a', pid: undefined }])
    expect(await tree.call('terminateChild', 'a')).toEqual({ ok: true })
  })

  test('answers when the process has ended', async () => {
    const tree = new Tree()
    tree.static({ children: [tree.child('a', { shutdown: 100 }, { terminate: () => new Promise<void>(() => undefined) })] })
    let isAnswered = false
    const answered = tree.call('terminateChild', 'a').then(() => {
      isAnswered = true
    })
    await tree.lab.clock.advance(99)
    expect(isAnswered).toBe(false)
    await tree.lab.clock.advance(1)
    await answered
    expect(tree.running('a')).toEqual([false])
  })

  test('of a temporary child deletes the specification as soon as the process terminates', async () => {
    const tree = new Tree()
    tree.static({ children: [tree.child('a', { restart: 'temporary' })] })
    expect(await tree.call('terminateChild', 'a')).toEqual({ ok: true })
    expect(await tree.call('whichChildren')).toEqual([])
    expect(await tree.call('deleteChild', 'a')).toEqual({ ok: false, reason: 'not_found' })
  })

  test('answers not_found if there is no specification of that id, and is not disturbed by what is no id', async () => {
    const tree = one()
    for (const bad of ['b', undefined, null, 5, {}]) {
      expect(await call(tree.lab, tree.root, 'terminateChild', bad)).toEqual({ ok: false, reason: 'not_found' })
    }
    expect(tree.root.isAlive).toBe(true)
  })
})

describe('delete_child', () => {
  test('deletes the specification of a child whose process does not run', async () => {
    const tree = one()
    await tree.call('terminateChild', 'a')
    expect(await tree.call('deleteChild', 'a')).toEqual({ ok: true })
    expect(await tree.call('whichChildren')).toEqual([])
    expect(await tree.call('startChild', tree.child('a'))).toMatchObject({ ok: true })
  })

  test('answers running if the process runs', async () => {
    expect(await one().call('deleteChild', 'a')).toEqual({ ok: false, reason: 'running' })
  })

  test('answers restarting if it is about to be restarted, as restart_child does', async () => {
    const tree = new Tree()
    tree.static({ children: [tree.child('a', { backoff: { minMs: 10, maxMs: 10 } })] })
    await tree.end('a')
    expect(await tree.call('deleteChild', 'a')).toEqual({ ok: false, reason: 'restarting' })
    expect(await tree.call('restartChild', 'a')).toEqual({ ok: false, reason: 'restarting' })
  })

  test('answers not_found if the specification does not exist', async () => {
    expect(await one().call('deleteChild', 'b')).toEqual({ ok: false, reason: 'not_found' })
  })
})

describe('get_childspec', () => {
  test('answers the specification with all keys, both mandatory and optional', async () => {
    const tree = one()
    expect(await tree.call('getChildSpec', 'a')).toEqual({
      ok: true,
      spec: { ...tree.child('a'), restart: 'permanent', shutdown: 5000, significant: false, type: 'worker' },
    })
  })

  test('finds a child by its pid, too; of nobody it answers not_found', async () => {
    const tree = one()
    expect(await tree.call('getChildSpec', tree.pid('a'))).toMatchObject({ ok: true, spec: { id: 'a' } })
    expect(await tree.call('getChildSpec', tree.root.pid)).toEqual({ ok: false, reason: 'not_found' })
    expect(await tree.call('getChildSpec', 'b')).toEqual({ ok: false, reason: 'not_found' })
  })
})

describe('which_children', () => {
  test('answers the id, the pid, restarting or undefined, and the type of each specification', async () => {
    const tree = new Tree()
    const inner = supervisor({ name: 'inner', children: [] })
    const backoff = { minMs: 10, maxMs: 10 }
    tree.static({
      children: [
        { id: 'inner', name: 'inner', start: [inner] },
        tree.child('a'),
        tree.child('b', { backoff }),
        tree.child('c', { restart: 'transient' }),
      ],
    })
    await tree.end('b')
    await tree.end('c', 'normal')
    expect(await tree.call('whichChildren')).toEqual([
      { id: 'inner', pid: tree.pid('inner'), type: 'supervisor', behaviour: 'supervisor' },
      { id: 'a', pid: tree.pid('a'), type: 'worker', behaviour: 'worker' },
      { id: 'b', pid: 'restarting', type: 'worker', behaviour: 'worker' },
      { id: 'c', pid: undefined, type: 'worker', behaviour: 'worker' },
    ])
  })
})

describe('count_children', () => {
  test('answers specs, dead or alive; active ones; supervisors and workers, regardless if the process is alive', async () => {
    const tree = new Tree()
    const inner = supervisor({ name: 'inner', children: [] })
    const pool = dynamicSupervisor({ name: 'pool' })
    const backoff = { minMs: 10, maxMs: 10 }
    tree.static({
      children: [
        { id: 'inner', start: [inner] },
        { id: 'pool', start: [pool] },
        tree.child('a'),
        tree.child('b', { backoff }),
        tree.child('c', { restart: 'transient' }),
      ],
    })
    await tree.end('b')
    await tree.end('c', 'normal')
    expect(await tree.call('countChildren')).toEqual({ specs: 5, specified: 5, active: 3, supervisors: 2, workers: 3, restarting: 1 })
  })

  test('a child whose exit is on the way is not active', async () => {
    const tree = one()
    const counted = tree.call('countChildren')
    tree.lab.runtime.exit(tree.root.pid, tree.pid('a'), 'kill')
    expect(await counted).toMatchObject({ specs: 1, active: 0 })
  })
})
