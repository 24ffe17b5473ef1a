// A crash storm: as many as were asked for, at the rate that was asked for.
import { expect, test } from 'vitest'
import { StormMaker } from '#src/auctions/chaos/storm.ts'
import { FakeClock } from '#test/support/fake-clock.ts'

function maker() {
  const clock = new FakeClock()
  const seen = { crashes: 0 }
  const storms = new StormMaker(clock, () => {
    seen.crashes++
  })
  return { clock, seen, storms }
}

test.for([
  [50, 20],
  [7, 1],
  [500, 1000],
] as const)('%i crashes at %i a second', async ([crashes, perSecond]) => {
  const { clock, seen, storms } = maker()
  storms.start({ times: crashes, perSecond })
  const lastsMs = (crashes * 1000) / perSecond
  await clock.advance(lastsMs / 2)
  expect(seen.crashes).toBeGreaterThanOrEqual(Math.floor(crashes / 2) - 10)
  expect(seen.crashes).toBeLessThanOrEqual(Math.ceil(crashes / 2))
  await clock.advance(lastsMs / 2 + 100)
  expect(seen.crashes).toBe(crashes)
  expect(storms.isUnderWay).toBe(false)
  expect(clock.pending).toBe(0)
})

test('a second one is not begun while the first is under way, and may follow it', async () => {
  const { clock, seen, storms } = maker()
  expect(storms.start({ times: 2, perSecond: 10 })).toBe(true)
  expect(storms.start({ times: 2, perSecond: 10 })).toBe(false)
  await clock.advance(300)
  expect(storms.start({ times: 2, perSecond: 10 })).toBe(true)
  await clock.advance(300)
  expect(seen.crashes).toBe(4)
})

test('stopped, it ends at once', async () => {
  const { clock, seen, storms } = maker()
  storms.start({ times: 100, perSecond: 10 })
  await clock.advance(550)
  storms.stop()
  await clock.advance(10_000)
  expect([seen.crashes, storms.isUnderWay, clock.pending]).toEqual([5, false, 0])
})
