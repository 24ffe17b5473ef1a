// The index of names says the same as a walk through the directory, whatever is written, ended, moved or overwritten.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Pid } from '#otp-labs'
import { Directory } from '#src/distributed/directory/directory.ts'
import { NameIndex } from '#src/distributed/directory/name-index.ts'
import type { Claim } from '#src/distributed/directory/record.ts'

const nodes = ['a.1', 'b.1']
const serials = [0, 1, 2]
const claims: fc.Arbitrary<Claim> = fc.record({
  key: fc.constantFrom('k', 'l', 'm', 'n'),
  gen: fc.integer({ min: 1, max: 4 }),
  ended: fc.boolean(),
  epoch: fc.integer({ min: 1, max: 3 }),
  claimedAt: fc.constant(1),
  owner: fc.constantFrom(...nodes),
  serial: fc.constantFrom(...serials),
  behaviour: fc.constant('lot'),
  child: fc.constant(undefined),
})

test('names of each process and counts of each node', () => {
  fc.assert(
    fc.property(fc.array(claims, { maxLength: 40 }), (writes) => {
      const directory = new Directory('a.1')
      const index = new NameIndex()
      directory.onChanged((winner, previous) => index.changed(winner, previous))
      for (const claim of writes) directory.write(claim)
      const up = [...directory.records()].filter(({ ended, serial }) => !ended && serial !== 0)
      for (const node of nodes) {
        expect(index.count(node)).toBe(up.filter(({ owner }) => owner === node).length)
        for (const serial of serials) {
          const expected = up.filter((record) => record.owner === node && record.serial === serial).map(({ key }) => key)
          expect(index.keysOf(new Pid(node, serial)).toSorted()).toEqual(expected.toSorted())
        }
      }
    }),
  )
})
