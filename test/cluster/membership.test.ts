// Membership: who is up, suspect, leaving, down or left in one node's view, and how it comes to know.
import { beforeEach, describe, expect, test } from 'vitest'
import { type Change, DEFAULT_TIMES, type GossipEntry, Membership } from '#src/cluster/membership.ts'

const HOUR = 3600_000
let view: Membership
const said = (changes: readonly Change[]) => changes.map(({ member, change, cause }) => `${member.name} ${change} ${cause}`)
const hear = (now: number, ...entries: GossipEntry[]) => said(view.heard(entries, now, 'b.10').changes)
const b = (heartbeat: number, ageMs = 0, flags = 0): GossipEntry => ['b.10', heartbeat, ageMs, flags]
const c = (heartbeat: number, ageMs = 0, flags = 0): GossipEntry => ['c.10', heartbeat, ageMs, flags]
/** Beats each second from one moment to another, hearing nothing. */
function silence(from: number, to: number): string[] {
  const changes: string[] = []
  for (let now = from; now <= to; now += 1000) changes.push(...said(view.tick(now).changes))
  return changes
}

beforeEach(() => {
  view = new Membership('a.10', 0, DEFAULT_TIMES)
})

describe('heartbeats', () => {
  test('a member is up when it is heard of, from whomever', () => {
    expect(hear(0, b(1), c(1))).toEqual(['b join gossip', 'c join gossip'])
    expect(hear(1000, c(2))).toEqual([])
  })

  test('a member that is silent is suspect after 2 s and down after 5 s', () => {
    hear(0, b(1))
    expect(silence(1000, 4000)).toEqual(['b suspect heartbeat'])
    expect(silence(5000, 6000)).toEqual(['b down heartbeat'])
    expect(view.isAlive('b.10', 6000)).toBe(false)
  })

  test('a suspect that is heard again is a refute', () => {
    hear(0, b(1))
    silence(1000, 3000)
    expect(hear(3100, b(2))).toEqual(['b refute gossip'])
  })

  test('news that is old is as old as it says: a member nobody has heard from does not live on gossip', () => {
    hear(0, b(1), c(1))
    expect(silence(1000, 4000)).toContain('b suspect heartbeat')
    expect(hear(4900, c(5), b(1, 4900))).toEqual(['c refute gossip'])
    expect(silence(5000, 5000)).toEqual(['b down heartbeat'])
  })

  test('a down member whose heartbeat grows again joins again', () => {
    hear(0, b(1))
    silence(1000, 6000)
    expect(hear(7000, b(8))).toEqual(['b join gossip'])
  })

  test('an older heartbeat proves nothing', () => {
    hear(0, b(9))
    silence(1000, 6000)
    expect(hear(6500, b(3))).toEqual([])
  })

  test('when time stood still for this node, nobody is judged by the gap', () => {
    hear(900, b(1), c(1))
    view.tick(1000)
    const { changes, gapMs } = view.tick(31_000)
    expect(gapMs).toBe(30_000)
    expect(said(changes)).toEqual([])
    expect(view.isAlive('b.10', 31_000)).toBe(true)
  })
})

describe('leaving', () => {
  test('a leaving member is alive; one that left is not, for ever', () => {
    hear(0, b(1))
    expect(hear(100, b(2, 0, 1))).toEqual(['b leave left'])
    expect(view.isAlive('b.10', 200)).toBe(true)
    expect(hear(300, b(3, 0, 2))).toEqual(['b leave left'])
    expect(view.isAlive('b.10', 400)).toBe(false)
    expect(hear(500, b(4))).toEqual([])
    expect(view.isAlive('b.10', 600)).toBe(false)
  })

  test('who had left before is no news to a node that comes', () => {
    expect(hear(0, b(7, 100, 2))).toEqual([])
  })

  test('gossip says of this node what it does', () => {
    expect(view.gossip(0)).toEqual([['a.10', 0, 0, 0]])
    view.leaving = true
    expect(view.gossip(0)).toEqual([['a.10', 0, 0, 1]])
  })
})

describe('incarnations', () => {
  test('a later life makes the earlier one down at once', () => {
    hear(0, b(5))
    expect(hear(100, ['b.11', 0, 0, 0])).toEqual(['b down superseded', 'b join gossip'])
    expect(view.isSuperseded('b.10')).toBe(true)
  })

  test('an earlier life that is heard of later does not come back', () => {
    hear(0, ['b.11', 1, 0, 0])
    expect(hear(100, b(99))).toEqual([])
    expect(view.isAlive('b.10', 100)).toBe(false)
  })

  test('a later life of its own name tells a node that it has been superseded', () => {
    expect(view.supersededBy()).toBeUndefined()
    hear(0, ['a.9', 1, 0, 0])
    expect(view.supersededBy()).toBeUndefined()
    hear(0, ['a.zz', 1, 0, 0])
    expect(view.supersededBy()).toBe('a.zz')
  })
})

describe('unanimous refusal', () => {
  beforeEach(() => {
    hear(0, b(5), c(5))
  })

  test('a member whom every live node, this one included, is refused by is down at once', () => {
    expect(said(view.refused('c.10', 'b.10', 5, 100).changes)).toEqual([])
    expect(said(view.refused('c.10', 'a.10', 5, 100).changes)).toEqual(['c down refused'])
    expect(view.isAlive('c.10', 100)).toBe(false)
  })

  test('one dissenting peer keeps it alive', () => {
    expect(said(view.refused('c.10', 'a.10', 5, 100).changes)).toEqual([])
    expect(view.isAlive('c.10', 100)).toBe(true)
  })

  test('a refusal at an older heartbeat than is known does not count, and is worth another look', () => {
    view.refused('c.10', 'a.10', 5, 100)
    const { probe } = view.heard([c(6)], 200, 'b.10')
    expect(probe.map(({ name }) => name)).toEqual(['c'])
    expect(said(view.refused('c.10', 'b.10', 5, 300).changes)).toEqual([])
    view.refused('c.10', 'b.10', 6, 400)
    expect(said(view.refused('c.10', 'a.10', 6, 400).changes)).toEqual(['c down refused'])
  })

  test("a peer's report is news to who has not looked itself", () => {
    expect(view.refused('c.10', 'b.10', 5, 100).isNewsToMe).toBe(true)
    view.refused('c.10', 'a.10', 5, 100)
    expect(view.refused('c.10', 'b.10', 5, 100).isNewsToMe).toBe(false)
  })

  test('a younger heartbeat, or a link, brings it back', () => {
    view.refused('c.10', 'b.10', 5, 100)
    view.refused('c.10', 'a.10', 5, 100)
    expect(hear(200, c(6))).toEqual(['c join gossip'])
    view.refused('c.10', 'b.10', 6, 300)
    view.refused('c.10', 'a.10', 6, 300)
    expect(said(view.linked('c.10', 'c:1', 400))).toEqual(['c join link'])
  })
})

describe('a lease', () => {
  test('that a member has not is known by its youngest heartbeat, and passed on', () => {
    hear(0, b(1))
    expect(view.member('b.10')?.leaseless).toBe(false)
    expect(hear(100, b(2, 0, 8))).toEqual([])
    expect(view.member('b.10')).toMatchObject({ status: 'up', leaseless: true, draining: false })
    expect(view.gossip(100)).toContainEqual(['b.10', 2, 0, 8])
    hear(200, b(4))
    hear(300, b(3, 0, 8))
    expect(view.member('b.10')?.leaseless).toBe(false)
  })

  test('is told with a beat of its own', () => {
    view.lease(true)
    expect(view.beat()).toEqual(['a.10', 0, 0, 0])
    view.lease(false)
    view.lease(false)
    expect(view.beat()).toEqual(['a.10', 1, 0, 8])
    view.lease(true)
    expect(view.beat()).toEqual(['a.10', 2, 0, 0])
  })
})

describe('draining', () => {
  test('a member that takes nothing new is up all the same, and may take it back', () => {
    hear(0, b(1))
    expect(hear(100, b(2, 0, 4))).toEqual(['b drain gossip'])
    expect(view.member('b.10')).toMatchObject({ status: 'up', draining: true })
    expect(hear(200, b(3, 0, 4))).toEqual([])
    expect(hear(300, b(4))).toEqual(['b resume gossip'])
    expect(view.member('b.10')?.draining).toBe(false)
  })

  test('the word of the younger heartbeat counts, whoever tells it last', () => {
    hear(0, b(5, 0, 4))
    expect(hear(100, b(4), b(5))).toEqual([])
    expect(hear(200, b(6))).toEqual(['b resume gossip'])
    expect(hear(300, b(5, 0, 4))).toEqual([])
  })

  test('a member that comes draining is said to have come, and to drain', () => {
    expect(hear(0, b(7, 0, 4))).toEqual(['b join gossip', 'b drain gossip'])
  })

  test('is told with a beat of its own, and passed on', () => {
    view.drain(true)
    expect(view.beat()).toEqual(['a.10', 1, 0, 4])
    view.drain(true)
    expect(view.heartbeat).toBe(1)
    view.drain(false)
    expect(view.beat()).toEqual(['a.10', 2, 0, 0])
    hear(0, b(3, 0, 4))
    expect(view.gossip(0)).toContainEqual(['b.10', 3, 0, 4])
  })

  test('of one that is gone is nobody’s news', () => {
    expect(hear(0, b(1, 0, 2 | 4))).toEqual([])
  })
})

describe('forgetting', () => {
  test('a member that left is forgotten after an hour, a silent one after a day, and none that is needed', () => {
    hear(0, b(1, 0, 2), c(1))
    expect(view.forget(HOUR - 1, () => false)).toEqual([])
    expect(view.forget(HOUR + 1, () => true)).toEqual([])
    expect(view.forget(HOUR + 1, () => false)).toEqual(['b.10'])
    silence(HOUR, HOUR + 1000)
    expect(view.forget(25 * HOUR, () => false)).toEqual(['c.10'])
  })

  test('an id that was forgotten is not learnt again from who still knows it', () => {
    expect(hear(0, b(1, 24 * HOUR))).toEqual([])
    expect([...view.members]).toEqual([])
  })
})
