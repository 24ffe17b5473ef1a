// List and watch as a state machine: whatever happens there is something next, and an API server in trouble is left in peace.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Ending, FIRST_TASK, next, type Task } from '#src/cluster/topology/list-watch.ts'
import { FIRST_RETRY_MS } from '#src/cluster/topology/retry-delay.ts'

const watching: Task = { kind: 'watch', version: '7', failures: 0 }
const failed: Ending = { kind: 'failed', retryAfterMs: 0 }

describe('after a list', () => {
  test('it is watched from the version of the list, at once', () => {
    expect(next(FIRST_TASK, { kind: 'listed', version: '7' }, 0.5)).toEqual({ task: watching, delayMs: 0 })
  })

  test('that failed it is listed again, each time later', () => {
    const once = next(FIRST_TASK, failed, 0.999)
    const twice = next(once.task, failed, 0.999)
    expect([once.task, twice.task]).toEqual([
      { kind: 'list', failures: 1 },
      { kind: 'list', failures: 2 },
    ])
    expect(twice.delayMs).toBeGreaterThan(once.delayMs)
    expect(once.restarted).toBeUndefined()
  })
})

describe('after a watch', () => {
  test('that the server closed it goes on at once where it ended', () => {
    const ending: Ending = { kind: 'closed', version: '9', isShort: false }
    expect(next(watching, ending, 0)).toEqual({ task: { ...watching, version: '9' }, delayMs: 0 })
  })

  test('that the server closes again and again at once it goes on more slowly, as after a failure', () => {
    const ending: Ending = { kind: 'closed', version: '7', isShort: true }
    expect(next(watching, ending, 0)).toEqual({ task: { ...watching, failures: 1 }, delayMs: FIRST_RETRY_MS, restarted: 'watch' })
  })

  test('that broke it goes on where it broke, and its failures are counted anew', () => {
    const worn: Task = { ...watching, failures: 2 }
    expect(next(worn, { ...failed, version: '8' }, 0)).toMatchObject({
      task: { kind: 'watch', version: '8', failures: 1 },
      restarted: 'watch',
    })
  })

  test('that fails three times in a row from one version it is listed: the version may be why', () => {
    expect(next({ ...watching, failures: 1 }, failed, 0)).toMatchObject({ task: { kind: 'watch' }, restarted: 'watch' })
    expect(next({ ...watching, failures: 2 }, failed, 0)).toMatchObject({ task: { kind: 'list', failures: 3 }, restarted: 'list' })
  })

  test('whose version is forgotten it is listed at once, and with a wait if that happens again', () => {
    expect(next(watching, { kind: 'gone' }, 0)).toEqual({ task: { kind: 'list', failures: 1 }, delayMs: 0, restarted: 'list' })
    expect(next({ kind: 'list', failures: 1 }, { kind: 'gone' }, 0).delayMs).toBe(FIRST_RETRY_MS)
  })
})

test('the wait that the server asks for is kept', () => {
  expect(next(watching, { kind: 'failed', retryAfterMs: 20_000 }, 0).delayMs).toBeGreaterThanOrEqual(20_000)
})

test('whatever happens, waits are bounded, and two failures in a row are never without one', () => {
  const version = fc.integer({ min: 1, max: 5 }).map(String)
  const ending = fc.oneof(
    fc.record({ kind: fc.constant('listed' as const), version }),
    fc.record({ kind: fc.constant('closed' as const), version, isShort: fc.boolean() }),
    fc.record({ kind: fc.constant('failed' as const), version, retryAfterMs: fc.nat(1000) }),
    fc.record({ kind: fc.constant('gone' as const) }),
  )
  fc.assert(
    fc.property(fc.array(ending, { maxLength: 50 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (endings, random) => {
      let task = FIRST_TASK
      let hasFailed = false
      for (const each of endings) {
        const { task: then, delayMs } = next(task, each, random)
        expect(delayMs).toBeLessThanOrEqual(31_000)
        const fails = each.kind === 'failed' || each.kind === 'gone' || (each.kind === 'closed' && each.isShort)
        if (fails && hasFailed) expect(delayMs).toBeGreaterThan(0)
        hasFailed = fails && then.failures > 0
        task = then
      }
    }),
  )
})
