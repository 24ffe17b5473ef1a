// The deciders of restarts, against a model that moves children about one at a time, as OTP's lists of children do.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AutoShutdown, Restart, Strategy } from '#otp'
import { isShutDownBy } from '#src/otp/auto-shutdown.ts'
import { restartPlan } from '#src/otp/restart-strategy.ts'

interface Kid {
  readonly id: number
  readonly spec: { readonly restart: Restart; readonly significant: boolean }
  readonly isActive: boolean
}

const kid = fc.record({
  spec: fc.record({ restart: fc.constantFrom<Restart>('permanent', 'transient', 'temporary'), significant: fc.boolean() }),
  isActive: fc.boolean(),
})
/** Children in start order, and which of them ended; who is to be started again is not temporary. */
const family = fc.tuple(fc.array(kid, { maxLength: 6 }), kid, fc.array(kid, { maxLength: 6 })).map(([before, one, after]) => {
  const ended = { ...one, spec: { ...one.spec, restart: one.spec.restart === 'temporary' ? 'permanent' : one.spec.restart } as Kid['spec'] }
  const children = [...before, ended, ...after].map((child, id): Kid => ({ ...child, id }))
  return { children, ended: children[before.length] as Kid }
})
const strategy = fc.constantFrom<Strategy>('one_for_one', 'one_for_all', 'rest_for_one', 'simple_one_for_one')

/** Naive: goes through the children one by one with nothing but their places. */
function model(strategy: Strategy, children: readonly Kid[], ended: Kid): { stop: Kid[]; start: Kid[] } {
  const stop: Kid[] = []
  const start: Kid[] = []
  for (const child of children) {
    const isItself = child.id === ended.id
    const goesAlong = strategy === 'one_for_all' || (strategy === 'rest_for_one' && child.id > ended.id)
    if (goesAlong && !isItself) stop.unshift(child)
    if (isItself || (goesAlong && child.spec.restart !== 'temporary')) start.push(child)
  }
  return { stop, start }
}

test('the plan is that of the model', () => {
  fc.assert(
    fc.property(strategy, family, (strategy, { children, ended }) => {
      expect(restartPlan(strategy, children, ended)).toEqual(model(strategy, children, ended))
    }),
  )
})

describe('whatever the strategy', () => {
  test('the child that ended is started and not stopped; all in start order, stops in reverse; nobody temporary is started', () => {
    fc.assert(
      fc.property(strategy, family, (strategy, { children, ended }) => {
        const { stop, start } = restartPlan(strategy, children, ended)
        expect(start).toContain(ended)
        expect(stop).not.toContain(ended)
        expect(start.map(({ id }) => id)).toEqual(start.map(({ id }) => id).toSorted((a, b) => a - b))
        expect(stop.map(({ id }) => id)).toEqual(stop.map(({ id }) => id).toSorted((a, b) => b - a))
        for (const child of start) expect(child.spec.restart).not.toBe('temporary')
      }),
    )
  })

  test('a plan for a child that failed to start covers no more than the plan that tried to start it', () => {
    fc.assert(
      fc.property(strategy, family, (strategy, { children, ended }) => {
        const { stop, start } = restartPlan(strategy, children, ended)
        const known = new Set([...stop, ...start])
        const kept = children.filter((child) => !stop.includes(child) || child.spec.restart !== 'temporary')
        for (const failed of start) {
          const again = restartPlan(strategy, kept, failed)
          for (const child of [...again.stop, ...again.start]) expect(known).toContain(child)
        }
      }),
    )
  })
})

test('automatic shutdown follows the model that counts', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<AutoShutdown>('never', 'any_significant', 'all_significant'),
      family,
      (autoShutdown, { children, ended }) => {
        const left = children.filter((child) => child !== ended && child.spec.significant && child.isActive).length
        const expected =
          ended.spec.significant && (autoShutdown === 'any_significant' || (autoShutdown === 'all_significant' && left === 0))
        expect(isShutDownBy(autoShutdown, children, ended)).toBe(expected)
      },
    ),
  )
})
