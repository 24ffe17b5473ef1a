// Where a child goes that failed: never for ever, never where it has failed while there is another place, and its past is forgotten in time.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '#base'
import { afterFailure, type Failure, RELOCATION, untriedFirst, type Verdict } from '#src/distributed/children/relocation.ts'
import type { Failures } from '#src/distributed/directory/failures.ts'

const nodes = (size: number) => Array.from({ length: size }, (_, i) => `n${i}.1`)
const failure = (changes: Partial<Failure> = {}): Failure => ({
  before: undefined,
  cause: 'crashed',
  reason: 'boom',
  on: 'n0.1',
  at: 1_000_000,
  candidates: nodes(3),
  ...changes,
})
const decide = (of: Failure, settings = RELOCATION): Verdict => afterFailure(of, settings, ([first]) => first, seededRandom(1))

/** Fails wherever it goes, as soon as it is started there. */
function failEverywhere(size: number, cause: Failure['cause']): { verdicts: Verdict[]; last: Failures } {
  const verdicts: Verdict[] = []
  let on = 'n0.1'
  let before: Failures | undefined
  for (let at = 0; verdicts.length < 100; at += 1) {
    const verdict = decide(failure({ before, cause, on, at, candidates: nodes(size) }))
    verdicts.push(verdict)
    if (verdict.verdict === 'quarantine') return { verdicts, last: verdict.failures }
    before = verdict.failures
    on = verdict.to as string
    at += before.waitMs
  }
  throw new Error('it never came to rest')
}

describe('a child that crashes', () => {
  test('goes to a node on which it has not failed, after a wait', () => {
    expect(decide(failure())).toMatchObject({ verdict: 'elsewhere', to: 'n1.1', failures: { count: 1, on: ['n0.1'], reason: 'boom' } })
  })

  test('is quarantined with its third failure in a row, however many nodes there are', () => {
    for (const size of [1, 2, 3, 50]) expect(failEverywhere(size, 'crashed').last).toMatchObject({ count: 3, isQuarantined: true })
  })

  test('waits longer each time, up to the longest wait, and never without chance', () => {
    const settings = { ...RELOCATION, maxFailures: 100 }
    const waits: number[] = []
    let before: Failures | undefined
    for (let i = 0; i < 10; i++) {
      const verdict = decide(failure({ before }), settings)
      before = verdict.failures
      waits.push(before.waitMs)
    }
    const whole = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000]
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeLessThanOrEqual(whole[index] as number)
      expect(wait).toBeGreaterThanOrEqual(0.8 * (whole[index] as number))
    }
  })

  test('that ran well for a minute after its wait starts with a clean slate, a moment earlier it does not', () => {
    const before: Failures = { count: 2, on: ['n1.1', 'n2.1'], reason: 'boom', at: 0, waitMs: 2000, isQuarantined: false }
    expect(decide(failure({ before, at: 61_999 })).verdict).toBe('quarantine')
    expect(decide(failure({ before, at: 62_000 }))).toMatchObject({ verdict: 'elsewhere', failures: { count: 1, on: ['n0.1'] } })
  })

  test('stays where it is for want of candidates', () => {
    expect(decide(failure({ candidates: [] }))).toMatchObject({ verdict: 'elsewhere', to: undefined })
    expect(decide(failure({ candidates: ['n0.1'] }))).toMatchObject({ verdict: 'elsewhere', to: 'n0.1' })
  })
})

describe('a child that does not start', () => {
  test('is tried on every node once before it is quarantined, and three times at least', () => {
    for (const size of [1, 2, 3, 5, 20]) {
      const { verdicts, last } = failEverywhere(size, 'start_failed')
      expect(verdicts).toHaveLength(Math.max(3, size))
      expect(last.on).toHaveLength(size)
    }
  })
})

test('whatever fails where and when, a failing child comes to rest, and goes nowhere twice before it has been everywhere', () => {
  const step = fc.record({ cause: fc.constantFrom('crashed' as const, 'start_failed' as const), ranMs: fc.nat(59_000) })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { minLength: 8, maxLength: 8 }), (size, steps) => {
      let on = 'n0.1'
      let before: Failures | undefined
      let at = 0
      for (const { cause, ranMs } of steps) {
        const verdict = decide(failure({ before, cause, on, at, candidates: nodes(size) }))
        if (verdict.verdict === 'quarantine') {
          expect(verdict.failures.count).toBeGreaterThanOrEqual(3)
          return
        }
        const to = verdict.to as string
        if (verdict.failures.on.length < size) expect(verdict.failures.on).not.toContain(to)
        else if (size > 1) expect(to).not.toBe(on)
        before = verdict.failures
        on = to
        at += before.waitMs + ranMs
      }
      throw new Error('it never came to rest')
    }),
  )
})

test('a takeover prefers nodes on which the child has not failed', () => {
  const failures: Failures = { count: 1, on: ['n0.1'], reason: 'boom', at: 0, waitMs: 0, isQuarantined: false }
  expect(untriedFirst(['n0.1', 'n1.1'], failures)).toEqual(['n1.1'])
  expect(untriedFirst(['n0.1'], failures)).toEqual(['n0.1'])
  expect(untriedFirst(['n0.1'], undefined)).toEqual(['n0.1'])
})
