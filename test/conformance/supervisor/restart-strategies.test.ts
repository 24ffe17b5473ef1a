// OTP's supervisor, "Restart Strategies": one test a sentence.
import { describe, expect, test } from 'vitest'
import { supervisor } from '#otp'
import { gate } from '#test/process/support/lab.ts'
import { Tree } from './support/tree.ts'

const abc = (tree: Tree, strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one') =>
  tree.static({ strategy, children: [tree.child('a'), tree.child('b'), tree.child('c')] })

describe('one_for_one', () => {
  test('if one child process terminates and is to be restarted, only that child process is affected', async () => {
    const tree = abc(new Tree(), 'one_for_one')
    const [a, c] = [tree.pid('a'), tree.pid('c')]
    await tree.end('b')
    expect(tree.noted()).toEqual(['-b crash', '+b'])
    expect([tree.pid('a'), tree.pid('c')]).toEqual([a, c])
    expect(tree.restarted).toEqual(['b crash'])
  })

  test('is the default restart strategy', () => {
    const tree = new Tree().static({})
    expect(tree.lab.only('supervisor.started').strategy).toBe('one_for_one')
  })
})

describe('one_for_all', () => {
  test('if one child process terminates and is to be restarted, all others are terminated and then all are restarted', async () => {
    const tree = abc(new Tree(), 'one_for_all')
    const pids = ['a', 'b', 'c'].map((id) => tree.pid(id))
    await tree.end('b')
    expect(tree.noted()).toEqual(['-b crash', '-c shutdown', '-a shutdown', '+a', '+b', '+c'])
    const { restarted } = tree
    expect(restarted).toEqual(['a sibling', 'b crash', 'c sibling'])
    expect(tree.lab.all('supervisor.child_restarted').map(({ oldPid }) => oldPid)).toEqual(pids)
    expect(tree.lab.only('supervisor.started').strategy).toBe('one_for_all')
  })

  test('siblings of one failure share its id, its reason and its place in the budget', async () => {
    const tree = abc(new Tree(), 'one_for_all')
    const ended = tree.pid('b')
    await tree.end('b', 'oops')
    for (const fact of tree.lab.all('supervisor.child_restarted')) {
      expect(fact).toMatchObject({ restartId: ended, reason: 'oops', budgetUsed: 1 / 3 })
    }
  })

  test('a child that ended in order before, or was terminated by hand, runs again with the others', async () => {
    const tree = new Tree()
    tree.static({ strategy: 'one_for_all', children: [tree.child('a', { restart: 'transient' }), tree.child('b'), tree.child('c')] })
    await tree.end('a', 'normal')
    await tree.call('terminateChild', 'b')
    expect(tree.running('a', 'b', 'c')).toEqual([false, false, true])
    await tree.end('c')
    expect(tree.running('a', 'b', 'c')).toEqual([true, true, true])
  })

  test('a child that is not to be restarted takes nobody along', async () => {
    const tree = new Tree()
    tree.static({ strategy: 'one_for_all', children: [tree.child('a'), tree.child('b', { restart: 'transient' })] })
    await tree.end('b', 'normal')
    expect(tree.noted()).toEqual(['-b normal'])
  })

  test('siblings that end together are one failure', async () => {
    const tree = new Tree()
    tree.static({ strategy: 'one_for_all', maxRestarts: 1, children: [tree.child('a'), tree.child('b'), tree.child('c')] })
    for (const id of ['a', 'b', 'c']) tree.lab.runtime.send(id, 'cast', 'crash', undefined)
    await tree.lab.settle()
    expect(tree.root.isAlive).toBe(true)
    expect(tree.running('a', 'b', 'c')).toEqual([true, true, true])
    expect(tree.lab.runtime.processCount).toBe(4)
    expect(tree.lab.all('supervisor.child_restarted').map(({ budgetUsed }) => budgetUsed)).toEqual([1, 1, 1])
  })

  test('waits for each sibling to end before the next one is told to, and for all of them before any starts', async () => {
    const tree = new Tree()
    const [first, second] = [gate(), gate()]
    tree.static({
      strategy: 'one_for_all',
      children: [
        tree.child('a', {}, { terminate: () => second.promise }),
        tree.child('b'),
        tree.child('c', {}, { terminate: () => first.promise }),
      ],
    })
    await tree.end('b')
    expect(tree.noted()).toEqual(['-b crash', '-c shutdown'])
    first.resolve()
    await tree.lab.settle()
    expect(tree.noted()).toEqual(['-a shutdown'])
    second.resolve()
    await tree.lab.settle()
    expect(tree.noted()).toEqual(['+a', '+b', '+c'])
  })
})

describe('rest_for_one', () => {
  test('the children after the terminated one in start order are terminated; then it and all after it are restarted', async () => {
    const tree = abc(new Tree(), 'rest_for_one')
    const a = tree.pid('a')
    await tree.end('b')
    expect(tree.noted()).toEqual(['-b crash', '-c shutdown', '+b', '+c'])
    expect(tree.pid('a')).toBe(a)
    expect(tree.restarted).toEqual(['b crash', 'c sibling'])
  })

  test('the first child takes all the rest along, the last one nobody', async () => {
    const tree = abc(new Tree(), 'rest_for_one')
    await tree.end('a')
    expect(tree.noted()).toEqual(['-a crash', '-c shutdown', '-b shutdown', '+a', '+b', '+c'])
    await tree.end('c')
    expect(tree.noted()).toEqual(['-c crash', '+c'])
  })

  test('the start order of children that were added while it runs is the order in which they were added', async () => {
    const tree = abc(new Tree(), 'rest_for_one')
    await tree.call('startChild', tree.child('d'))
    tree.noted()
    await tree.end('c')
    expect(tree.noted()).toEqual(['-c crash', '-d shutdown', '+c', '+d'])
  })
})

describe('a temporary child', () => {
  test.each(['one_for_all', 'rest_for_one'] as const)(
    'is never restarted, even when the strategy is %s and the death of a sibling terminates it',
    async (strategy) => {
      const tree = new Tree()
      tree.static({ strategy, children: [tree.child('a'), tree.child('b', { restart: 'temporary' }), tree.child('c')] })
      await tree.end('a')
      expect(tree.noted()).toEqual(['-a crash', '-c shutdown', '-b shutdown', '+a', '+c'])
      expect((await tree.call('whichChildren')).map(({ id }) => id)).toEqual(['a', 'c'])
      expect(await tree.call('restartChild', 'b')).toEqual({ ok: false, reason: 'not_found' })
    },
  )
})

describe('a restart of several children in which one does not start', () => {
  /** `b` fails as often as it is told to. */
  function failing(strategy: 'one_for_all' | 'rest_for_one', times: number, maxRestarts = 10) {
    const tree = new Tree()
    let left = 0
    const init = () => {
      if (left-- > 0) throw new Error('not yet')
    }
    tree.static({ strategy, maxRestarts, children: [tree.child('a'), tree.child('b', {}, { init }), tree.child('c')] })
    left = times
    return tree
  }

  test('is tried again from that child: one_for_all terminates those it had started, and starts all', async () => {
    const tree = failing('one_for_all', 1)
    await tree.end('c')
    expect(tree.noted()).toEqual(['-c crash', '-b shutdown', '-a shutdown', '+a', '-a shutdown', '+a', '+b', '+c'])
    expect(tree.restarted).toEqual(['a sibling', 'a sibling', 'b retry', 'c retry'])
  })

  test('is tried again from that child: rest_for_one leaves those before it alone', async () => {
    const tree = failing('rest_for_one', 2)
    await tree.end('a')
    expect(tree.noted()).toEqual(['-a crash', '-c shutdown', '-b shutdown', '+a', '+b', '+c'])
    expect(tree.restarted).toEqual(['a crash', 'b retry', 'c sibling'])
  })

  test('is one story: every try has the id of the exit that began it', async () => {
    const tree = failing('one_for_all', 2)
    const restartId = tree.pid('c')
    await tree.end('c')
    const facts = [...tree.lab.all('supervisor.restart_failed'), ...tree.lab.all('supervisor.child_restarted')]
    expect(facts.map((fact) => fact.restartId)).toEqual(facts.map(() => restartId))
  })

  test('counts once for each try, however many children it takes along', async () => {
    expect((await ended(failing('one_for_all', 2, 3))).isAlive).toBe(true)
    const tree = failing('one_for_all', 3, 3)
    expect((await ended(tree)).endedWith).toBe('shutdown')
    expect(tree.lab.only('supervisor.intensity_exceeded')).toMatchObject({ child: 'b', reason: { error: { message: 'c is broken' } } })
    expect(tree.lab.runtime.processCount).toBe(0)

    async function ended(one: Tree) {
      await one.end('c')
      return one.root
    }
  })

  test('ends with the child that is terminated meanwhile; who was stopped for it can be started by hand', async () => {
    const tree = new Tree()
    const backoff = { minMs: 10, maxMs: 10 }
    tree.static({ strategy: 'rest_for_one', children: [tree.child('a'), tree.child('b', { backoff }), tree.child('c')] })
    await tree.end('b')
    const listed = async () => (await tree.call('whichChildren')).map(({ pid }) => (pid === 'restarting' ? pid : typeof pid))
    expect(await listed()).toEqual(['object', 'restarting', 'undefined'])
    await tree.call('terminateChild', 'b')
    await tree.lab.clock.advance(100)
    expect(await listed()).toEqual(['object', 'undefined', 'undefined'])
    expect(await tree.call('restartChild', 'c')).toMatchObject({ ok: true })
    expect(tree.running('a', 'b', 'c')).toEqual([true, false, true])
  })
})

test('a strategy that there is not is refused', () => {
  expect(() => supervisor({ name: 'root', strategy: 'simple_one_for_one' as 'one_for_one', children: [] })).toThrow(
    expect.objectContaining({ code: 'ERR_OTP_OTP_BAD_STRATEGY' }),
  )
})
