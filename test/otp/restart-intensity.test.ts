// How many restarts are too many: intensity and period, against a model that counts.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RestartIntensity } from '#src/otp/restart-intensity.ts'

test('more than maxRestarts restarts within the period are too many', () => {
  const intensity = new RestartIntensity(3, 5000)
  expect([0, 1000, 2000].map((now) => intensity.add(now).exceeded)).toEqual([false, false, false])
  expect(intensity.add(4999).exceeded).toBe(true)
})

test('restarts that are as old as the period do not count any more', () => {
  const intensity = new RestartIntensity(3, 5000)
  for (const now of [0, 1000, 2000]) intensity.add(now)
  expect(intensity.add(5000)).toEqual({ exceeded: false, used: 1 })
  expect(intensity.count(6999)).toBe(2)
  expect(intensity.count(20_000)).toBe(0)
})

test('the share of the budget that is used goes from none to all of it', () => {
  const intensity = new RestartIntensity(4, 5000)
  expect([0, 1, 2, 3, 4].map((now) => intensity.add(now).used)).toEqual([0.25, 0.5, 0.75, 1, 1])
})

test('with no restart allowed the first is too many', () => {
  expect(new RestartIntensity(0, 5000).add(0)).toEqual({ exceeded: true, used: 1 })
})

test('it agrees with a model that remembers everything (property)', () => {
  const gaps = fc.array(fc.nat(3000), { maxLength: 60 })
  fc.assert(
    fc.property(fc.nat(10), fc.integer({ min: 1, max: 6000 }), gaps, (maxRestarts, periodMs, gaps) => {
      const intensity = new RestartIntensity(maxRestarts, periodMs)
      const all: number[] = []
      let now = 0
      for (const gap of gaps) {
        now += gap
        all.push(now)
        const within = all.filter((at) => now - at < periodMs).length
        expect(intensity.add(now)).toEqual({
          exceeded: within > maxRestarts,
          used: maxRestarts === 0 ? 1 : Math.min(1, within / maxRestarts),
        })
        expect(intensity.count(now)).toBe(within)
      }
    }),
  )
})
