// OTP's supervisor, "Automatic Shutdown" and significant children: one test a sentence.
import { describe, expect, test } from 'vitest'
import { checkChildSpecs, supervisor } from '#otp'
import { Tree } from './support/tree.ts'

const significant = { restart: 'transient', significant: true } as const
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_OTP_OTP_BAD_CHILD_SPEC', message: expect.stringMatching(message) })

describe('never', () => {
  test('is the default setting, and specifications with the significant flag are rejected', async () => {
    const tree = new Tree()
    const spec = tree.child('a', significant)
    expect(() => supervisor({ name: 'root', children: [spec] })).toThrow(refused(/autoShutdown is 'never'/))
    tree.static({})
    expect(await tree.call('startChild', spec)).toMatchObject({ ok: false, reason: { error: { code: 'ERR_OTP_OTP_BAD_CHILD_SPEC' } } })
  })
})

describe('any_significant', () => {
  test.each([
    ['transient', 'normal'],
    ['transient', 'shutdown'],
    ['transient', { shutdown: 'done' }],
    ['temporary', 'normal'],
    ['temporary', 'crash'],
  ] as const)('the supervisor shuts itself down when a %s significant child ends with %o', async (restart, reason) => {
    const tree = new Tree()
    tree.static({
      autoShutdown: 'any_significant',
      children: [tree.child('a'), tree.child('b', { restart, significant: true }), tree.child('c')],
    })
    await tree.end('b', reason)
    expect(tree.noted().slice(1)).toEqual(['-c shutdown', '-a shutdown'])
    expect(tree.root.endedWith).toBe('shutdown')
    expect(tree.lab.only('supervisor.stopped')).toMatchObject({ reason: 'shutdown', cause: 'auto_shutdown' })
  })

  test('a transient significant child that ends abnormally is restarted', async () => {
    const tree = new Tree()
    tree.static({ autoShutdown: 'any_significant', children: [tree.child('a', significant)] })
    await tree.end('a')
    expect(tree.root.isAlive).toBe(true)
    expect(tree.restarted).toEqual(['a crash'])
  })

  test('a child that is not significant ends alone', async () => {
    const tree = new Tree()
    tree.static({ autoShutdown: 'any_significant', children: [tree.child('a', { restart: 'transient' }), tree.child('b', significant)] })
    await tree.end('a', 'normal')
    expect(tree.root.isAlive).toBe(true)
  })

  test('a significant child that is terminated by request does not shut the supervisor down', async () => {
    const tree = new Tree()
    tree.static({ autoShutdown: 'any_significant', children: [tree.child('a', significant)] })
    await tree.call('terminateChild', 'a')
    expect(tree.root.isAlive).toBe(true)
  })

  test('nor does one that ends with a sibling under one_for_all', async () => {
    const tree = new Tree()
    const children = [tree.child('a'), tree.child('b', { restart: 'temporary', significant: true })]
    tree.static({ strategy: 'one_for_all', autoShutdown: 'any_significant', children })
    await tree.end('a')
    expect(tree.root.isAlive).toBe(true)
    expect(tree.running('a', 'b')).toEqual([true, false])
  })
})

describe('all_significant', () => {
  test('the supervisor shuts itself down when the last active significant child ends', async () => {
    const tree = new Tree()
    tree.static({
      autoShutdown: 'all_significant',
      children: [tree.child('a', significant), tree.child('b', { restart: 'temporary', significant: true }), tree.child('c')],
    })
    await tree.end('a', 'normal')
    expect(tree.root.isAlive).toBe(true)
    await tree.end('b')
    expect(tree.root.endedWith).toBe('shutdown')
    expect(tree.lab.runtime.processCount).toBe(0)
  })

  test('a significant child that is about to be restarted is active', async () => {
    const tree = new Tree()
    const backoff = { minMs: 1000, maxMs: 1000 }
    tree.static({ autoShutdown: 'all_significant', children: [tree.child('a', { ...significant, backoff }), tree.child('b', significant)] })
    await tree.end('a')
    await tree.end('b', 'normal')
    expect(tree.root.isAlive).toBe(true)
    await tree.lab.clock.advance(1000)
    await tree.end('a', 'normal')
    expect(tree.root.endedWith).toBe('shutdown')
  })

  test('holds for a dynamic supervisor, too', async () => {
    const tree = new Tree().dynamic({ autoShutdown: 'all_significant' })
    for (const id of ['a', 'b']) await tree.call('startChild', tree.child(id, significant))
    await tree.call('startChild', tree.child('c'))
    await tree.end('a', 'normal')
    expect(tree.root.isAlive).toBe(true)
    await tree.end('b', 'normal')
    expect(tree.root.endedWith).toBe('shutdown')
  })
})

describe('significant', () => {
  test.each([{}, { restart: 'permanent' } as const])('is invalid when the restart type is permanent (%o)', (restart) => {
    const spec = new Tree().child('a', { significant: true, ...restart })
    expect(() => checkChildSpecs([spec], 'any_significant')).toThrow(refused(/transient or temporary/))
    expect(() => checkChildSpecs([spec])).toThrow(refused(/transient or temporary/))
  })

  test('defaults to false, and has to be true or false', () => {
    const tree = new Tree()
    expect(() => checkChildSpecs([tree.child('a')], 'never')).not.toThrow()
    expect(() => checkChildSpecs([tree.child('a', { significant: false })], 'never')).not.toThrow()
    expect(() => checkChildSpecs([tree.child('a', { significant: 1 as unknown as boolean })])).toThrow(refused(/true or false/))
  })

  test('an autoShutdown that there is not is refused', () => {
    expect(() => supervisor({ name: 'root', autoShutdown: 'always' as 'never', children: [] })).toThrow(
      expect.objectContaining({ code: 'ERR_OTP_OTP_BAD_RESTART_LIMITS' }),
    )
  })
})
