// A chain through its members, against the list it stands for.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Chain, type Member } from '#base'

class Bead implements Member<Bead> {
  earlier: Bead | undefined
  later: Bead | undefined
}

test('holds its members in the order in which they joined, whoever leaves', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat({ max: 9 }), { nil: undefined }), { maxLength: 40 }), (steps) => {
      const chain = new Chain<Bead>()
      const list: Bead[] = []
      for (const leaves of steps) {
        const leaver = leaves === undefined ? undefined : list[leaves]
        if (leaver === undefined) {
          const bead = new Bead()
          chain.join(bead)
          list.push(bead)
        } else {
          chain.leave(leaver)
          list.splice(list.indexOf(leaver), 1)
          expect([leaver.earlier, leaver.later]).toEqual([undefined, undefined])
        }
        expect([...chain]).toEqual(list)
        expect(chain.first).toBe(list[0])
      }
    }),
  )
})

test('goes on to the rest when a member leaves while it is looked at', () => {
  const chain = new Chain<Bead>()
  const beads = [new Bead(), new Bead(), new Bead()]
  for (const bead of beads) chain.join(bead)
  const seen: Bead[] = []
  for (const bead of chain) {
    seen.push(bead)
    chain.leave(bead)
  }
  expect(seen).toEqual(beads)
  expect(chain.first).toBeUndefined()
})
