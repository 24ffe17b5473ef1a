// Calls to an engine wait their turn, and none is forgotten.
import { expect, test } from 'vitest'
import { InFlight } from '#src/distributed/state/in-flight.ts'

test('so many calls run at a time, the others in the order in which they came, also when one fails', async () => {
  const inFlight = new InFlight(2)
  const begun: number[] = []
  const ends: PromiseWithResolvers<void>[] = []
  const calls = [0, 1, 2, 3].map((index) => {
    const end = Promise.withResolvers<void>()
    ends.push(end)
    return inFlight.run(() => {
      begun.push(index)
      return end.promise
    })
  })
  expect(begun).toEqual([0, 1])
  ends[1]?.reject(new Error('no answer'))
  await expect(calls[1]).rejects.toThrow('no answer')
  await Promise.resolve()
  expect(begun).toEqual([0, 1, 2])
  // Whoever comes now comes last.
  const late = inFlight.run(async () => begun.push(4))
  for (const { resolve } of ends) resolve()
  await Promise.all([calls[0], calls[2], calls[3], late])
  expect(begun).toEqual([0, 1, 2, 3, 4])
})
