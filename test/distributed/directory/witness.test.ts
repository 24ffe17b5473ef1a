// A node that asked for a start sees for itself whether the record has come.
import { expect, test } from 'vitest'
import { Directory } from '#distributed'
import type { Claim } from '#src/distributed/directory/record.ts'
import { Witness } from '#src/distributed/directory/witness.ts'
import { FakeClock } from '#test/support/fake-clock.ts'

const claim = (changes: Partial<Claim> = {}): Claim => ({
  key: 'x',
  gen: 5,
  ended: false,
  epoch: 1,
  claimedAt: 1,
  owner: 'b.1',
  serial: 7,
  behaviour: 'lot',
  child: undefined,
  ...changes,
})

function witness() {
  const directory = new Directory('a.1')
  const clock = new FakeClock()
  const settled: boolean[] = []
  const here = new Witness(directory, clock, 5000)
  const ask = (gen = 5) => void here.has('x', gen).then((isHere) => settled.push(isHere))
  return { directory, clock, settled, ask }
}

test('a record that is here is seen at once, and so is a later birth of the name, even one that has ended', async () => {
  for (const present of [claim(), claim({ gen: 6 }), claim({ gen: 6, ended: true })]) {
    const { directory, clock, settled, ask } = witness()
    directory.mergeLoose([{ ...present, writer: 'b.1', version: 1 }])
    ask()
    await clock.advance(0)
    expect(settled).toEqual([true])
    expect(clock.pending).toBe(0)
  }
})

test('one that is on its way is waited for, and others do not count', async () => {
  const { directory, clock, settled, ask } = witness()
  ask()
  ask()
  directory.mergeLoose([
    { ...claim({ gen: 4 }), writer: 'b.1', version: 1 },
    { ...claim({ key: 'y' }), writer: 'b.1', version: 2 },
  ])
  await clock.advance(1000)
  expect(settled).toEqual([])
  directory.mergeLoose([{ ...claim(), writer: 'b.1', version: 3 }])
  await clock.advance(0)
  expect(settled).toEqual([true, true])
  expect(clock.pending).toBe(0)
})

test('one that does not come in time is not here, however late it comes', async () => {
  const { directory, clock, settled, ask } = witness()
  ask()
  await clock.advance(4999)
  expect(settled).toEqual([])
  await clock.advance(1)
  expect(settled).toEqual([false])
  directory.mergeLoose([{ ...claim(), writer: 'b.1', version: 3 }])
  await clock.advance(0)
  expect(settled).toEqual([false])
})
