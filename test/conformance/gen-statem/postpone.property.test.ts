// Postponing, whatever the events: the order in which a gen_statem handles them is that of a model that goes back to the oldest at each change.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { genStatem, keepState, nextState } from '#otp'
import { start } from '#test/otp/support/start.ts'
import { Lab } from '#test/process/support/lab.ts'

/** An event is handled in the states it names, and otherwise postponed; once handled it may lead to another state and insert others. */
interface Step {
  readonly id: number
  readonly handledIn: readonly number[]
  readonly to: number | undefined
  readonly inserts: readonly Step[]
}

const STATES = ['s0', 's1', 's2'] as const
const state = fc.nat({ max: 2 })

const leaf = fc.record({
  id: fc.nat(),
  handledIn: fc.uniqueArray(state),
  to: fc.option(state, { nil: undefined }),
  inserts: fc.constant([] as readonly Step[]),
})
const step: fc.Arbitrary<Step> = fc.record({
  id: fc.nat(),
  handledIn: fc.uniqueArray(state),
  to: fc.option(state, { nil: undefined }),
  inserts: fc.array(leaf, { maxLength: 2 }),
})

/** One list: at each turn the oldest event that was not tried in this state yet. */
function model(steps: readonly Step[]): string[] {
  const log: string[] = []
  let now = 0
  let waiting = steps.map((each) => ({ each, tried: false }))
  for (;;) {
    const index = waiting.findIndex(({ tried }) => !tried)
    if (index === -1) return log
    const { each } = waiting[index] as { each: Step }
    if (!each.handledIn.includes(now)) {
      waiting[index] = { each, tried: true }
      continue
    }
    log.push(`${each.id} in ${now}`)
    const rest = waiting.toSpliced(index, 1)
    const isChange = each.to !== undefined && each.to !== now
    now = each.to ?? now
    const retried = isChange ? rest.map((other) => ({ ...other, tried: false })) : rest
    // Inserted events come before all that were not tried yet; those that were tried stay before them in age alone.
    const inserted = each.inserts.map((other) => ({ each: other, tried: false }))
    const place = isChange ? 0 : retried.findIndex(({ tried }) => !tried)
    waiting = retried.toSpliced(place === -1 ? retried.length : place, 0, ...inserted)
  }
}

const stepIn = (now: number) => (log: readonly string[], each: Step) => {
  if (!each.handledIn.includes(now)) return keepState(log, { postpone: true })
  const nextEvents = each.inserts.map((payload) => ({ kind: 'cast' as const, name: 'step', payload }))
  return nextState(STATES[each.to ?? now] as 's0', [...log, `${each.id} in ${now}`], { nextEvents })
}

const Machine = genStatem({
  name: 'machine',
  init: () => nextState('s0', [] as readonly string[]),
  states: {
    s0: { casts: { step: stepIn(0) } },
    s1: { casts: { step: stepIn(1) } },
    s2: { casts: { step: stepIn(2) } },
  },
})

test('events are handled in the order of the model, whatever is postponed, inserted and retried', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const lab = new Lab()
      const process = start(lab, Machine)
      for (const each of steps) process.cast(process.pid, 'step', each)
      await lab.settle()
      expect((process.state as { data: string[] }).data).toEqual(model(steps))
    }),
    { numRuns: 300 },
  )
})
