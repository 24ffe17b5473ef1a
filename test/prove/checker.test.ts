// The checker of rounds: a round in which all was kept, and each kind of violation planted in it.
import { describe, expect, test } from 'vitest'
import { judge, type Violation } from './checker.ts'
import type { Account, BidAnswer, Call, Moves, Restart, Round } from './history.ts'

const answered = (node: string, sentAt: number, endedAt: number) => [{ node, sentAt, endedAt, how: 'answered' }] as const

function bid(bidder: string, sequence: number, amount: number, sentAt: number, answer: Partial<BidAnswer> = {}, lot = 'x'): Call {
  const endedAt = sentAt + 10
  return {
    what: 'bid',
    lot,
    offer: { id: `${bidder}-${sequence}`, bidder, sequence, amount },
    sentAt,
    endedAt,
    deadlineAt: sentAt + 2100,
    tries: answered('n1', sentAt, endedAt),
    answer: { outcome: 'accepted', high: amount, bidder, ...answer },
  }
}

const entry = (id: string, amount: number) => ({ id, bidder: id.split('-')[0] as string, amount })

const account: Account = {
  lot: 'x',
  sentAt: 2000,
  endedAt: 2010,
  status: 'closed',
  closedAt: '2026-11-22T12:00:00.000Z',
  high: 9,
  bidder: 'ada',
  bids: 3,
  history: [entry('ada-1', 5), entry('joe-1', 7), entry('ada-3', 9)],
}
const earlier: Account = { ...account, sentAt: 1500, endedAt: 1510 }

const moves: Moves = { owned: 4, logged: 4, counted: 4, received: 4, found: 3, ended: 1 }
const restart: Restart = {
  node: 'n1',
  toldAt: 300,
  isHunted: false,
  killedAt: undefined,
  endedAt: 400,
  readyAt: 900,
  ending: 'exit code 0',
  moves,
}

/** Ada and Joe bid on one lot; it closes; late bids are refused. */
const calls: readonly Call[] = [
  bid('ada', 1, 5, 100),
  bid('joe', 1, 7, 200),
  bid('ada', 2, 6, 300, { outcome: 'too_low', high: 7, bidder: 'joe' }),
  bid('ada', 3, 9, 400),
  bid('joe', 2, 12, 1600, { outcome: 'closed', high: 9, bidder: 'ada' }),
]

const round: Round = {
  number: 1,
  store: 'none',
  seed: 1,
  stolenMs: 0,
  calls,
  accounts: [earlier, account],
  toClose: ['x'],
  restarts: [restart],
}

function broken(change: Partial<Round>): readonly (readonly [Violation['kind'], string])[] {
  return judge({ ...round, ...change }).violations.map(({ kind, what }) => [kind, what])
}

const changed = (index: number, change: Partial<Call>): Call[] => calls.map((call, at) => (at === index ? { ...call, ...change } : call))
const moved = (change: Partial<Moves>, of: Partial<Restart> = {}) =>
  broken({ restarts: [{ ...restart, ...of, moves: { ...moves, ...change } }] })

describe('a round in which all was kept', () => {
  test('has no violation, and its figures', () => {
    expect(judge(round)).toEqual({ violations: [], bids: 5, accepted: 3, failed: 0, tries: 5, slowestMs: 10, darkMs: 10, moved: 4 })
  })

  test('a call may be refused by a node that leaves, as long as it is answered in time', () => {
    const tries = [{ node: 'n1', sentAt: 400, endedAt: 401, how: 'refused' } as const, ...answered('n2', 402, 700)]
    const verdict = judge({ ...round, calls: changed(3, { tries, endedAt: 700 }) })
    expect(verdict).toMatchObject({ violations: [], tries: 6, slowestMs: 300, darkMs: 300 })
  })

  test('a lot that nobody answers for is dark for as long as somebody waits, whoever it is', () => {
    const waiting = [
      bid('b1', 1, 20, 5000, {}, 'y'),
      bid('b2', 1, 21, 5005, {}, 'y'),
      bid('b3', 1, 22, 5300, {}, 'y'),
      bid('b1', 2, 23, 9000, {}, 'y'),
    ]
    const late = waiting.map((call, i) => (i < 3 ? { ...call, endedAt: 5500 + i } : call))
    const of = {
      ...account,
      lot: 'y',
      status: 'open',
      history: late.map(({ offer }) => entry(offer?.id ?? '', offer?.amount ?? 0)),
    } as const
    // Asked at 5000, answered at 5500; from then on until 9000 nobody wanted anything.
    expect(judge({ ...round, calls: [...calls, ...late], accounts: [account, of] })).toMatchObject({ violations: [], darkMs: 500 })
  })
})

describe('what was not kept is found', () => {
  test('an accepted bid that the lot does not hold', () => {
    const without = { ...account, history: account.history.filter(({ id }) => id !== 'joe-1') }
    expect(broken({ accounts: [without] })).toEqual([['lost', 'x accepted joe-1: it is not among its 2']])
  })

  test('a lot that is gone with all its bids', () => {
    const kinds = broken({ accounts: [] }).map(([kind]) => kind)
    expect(kinds).toEqual(['lost', 'lost', 'lost', 'not_closed'])
  })

  test('a lot that has forgotten a bid for a while', () => {
    const answer = { outcome: 'too_low', high: 5, bidder: 'ada' } as const
    expect(broken({ calls: changed(2, { answer }) })).toEqual([['lost', 'x had accepted 7 and then said 5 to ada-2']])
  })

  test('a bid that was taken twice', () => {
    const twice = { ...account, history: [...account.history, entry('ada-3', 9)] }
    expect(broken({ accounts: [twice] }).map(([kind]) => kind)).toEqual(['twice', 'disordered'])
  })

  test('bids of one bidder in another order than they were made in', () => {
    const history = [entry('ada-3', 9), entry('joe-1', 7), entry('ada-1', 5)]
    expect(broken({ accounts: [{ ...account, history }] })).toEqual([['disordered', 'x took number 1 of ada after number 3']])
  })

  test('a bid that its bidder had given up, taken behind a later one', () => {
    const history = [...account.history, entry('ada-2', 10)]
    expect(broken({ accounts: [{ ...account, history }] })).toEqual([['disordered', 'x took number 2 of ada after number 3']])
  })

  test('a bid that nobody has made', () => {
    expect(broken({ accounts: [{ ...account, history: [...account.history, entry('eve-1', 9)] }] })).toEqual([
      ['disordered', 'x holds eve-1, which nobody has made in this round'],
    ])
  })

  test('an auction that was closed at two times', () => {
    const again = { ...account, closedAt: '2026-11-22T12:00:01.000Z' }
    expect(broken({ accounts: [earlier, again] })).toEqual([['closed_twice', expect.stringContaining('12:00:00.000Z and at 2026')]])
  })

  test('an auction that was closed with two results', () => {
    const answer = { outcome: 'closed', high: 7, bidder: 'joe' } as const
    expect(broken({ calls: changed(4, { answer }) })).toEqual([
      ['lost', 'x had accepted 9 and then said 7 to joe-2'],
      ['closed_twice', 'x: it was closed at 9 of ada and at 7 of joe'],
    ])
  })

  test('a bid that was accepted after the end', () => {
    const late = bid('joe', 3, 14, 1700)
    const accounts = [{ ...account, history: [...account.history, entry('joe-3', 14)] }]
    expect(broken({ calls: [...calls, late], accounts })).toEqual([['closed_twice', 'x: it accepted joe-3 after its end']])
  })

  test('a lot that is open after its end, and one that does not close', () => {
    expect(broken({ accounts: [earlier, { ...account, status: 'open', closedAt: null }] })).toEqual([
      ['closed_twice', 'x: it was open after its end'],
      ['not_closed', 'x is open after its time'],
    ])
  })

  test('a call that was not answered, and what was tried; not one that had little time', () => {
    const tries = [{ node: 'n1', sentAt: 300, endedAt: 2400, how: 'late' } as const]
    const late = { answer: undefined, endedAt: 2400, tries }
    expect(broken({ calls: changed(2, late) })).toEqual([['failed', 'bid of x ada-2: no answer: n1 late (2100 ms)']])
    expect(broken({ calls: changed(2, { ...late, deadlineAt: 2300 }) })).toEqual([])
    const killed = { ...restart, isHunted: true, killedAt: 350, ending: 'SIGKILL' }
    expect(judge({ ...round, calls: changed(2, late), restarts: [killed] })).toMatchObject({ violations: [], failed: 1 })
  })

  test('an answer that is none', () => {
    expect(broken({ calls: changed(2, { answer: undefined, wrong: '500 {}' }) })).toEqual([
      ['failed', 'bid of x ada-2: 500 {}: n1 answered (10 ms)'],
    ])
  })

  test.for([{ counted: 3 }, { logged: 3 }, { received: 5 }, { found: 2 }, { ended: 0 }])('counts that disagree: %o', (change) => {
    expect(moved(change)).toEqual([['miscounted', expect.stringContaining('handoffs from n1')]])
  })

  test('a node that could not be asked at its end: the others have received what it has logged', () => {
    expect(moved({ counted: undefined })).toEqual([])
    expect(moved({ counted: undefined, received: 3 })).toMatchObject([['miscounted', {}]])
  })

  test('of a killed node only what it has logged has to have come', () => {
    const killed = { isHunted: true, killedAt: 350, ending: 'SIGKILL' }
    expect(moved({ counted: undefined, logged: 2, received: 3, found: 1 }, killed)).toEqual([])
    expect(moved({ counted: undefined, logged: 3, received: 2, found: 2 }, killed)).toMatchObject([['miscounted', {}]])
  })

  test('a node that has not ended as it was to', () => {
    expect(broken({ restarts: [{ ...restart, ending: 'exit code 1' }] })).toEqual([
      ['ended_badly', 'n1: expected exit code 0, got exit code 1'],
    ])
  })

  test('a node that was to be killed and was faster, unless another try has hit it', () => {
    const faster = { ...restart, isHunted: true }
    expect(broken({ restarts: [faster, { ...faster, node: 'n2' }] })).toEqual([['not_killed', 'n1, n2: away before they could be killed']])
    expect(broken({ restarts: [faster, { ...faster, killedAt: 350, ending: 'SIGKILL' }] })).toEqual([])
  })
})
