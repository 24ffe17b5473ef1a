// Back-off: restarts that are spread out. How long, and what happens to a child, its siblings and its supervisor meanwhile.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '#base'
import { type Backoff, checkChildSpec, dynamicSupervisor, supervisor } from '#otp'
import { backoffMs, oneMore } from '#src/otp/backoff.ts'
import { Tree } from '#test/conformance/supervisor/support/tree.ts'

const random = seededRandom(1)

describe('a wait', () => {
  test('grows by the factor from minMs and is never longer than maxMs', () => {
    const backoff = { minMs: 100, maxMs: 1000 }
    expect([0, 1, 2, 3, 4, 2000].map((failures) => backoffMs(backoff, failures, random))).toEqual([100, 200, 400, 800, 1000, 1000])
    expect([0, 1, 2].map((failures) => backoffMs({ ...backoff, factor: 3 }, failures, random))).toEqual([100, 300, 900])
    expect(backoffMs({ ...backoff, factor: 1 }, 50, random)).toBe(100)
  })

  test('leaves the share of jitter to chance, below what it would be (property)', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (failures, jitter, seed) => {
        const backoff = { minMs: 10, maxMs: 5000 }
        const whole = backoffMs(backoff, failures, random)
        const ms = backoffMs({ ...backoff, jitter }, failures, seededRandom(seed))
        expect(ms).toBeLessThanOrEqual(whole)
        expect(ms).toBeGreaterThanOrEqual(whole * (1 - jitter))
        expect(backoffMs({ ...backoff, jitter }, failures, seededRandom(seed))).toBe(ms)
      }),
    )
  })

  test('starts from minMs again for a child that was healthy; one that failed to start was not', () => {
    const backoff = { minMs: 10, maxMs: 100, healthyMs: 500 }
    expect(oneMore(backoff, undefined, 0).count).toBe(1)
    expect(oneMore(backoff, { count: 3, restartedAt: 1000 }, 1499).count).toBe(4)
    expect(oneMore(backoff, { count: 3, restartedAt: 1000 }, 1500).count).toBe(1)
    expect(oneMore(backoff, { count: 3, restartedAt: undefined }, 9999).count).toBe(4)
    expect(oneMore({ minMs: 10, maxMs: 100 }, { count: 3, restartedAt: 0 }, 199).count).toBe(4)
    expect(oneMore({ minMs: 10, maxMs: 100 }, { count: 3, restartedAt: 0 }, 200).count).toBe(1)
  })
})

test.each<Backoff>([
  { minMs: -1, maxMs: 10 },
  { minMs: 20, maxMs: 10 },
  { minMs: 0, maxMs: Number.POSITIVE_INFINITY },
  { minMs: 1, maxMs: 10, factor: 0.5 },
  { minMs: 1, maxMs: 10, jitter: 1.1 },
  { minMs: 1, maxMs: 10, healthyMs: -1 },
  { minMs: Number.NaN, maxMs: 10 },
])('%o is refused', (backoff) => {
  const refusal = expect.objectContaining({ code: 'ERR_OTP_OTP_BAD_BACKOFF' })
  expect(() => checkChildSpec(new Tree().child('a', { backoff }))).toThrow(refusal)
  expect(() => supervisor({ name: 'root', children: [], backoff })).toThrow(refusal)
  expect(() => dynamicSupervisor({ name: 'root', backoff })).toThrow(refusal)
})

const backoff = { minMs: 100, maxMs: 1000, healthyMs: 500 }

describe('a child with a back-off', () => {
  test('is restarting until its time has come', async () => {
    const tree = new Tree()
    tree.static({ backoff, children: [tree.child('a'), tree.child('b')] })
    await tree.end('a')
    await tree.lab.clock.advance(99)
    expect(await tree.call('whichChildren')).toMatchObject([
      { id: 'a', pid: 'restarting' },
      { id: 'b', pid: tree.pid('b') },
    ])
    await tree.lab.clock.advance(1)
    expect(tree.lab.only('supervisor.child_restarted')).toMatchObject({ child: 'a', cause: 'crash', durationMs: 100 })
    expect(tree.lab.clock.pending).toBe(0)
  })

  test('waits longer each time, and from the beginning after a healthy period', async () => {
    const tree = new Tree()
    tree.static({ maxRestarts: 100, children: [tree.child('a', { backoff })] })
    for (const ms of [100, 200, 400]) {
      await tree.end('a')
      await tree.lab.clock.advance(ms - 1)
      expect(tree.running('a')).toEqual([false])
      await tree.lab.clock.advance(1)
      expect(tree.running('a')).toEqual([true])
    }
    await tree.lab.clock.advance(500)
    await tree.end('a')
    await tree.lab.clock.advance(100)
    expect(tree.running('a')).toEqual([true])
  })

  test('waits before each try when it fails to start, and each counts for the intensity', async () => {
    const tree = new Tree()
    let isBroken = false
    const init = () => {
      if (isBroken) throw new Error('not yet')
    }
    tree.static({ maxRestarts: 3, periodMs: 60_000, children: [tree.child('a', { backoff }, { init })] })
    isBroken = true
    await tree.end('a')
    for (const [ms, tries] of [
      [100, 1],
      [200, 2],
      [400, 3],
    ] as const) {
      await tree.lab.clock.advance(ms)
      expect(tree.lab.all('supervisor.restart_failed')).toHaveLength(tries)
    }
    expect(tree.root.isAlive).toBe(true)
    await tree.lab.clock.advance(800)
    expect(tree.root.endedWith).toBe('shutdown')
    expect(tree.lab.all('supervisor.restart_failed')).toHaveLength(3)
  })

  test('that is terminated or started otherwise meanwhile is not started again by it', async () => {
    const tree = new Tree()
    tree.static({ backoff, children: [tree.child('a')] })
    await tree.end('a')
    await tree.call('terminateChild', 'a')
    expect(await tree.call('restartChild', 'a')).toMatchObject({ ok: true })
    const pid = tree.pid('a')
    await tree.lab.clock.advance(1000)
    expect(tree.pid('a')).toBe(pid)
    expect(tree.restarted).toEqual(['a manual'])
  })

  test('under one_for_all has its siblings stopped at once, and all start when its time has come', async () => {
    const tree = new Tree()
    tree.static({
      strategy: 'one_for_all',
      children: [tree.child('a'), tree.child('b', { backoff }), tree.child('c', { restart: 'temporary' })],
    })
    await tree.end('b')
    expect(tree.noted()).toEqual(['-b crash', '-c shutdown', '-a shutdown'])
    expect(await tree.call('countChildren')).toMatchObject({ specs: 2, active: 0, restarting: 1 })
    await tree.lab.clock.advance(100)
    expect(tree.noted()).toEqual(['+a', '+b'])
    expect(tree.restarted).toEqual(['a sibling', 'b crash'])
  })

  test('under rest_for_one is started with one before it that fails meanwhile, and its wait is over', async () => {
    const tree = new Tree()
    tree.static({ strategy: 'rest_for_one', children: [tree.child('a'), tree.child('b', { backoff })] })
    await tree.end('b')
    await tree.end('a')
    expect(tree.noted()).toEqual(['-b crash', '-a crash', '+a', '+b'])
    const pid = tree.pid('b')
    await tree.lab.clock.advance(1000)
    expect(tree.pid('b')).toBe(pid)
    expect(tree.restarted).toEqual(['a crash', 'b sibling'])
  })

  test('does not keep its supervisor from ending', async () => {
    const tree = new Tree()
    tree.static({ backoff, children: [tree.child('a')] })
    await tree.end('a')
    tree.root.stop('shutdown')
    expect(tree.root.isAlive).toBe(false)
    await tree.lab.clock.advance(1000)
    expect(tree.lab.runtime.processCount).toBe(0)
    expect(tree.lab.clock.pending).toBe(0)
  })
})

test('the randomness of jitter comes from outside', async () => {
  const waits = async () => {
    const tree = new Tree().dynamic({ backoff: { ...backoff, jitter: 0.5 }, random: seededRandom(7) })
    await tree.call('startChild', tree.child('a'))
    await tree.end('a')
    await tree.lab.clock.advance(100)
    return tree.lab.only('supervisor.child_restarted').durationMs
  }
  const ms = await waits()
  expect(ms).toBeGreaterThanOrEqual(50)
  expect(ms).toBeLessThan(100)
  expect(await waits()).toBe(ms)
})
