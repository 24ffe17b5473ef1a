// What a rebalance moves: what placement says, once, and never for little, for nobody, or back and forth.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { uniform } from '#distributed'
import { REBALANCE, type RebalanceView, rebalancePlan } from '#src/distributed/children/rebalance-plan.ts'
import type { DirectoryRecord } from '#src/distributed/directory/record.ts'

const NOW = 1_000_000_000
const cluster = (size: number) => Array.from({ length: size }, (_, i) => `n${i}.abc${i}`)

function child(key: string, owner: string, changes: Partial<DirectoryRecord> = {}): DirectoryRecord {
  return {
    key,
    gen: 1,
    ended: false,
    epoch: 1,
    claimedAt: NOW - 3_600_000,
    owner,
    serial: 7,
    behaviour: 'lot',
    child: { argument: undefined, restart: 'permanent', shutdown: undefined },
    writer: owner,
    version: 1,
    ...changes,
  }
}

const place = (record: DirectoryRecord, members: readonly string[]) => uniform.chooseNode(record.key, members, record.gen)

function view(members: readonly string[], changes: Partial<RebalanceView> = {}): RebalanceView {
  return {
    mode: 'active',
    settings: REBALANCE,
    now: NOW,
    isSettled: true,
    members,
    standing: (owner) => (members.includes(owner) ? 'member' : 'away'),
    place: (record) => place(record, members),
    canMove: () => true,
    ...changes,
  }
}

/** Children where they were placed by those members. */
const placed = (count: number, members: readonly string[]) =>
  Array.from({ length: count }, (_, i) => {
    const record = child(`lot-${i}`, '')
    return { ...record, owner: place(record, members) as string }
  })

const moving = (records: readonly DirectoryRecord[], seen: RebalanceView) =>
  rebalancePlan(records, seen).moves.filter(({ held }) => held === undefined)

/** The records when the moves have been made. */
function moved(records: readonly DirectoryRecord[], moves: ReturnType<typeof moving>, now: number): DirectoryRecord[] {
  const to = new Map(moves.map((move) => [move.key, move.to]))
  return records.map((record) => {
    const owner = to.get(record.key)
    return owner === undefined ? record : { ...record, owner, epoch: record.epoch + 1, claimedAt: now }
  })
}

const wasMoved = (before: readonly DirectoryRecord[], after: readonly DirectoryRecord[], key: string) =>
  before.find((one) => one.key === key)?.owner !== after.find((one) => one.key === key)?.owner

const someCluster = fc.integer({ min: 1, max: 8 }).map(cluster)
const someRecords = (ids: readonly string[]) =>
  fc.array(
    fc.record({
      owner: fc.constantFrom(...ids),
      epoch: fc.integer({ min: 1, max: 3 }),
      age: fc.integer({ min: 0, max: 120_000 }),
      serial: fc.constantFrom(0, 7, 8),
      ended: fc.boolean(),
    }),
    { maxLength: 80 },
  )
const someWorld = someCluster.chain((ids) =>
  fc.record({ ids: fc.constant(ids), members: fc.subarray([...ids], { minLength: 1 }), wild: someRecords(ids) }),
)
const recordsOf = (wild: readonly { owner: string; epoch: number; age: number; serial: number; ended: boolean }[]) =>
  wild.map(({ owner, epoch, age, serial, ended }, i) => child(`lot-${i}`, owner, { epoch, serial, ended, claimedAt: NOW - age }))

describe('whatever there is', () => {
  test('a child moves at most once, from where it is to where it belongs, and to nobody who may not have it', () => {
    fc.assert(
      fc.property(someWorld, ({ members, wild }) => {
        const records = recordsOf(wild)
        const { moves } = rebalancePlan(records, view(members))
        expect(new Set(moves.map(({ key }) => key)).size).toBe(moves.length)
        for (const { key, from, to } of moves) {
          const record = records.find((one) => one.key === key) as DirectoryRecord
          expect([from, to]).toEqual([record.owner, place(record, members)])
          expect(from).not.toBe(to)
          expect(members).toContain(to)
          expect([record.ended, record.serial === 0]).toEqual([false, false])
        }
      }),
    )
  })

  test('when the plan has been carried out there is nothing more to move', () => {
    fc.assert(
      fc.property(someWorld, ({ members, wild }) => {
        const records = recordsOf(wild)
        const after = moved(records, moving(records, view(members)), NOW)
        expect(moving(after, view(members))).toEqual([])
        expect(
          moving(after, view(members, { now: NOW + REBALANCE.coolDownMs })).filter(({ key }) => wasMoved(records, after, key)),
        ).toEqual([])
      }),
    )
  })

  test('when nothing was held back, everybody has what placement says', () => {
    fc.assert(
      fc.property(someWorld, ({ members, wild }) => {
        const records = recordsOf(wild.map((one) => ({ ...one, epoch: 1, serial: 7 })))
        const settings = { ...REBALANCE, threshold: 0 }
        const after = moved(records, moving(records, view(members, { settings })), NOW)
        expect(rebalancePlan(after, view(members)).deviation).toBe(0)
      }),
    )
  })

  test('the order in which records and members are listed does not matter: all nodes make the same plan', () => {
    fc.assert(
      fc.property(someWorld, ({ members, wild }) => {
        const records = recordsOf(wild)
        const inOrder = (moves: ReturnType<typeof moving>) => moves.map(({ key, to }) => `${key} ${to}`).toSorted()
        expect(inOrder(moving(records.toReversed(), view(members.toReversed())))).toEqual(inOrder(moving(records, view(members))))
      }),
    )
  })

  test('nothing moves while nodes come and go, nor in the passive mode', () => {
    fc.assert(
      fc.property(someWorld, ({ members, wild }) => {
        const records = recordsOf(wild)
        expect(moving(records, view(members, { isSettled: false }))).toEqual([])
        expect(moving(records, view(members, { mode: 'passive' }))).toEqual([])
      }),
    )
  })
})

describe('over time', () => {
  /** Members at each look, one look every 15 s. */
  const someHistory = fc.array(fc.subarray(cluster(5), { minLength: 1 }), { minLength: 2, maxLength: 40 })

  test('no child is moved twice within its cool-down, however nodes come and go', () => {
    fc.assert(
      fc.property(someHistory, (history) => {
        let records = placed(60, history[0] as string[])
        const lastMove = new Map<string, number>()
        for (const [step, members] of history.entries()) {
          const now = NOW + step * 15_000
          // What lived on a node that is gone is taken over, which is a move as well.
          records = records.map((record) =>
            members.includes(record.owner)
              ? record
              : { ...record, owner: place(record, members) as string, epoch: record.epoch + 1, claimedAt: now },
          )
          for (const record of records) if (record.claimedAt === now) lastMove.set(record.key, now)
          const moves = moving(records, view(members, { now }))
          for (const { key } of moves) {
            expect(now - (lastMove.get(key) ?? 0)).toBeGreaterThanOrEqual(REBALANCE.coolDownMs)
            lastMove.set(key, now)
          }
          records = moved(records, moves, now)
        }
      }),
    )
  })

  test('a node that comes and goes every 30 s brings no moves but those when it dies', () => {
    const [all, rest] = [cluster(4), cluster(3)]
    let records = placed(400, rest)
    let moves = 0
    for (let step = 1; step <= 40; step++) {
      const now = NOW + step * 30_000
      const members = step % 2 === 0 ? rest : all
      records = records.map((record) =>
        members.includes(record.owner)
          ? record
          : { ...record, owner: place(record, members) as string, epoch: record.epoch + 1, claimedAt: now },
      )
      const due = moving(records, view(members, { now }))
      moves += due.length
      records = moved(records, due, now)
    }
    // About a hundred children belong there: each goes there at most every second time that it comes.
    expect(moves).toBeGreaterThan(0)
    expect(moves).toBeLessThanOrEqual(10 * 130)
  })

  test('says when the first of those that are cooling may move', () => {
    const [all, rest] = [cluster(2), cluster(1)]
    const records = placed(100, rest).map((record, i) => ({ ...record, epoch: 2, claimedAt: NOW - 1000 * (i % 30) }))
    const { moves, cooledAt } = rebalancePlan(records, view(all))
    expect(new Set(moves.map(({ held }) => held))).toEqual(new Set(['cooling']))
    const oldest = Math.min(...moves.map(({ key }) => records.find((record) => record.key === key)?.claimedAt ?? 0))
    expect(cooledAt).toBe(oldest + REBALANCE.coolDownMs)
    expect(moving(records, view(all, { now: (cooledAt as number) - 1 }))).toEqual([])
    expect(moving(records, view(all, { now: cooledAt as number })).length).toBeGreaterThan(0)
  })
})

describe('a node that comes', () => {
  test('is given its share, from all the others, and nothing moves among those', () => {
    for (const size of [1, 2, 10, 30]) {
      const [all, rest] = [cluster(size + 1), cluster(size)]
      const moves = moving(placed(100 * size, rest), view(all))
      expect(new Set(moves.map(({ to }) => to))).toEqual(new Set([all[size]]))
      expect(new Set(moves.map(({ from }) => from)).size).toBeGreaterThan(0.8 * size)
      expect(Math.abs(moves.length / ((100 * size) / (size + 1)) - 1)).toBeLessThan(0.5)
    }
  })

  test('is left alone as long as no node is far from its share', () => {
    const members = cluster(3)
    const records = placed(300, members)
    const [first, ...rest] = records as [DirectoryRecord, ...DirectoryRecord[]]
    const elsewhere = members.find((id) => id !== first.owner) as string
    const { moves, deviation } = rebalancePlan([{ ...first, owner: elsewhere }, ...rest], view(members))
    expect(moves).toMatchObject([{ key: 'lot-0', from: elsewhere, to: first.owner, reason: 'placement', held: 'balanced' }])
    expect(deviation).toBeCloseTo(0.01)
  })
})

test('children of who is no member any more move in any mode, at once and for whatever number, but not while nodes come and go', () => {
  const members = cluster(2)
  const standing = (owner: string) => (members.includes(owner) ? 'member' : 'excluded')
  const records = [...placed(100, members), child('other', 'n9.x', { epoch: 2, claimedAt: NOW })]
  const seen = (changes: Partial<RebalanceView>) => moving(records, view(members, { standing, mode: 'passive', ...changes }))
  expect(seen({})).toMatchObject([{ key: 'other', from: 'n9.x', reason: 'not_a_member' }])
  expect(seen({ isSettled: false })).toEqual([])
})

test('what is never started twice stays', () => {
  const records = placed(50, cluster(1)).map((record) => ({ ...record, behaviour: 'once' }))
  const { moves } = rebalancePlan(records, view(cluster(2), { canMove: ({ behaviour }) => behaviour !== 'once' }))
  expect(new Set(moves.map(({ held }) => held))).toEqual(new Set(['not_movable']))
})
