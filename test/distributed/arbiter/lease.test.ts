// Leases and claims as decisions: what time, a key and a name's entry say, for every case.
import { expect, test } from 'vitest'
import type { Claimant } from '#distributed'
import { claimStep } from '#src/distributed/arbiter/claim-step.ts'
import { decodeName, decodeSession, encodeName, encodeSession, type NameEntry } from '#src/distributed/arbiter/entries.ts'
import { isRipe, leaseTimes, observed, overBy, standingOf } from '#src/distributed/arbiter/lease.ts'

test.each([{}, { leaseMs: 3000 }, { leaseMs: 60_000 }, { leaseMs: 600_000 }])(
  'with %j a renewal can fail before children stop, and they can stop before it ends',
  (options) => {
    const { leaseMs, limitMs, stopAtMs, renewMs, requestMs, retryMs } = leaseTimes(options)
    expect(renewMs + requestMs).toBeLessThanOrEqual(stopAtMs)
    expect(stopAtMs).toBeLessThan(limitMs)
    expect(leaseMs - limitMs).toBeGreaterThanOrEqual(1000)
    expect(retryMs).toBeLessThan(renewMs)
  },
)

const decode = decodeSession
const live = (revision: number, n = 1) => ({ value: encodeSession({ n, dead: false }), revision })

test('what was seen counts from when it was first seen, and anew when it has changed', () => {
  const times = leaseTimes({})
  const first = observed(undefined, live(7), 1000, decode)
  const again = observed(first, live(7), 9000, decode)
  expect(again).toBe(first)
  expect(isRipe(again, 15_999, times)).toBe(false)
  expect(isRipe(again, 16_000, times)).toBe(true)
  const renewed = observed(again, live(8), 15_000, decode)
  expect(isRipe(renewed, 29_999, times)).toBe(false)
  const older = observed(renewed, live(7), 16_000, decode)
  expect(isRipe(older, 30_000, times)).toBe(false)
})

test.each([
  ['nothing', undefined, -1],
  ['a live session: those before it', { n: 3, dead: false }, 2],
  ['a dead one: it, too', { n: 3, dead: true }, 3],
])('by %s', (_, entry, over) => {
  expect(overBy(entry)).toBe(over)
})

test.each([
  ['a later revision of the same session is an earlier renewal', 8, { n: 2, dead: false }, 'ours'],
  ['a dead one is gone', 8, { n: 2, dead: true }, 'gone'],
  ['a later one is gone', 8, { n: 3, dead: false }, 'gone'],
  ['one that was deleted is gone', 8, undefined, 'gone'],
  ['the same revision says nothing', 7, { n: 2, dead: false }, 'unclear'],
  ['an older one neither', 6, { n: 2, dead: true }, 'unclear'],
] as const)('after a refused renewal %s', (_, revision, entry, standing) => {
  expect(standingOf(2, 7, revision, entry)).toBe(standing)
})

const entry: NameEntry = { node: 'b.1', n: 4, gen: 10, founder: 'a.1', ended: false, unusedSince: 0, nonce: 5 }
const claimant: Claimant = { gen: 10, founder: 'a.1', epoch: 50, owner: 'b.1', isNew: false, isAgreed: false }
const start: Claimant = { ...claimant, gen: 3, founder: 'me.1', epoch: 0, owner: undefined, isNew: true }
const held = { step: 'held', by: 'b.1' }
const over = (n: number) => ({ self: 'me.1', n: 2, isOver: (node: string, session: number) => node === 'b.1' && session <= n })
const agreed = { ...claimant, isAgreed: true }
const given = { ...entry, node: '', n: 0 }

test.each([
  ['a name of which nothing is known', undefined, 0, claimant, over(-1), { step: 'write', gen: 10 }],
  ['one of a session that may run', entry, 50, claimant, over(3), held],
  ['one of a session that is over', entry, 50, claimant, over(4), { step: 'write', gen: 10 }],
  ['a start of one that is held', entry, 50, start, over(3), held],
  ['a start of one whose owner is over: a later birth', entry, 50, start, over(4), { step: 'write', gen: 11 }],
  ['one that was given up', given, 51, claimant, over(-1), { step: 'write', gen: 10 }],
  ['one of this node, of a session before', { ...entry, node: 'me.1', n: 1 }, 50, claimant, over(-1), { step: 'write', gen: 10 }],
  ['one of this node, of this session', { ...entry, node: 'me.1', n: 2 }, 50, claimant, over(-1), { step: 'write', gen: 10 }],
  ['one of a later session of this node', { ...entry, node: 'me.1', n: 3 }, 50, claimant, over(-1), { step: 'held', by: 'me.1' }],
  ['an earlier birth than there is', { ...given, gen: 11 }, 51, claimant, over(-1), { step: 'ended' }],
  ['a later birth than there is', { ...given, gen: 9 }, 51, claimant, over(-1), { step: 'write', gen: 10 }],
  ['another birth of the same number', { ...given, founder: 'c.1' }, 51, claimant, over(-1), { step: 'ended' }],
  ['a birth that has ended', { ...given, ended: true }, 51, claimant, over(-1), { step: 'ended' }],
  ['a start after a birth that has ended', { ...given, ended: true }, 51, start, over(-1), { step: 'write', gen: 11 }],
  ['what its owner agreed to give', entry, 50, agreed, over(-1), { step: 'write', gen: 10 }],
  ['what has changed since its owner agreed', entry, 52, agreed, over(4), held],
  ['what was given up since its owner agreed', given, 52, agreed, over(-1), { step: 'held', by: '' }],
  ['what was taken and not used since its owner agreed', { ...given, unusedSince: 50 }, 52, agreed, over(-1), { step: 'write', gen: 10 }],
  ['what was taken and not used since another agreement', { ...given, unusedSince: 49 }, 52, agreed, over(-1), { step: 'held', by: '' }],
] as const)('a claim of %s', (_, present, revision, by, view, step) => {
  expect(claimStep(present, revision, by, view)).toEqual(step)
})

test('entries are read as they were written', () => {
  for (const dead of [false, true]) expect(decodeSession(encodeSession({ n: 3, dead }))).toEqual({ n: 3, dead })
  const entries = [
    entry,
    given,
    { ...entry, founder: 'b.1' },
    { ...given, ended: true },
    { ...given, unusedSince: 9 },
    { ...entry, node: 'ä\n"' },
  ]
  for (const one of entries) expect(decodeName(encodeName(one))).toEqual(one)
})

test.each(['', 'null', '7', '{"n":-1.5}', '{"n":"1"}', '{"node":1,"n":1,"gen":1,"nonce":1}'])('what is no entry is refused: %s', (text) => {
  expect(() => decodeSession(Buffer.from(text === '{"node":1,"n":1,"gen":1,"nonce":1}' ? '{}' : text))).toThrow()
  expect(() => decodeName(Buffer.from(text))).toThrow()
})
