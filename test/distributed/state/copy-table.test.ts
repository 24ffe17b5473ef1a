// The copies of states on one node: what is let in, what a sweep drops, and where copies belong.
import { describe, expect, test } from 'vitest'
import { uniform } from '#distributed'
import { copyHolders } from '#src/distributed/state/copy-holders.ts'
import { CopyTable, type Standing } from '#src/distributed/state/copy-table.ts'
import type { Fence, StoredState } from '#src/distributed/state/fence.ts'

const fence = (gen: number, epoch: number, owner = 'a.1'): Fence => ({ gen, founder: 'a.1', epoch, owner })
const state = (of: Fence, seq: number): StoredState => ({ fence: of, seq, version: 0, bytes: Buffer.from(`${of.owner} ${seq}`) })

function tableOf(standing?: Standing): CopyTable {
  return new CopyTable(() => standing)
}

describe('a copy table', () => {
  test('takes later writes of one token, and keeps the later one when they cross', () => {
    const table = tableOf()
    table.write('k', state(fence(1, 1), 2))
    expect(table.write('k', state(fence(1, 1), 1))).toBeUndefined()
    expect(table.read('k', fence(1, 1))?.seq).toBe(2)
  })

  test('refuses a write under a lesser token, and says which is greater', () => {
    const table = tableOf()
    table.raise('k', fence(1, 2, 'b.1'))
    expect(table.write('k', state(fence(1, 1), 9))).toEqual(fence(1, 2, 'b.1'))
    expect(table.read('k', fence(1, 1))).toBeUndefined()
  })

  test.for([
    ['the birth is over', { gen: 1, epoch: 1, owner: 'a.1', ended: true }],
    ['there is a later birth', { gen: 2, epoch: 1, owner: 'b.1', ended: false }],
    ['another has a higher epoch', { gen: 1, epoch: 2, owner: 'b.1', ended: false }],
  ] as const)('refuses a write where the directory says: %s', ([, standing]) => {
    expect(tableOf(standing).write('k', state(fence(1, 1), 1))).toEqual({ founder: standing.owner, ...standing })
  })

  test('drops a state by the word of an owner who has it elsewhere, but not a newer one', () => {
    const table = tableOf()
    table.write('k', state(fence(1, 2, 'b.1'), 5))
    table.drop('k', fence(1, 1), 9)
    table.drop('k', fence(1, 2, 'b.1'), 4)
    expect(table.read('k', fence(1, 1))?.seq).toBe(5)
    table.drop('k', fence(1, 2, 'b.1'), 5)
    expect(table.read('k', fence(1, 1))).toBeUndefined()
  })

  test('keeps the states of two births, and lets the earlier one be written only over the later one’s token', () => {
    const table = tableOf()
    table.write('k', state(fence(1, 1), 1))
    table.write('k', state(fence(4, 1, 'b.1'), 1))
    expect(table.write('k', state(fence(1, 1), 2))).toEqual(fence(4, 1, 'b.1'))
    expect(table.write('k', state({ ...fence(1, 1), over: 4 }, 2))).toBeUndefined()
    expect(table.write('k', state(fence(4, 1, 'b.1'), 2))).toBeUndefined()
    expect([table.read('k', fence(1, 1))?.seq, table.read('k', fence(4, 1))?.seq]).toEqual([2, 2])
  })

  test('lets no token pass over a later birth, or an end, that the directory knows', () => {
    expect(tableOf({ gen: 4, epoch: 1, owner: 'b.1', ended: false }).raise('k', { ...fence(1, 1), over: 9 })).toMatchObject({ gen: 4 })
    expect(tableOf({ gen: 1, epoch: 1, owner: 'b.1', ended: true }).raise('k', { ...fence(1, 7), over: 9 })).toMatchObject({ gen: 1 })
  })

  test('forgets a birth and those before it', () => {
    const table = tableOf()
    table.write('k', state(fence(2, 1), 1))
    table.forget('k', 1)
    expect(table.size).toBe(1)
    table.forget('k', 2)
    expect(table.size).toBe(0)
  })

  test('sweeps away what is of births that are over, in slices, and nothing of those that live', () => {
    const standings = new Map<string, Standing>()
    const table = new CopyTable((key) => standings.get(key))
    for (let i = 0; i < 10; i++) table.write(`k${i}`, state(fence(1, 1), 1))
    for (let i = 0; i < 5; i++) standings.set(`k${i}`, { gen: 1, epoch: 1, owner: 'a.1', ended: true })
    // Its next owner may not have asked for it yet.
    standings.set('k5', { gen: 1, epoch: 2, owner: 'b.1', ended: false })
    standings.set('k6', { gen: 2, epoch: 1, owner: 'b.1', ended: false })
    table.sweep(3)
    expect(table.size).toBe(7)
    table.sweep(100)
    expect([...table.states()].map(([key]) => key)).toEqual(['k5', 'k7', 'k8', 'k9'])
  })

  test('sweeps away a token without a state once the directory knows it', () => {
    const standings = new Map<string, Standing>()
    const table = new CopyTable((key) => standings.get(key))
    table.raise('k', fence(1, 2))
    table.sweep(10)
    expect(table.size).toBe(1)
    standings.set('k', { gen: 1, epoch: 2, owner: 'a.1', ended: false })
    table.sweep(10)
    table.sweep(10)
    expect(table.size).toBe(0)
  })
})

describe('copies belong', () => {
  const nodes = ['a.1', 'b.1', 'c.1', 'd.1']
  const nowhere = () => ''

  test('where the name would fall if its owner were gone, the next one first', () => {
    for (let i = 0; i < 100; i++) {
      const key = `lot-${i}`
      const heirAmong = (left: readonly string[]) => uniform.chooseNode(key, left, 1)
      const owner = heirAmong(nodes) as string
      const holders = copyHolders(owner, nodes, 2, heirAmong, nowhere)
      const rest = nodes.filter((id) => id !== owner)
      expect(holders[0]).toBe(heirAmong(rest))
      expect(holders).toHaveLength(2)
      expect(new Set([...holders, owner]).size).toBe(3)
    }
  })

  test('on all others, where there are no more', () => {
    const first = (left: readonly string[]) => left[0]
    expect(copyHolders('a.1', ['a.1', 'b.1'], 3, first, nowhere)).toEqual(['b.1'])
    expect(copyHolders('a.1', ['a.1'], 3, first, nowhere)).toEqual([])
  })

  test.each([1, 2, 3])('%i of them in another zone at least by one, where there is one, and no more than has to be', (count) => {
    const zoneOf = (id: string) => (id === 'd.1' ? 'west' : 'east')
    for (let i = 0; i < 100; i++) {
      const heirAmong = (left: readonly string[]) => uniform.chooseNode(`lot-${i}`, left, 1)
      const holders = copyHolders('a.1', nodes, count, heirAmong, zoneOf)
      expect(holders).toHaveLength(count)
      expect(holders).toContain('d.1')
      expect(copyHolders('a.1', ['a.1', 'b.1', 'c.1'], count, heirAmong, zoneOf)).toHaveLength(Math.min(count, 2))
    }
  })
})
