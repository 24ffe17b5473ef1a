// What a fault cost, read from histories told by hand: takeovers, and bids served after their lot was lost.
import { expect, test } from 'vitest'
import { type Entry, type History, type Note, parseEntries } from './history.ts'
import { staleBids } from './ownership.ts'
import { entry } from './story.ts'
import { takeoverOf } from './takeover.ts'

function history(node: string, entries: readonly Entry[], more: Partial<History> = {}): History {
  return { node, entries, endedAt: undefined, pauses: [], ...more }
}

const begin = (at: number, lot: string, life: string) => entry(at, { kind: 'begin', lot, life })
const event = (at: number, type: string, data: Record<string, unknown>) => entry(at, { kind: 'event', type, data })
const view = (at: number, live: number) => entry(at, { kind: 'view', live })

const survivor = [
  begin(1, 'x', 'n1.a.1'),
  event(50, 'cluster.link_down', { peer: 'n2.b' }),
  event(102, 'cluster.link_down', { peer: 'n3.c' }),
  event(104, 'cluster.member_changed', { name: 'n3', change: 'suspect' }),
  event(105, 'cluster.member_changed', { name: 'n3', change: 'down' }),
  view(99, 2),
  view(105, 1),
  view(121, 3),
  begin(110, 'y', 'n1.a.2'),
]
const other = [view(106, 1), view(130, 3), begin(120, 'z', 'n2.b.1')]
const killed = history('n3', [begin(2, 'y', 'n3.c.1'), begin(3, 'z', 'n3.c.2')], { endedAt: 100 })

test('a takeover is counted from the fault: closed, down, the last child living, the last survivor who sees all', () => {
  expect(takeoverOf([history('n1', survivor), history('n2', other), killed], 'n3', 100, 3)).toEqual({
    lots: 2,
    closedAfterMs: 2,
    downAfterMs: 5,
    livingAfterMs: 20,
    seenAfterMs: 30,
  })
})

test('what has not happened has no time: a lot that nobody took, a survivor who does not see all, a link that nobody saw close', () => {
  const [, ...unlinked] = survivor.filter(({ kind }) => kind !== 'event')
  expect(takeoverOf([history('n1', unlinked), history('n2', [view(106, 1)]), killed], 'n3', 100, 3)).toEqual({
    lots: 2,
    closedAfterMs: undefined,
    downAfterMs: undefined,
    livingAfterMs: undefined,
    seenAfterMs: undefined,
  })
})

test('a bid is stale if another node had a younger life of its lot when it was taken, and only then', () => {
  const bid = (at: number, life: string, name: string) => entry(at, { kind: 'bid', lot: 'x', life, bid: name, number: 1 })
  const resumed = history('n3', [
    begin(1, 'x', 'n3.c.1'),
    bid(10, 'n3.c.1', 'before'),
    bid(50, 'n3.c.1', 'stale'),
    bid(51, 'n3.c.1', 'too'),
  ])
  const taker = history('n1', [begin(20, 'x', 'n1.a.1'), bid(60, 'n1.a.1', 'right')])
  expect(staleBids([resumed, taker], 0).map((stale) => [stale.bid, stale.life.life, stale.younger.life])).toEqual([
    ['stale', 'n3.c.1', 'n1.a.1'],
    ['too', 'n3.c.1', 'n1.a.1'],
  ])
  expect(staleBids([resumed, taker], 51).map((stale) => stale.bid)).toEqual(['too'])
})

test('a line that a kill cut off is left out', () => {
  const note: Note = { kind: 'view', live: 7 }
  const line = JSON.stringify(entry(5, note))
  expect(parseEntries(`${line}\n${line}\n${line.slice(0, 20)}`)).toEqual([entry(5, note), entry(5, note)])
  expect(parseEntries('')).toEqual([])
  expect(parseEntries('{"at":1')).toEqual([])
})
