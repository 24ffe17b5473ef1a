// The children of a supervisor against the model they are faster than: a map of ids, which keeps its own order.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AnyBehaviour, genServer } from '#otp'
import { Child } from '#src/otp/child.ts'
import { Children } from '#src/otp/children.ts'

const behaviour: AnyBehaviour = genServer({ name: 'idle', init: () => 0 })
const parent = { path: 'root', self: undefined as never }
const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const steps = fc.array(fc.record({ id: ids, act: fc.constantFrom('add', 'delete', 'delete another of that id') }), { maxLength: 40 })

const hashes = { 'each hash is its own': undefined, 'all hashes meet': () => 7, 'some hashes meet': (id: string) => id.charCodeAt(0) % 2 }

test.each(Object.entries(hashes))('finds, keeps in start order and forgets what a map of ids would: %s', (_name, hash) => {
  fc.assert(
    fc.property(steps, (all) => {
      const children = new Children(hash)
      const model = new Map<string, Child>()
      for (const { id, act } of all) {
        const present = model.get(id)
        const child = new Child({ id, start: [behaviour] }, parent)
        if (act === 'add' && present === undefined) {
          children.add(child)
          model.set(id, child)
        } else if (act === 'delete' && present !== undefined) {
          children.delete(present)
          model.delete(id)
        } else {
          children.delete(child)
        }
        expect([...children]).toEqual([...model.values()])
        expect(children.size).toBe(model.size)
        for (const each of ['a', 'b', 'c', 'd', 'e', 'f']) expect(children.get(each)).toBe(model.get(each))
      }
    }),
  )
})

test('takes ids whose hashes meet for what they are, and begins anew when it is cleared', () => {
  const children = new Children(() => 7)
  const [one, other] = ['one', 'other'].map((id) => new Child({ id, start: [behaviour] }, parent)) as [Child, Child]
  children.add(one)
  children.add(other)
  children.clear()
  expect([children.size, children.get('one'), [...children]]).toEqual([0, undefined, []])
  children.add(new Child({ id: 'one', start: [behaviour] }, parent))
  expect(children.size).toBe(1)
})
