// Pure. Reads the history of one round and says what was promised and not kept, and for how long a lot had nobody to answer.
import type { Account, BidAnswer, Call, Restart, Round } from './history.ts'

/**
 * `lost`: a bid that was answered as accepted is not in the lot's last account, or somebody was told less afterwards. `twice`: it is there twice.
 * `disordered`: two bids of one bidder stand in another order than they were made in. `closed_twice`: there were two ends of one auction, or a
 * bid was accepted after its end. `not_closed`: the time has come, and it has not. `failed`: a call with more than `LEFT_MS` to go was not
 * answered, which is promised where nobody is killed. `miscounted`: metrics, logs and owners disagree on how many children have moved. `ended_badly`: a node that was told to end has not ended with 0.
 * `not_killed`: the node that was to be killed on its way was always faster: the round shows nothing.
 */
export type Violation = {
  readonly kind: 'lost' | 'twice' | 'disordered' | 'closed_twice' | 'not_closed' | 'failed' | 'miscounted' | 'ended_badly' | 'not_killed'
  readonly what: string
}

export interface Verdict {
  readonly violations: readonly Violation[]
  readonly bids: number
  readonly accepted: number
  /** Calls that failed: a violation too, unless a node was killed. */
  readonly failed: number
  readonly tries: number
  /** The longest a call took. */
  readonly slowestMs: number
  /** The longest that somebody asked a lot and nobody was answered by it. */
  readonly darkMs: number
  readonly moved: number
}

/** A call that has less time left when it is sent may fail. */
export const LEFT_MS = 2000

export function judge(round: Round): Verdict {
  const { calls, accounts, restarts } = round
  const last = new Map(accounts.toSorted((a, b) => a.endedAt - b.endedAt).map((account) => [account.lot, account]))
  const byLot = Map.groupBy(calls, ({ lot }) => lot)
  const failures = calls.flatMap(failed)
  const isKill = restarts.some(({ isHunted }) => isHunted)
  const violations = [
    ...lost(calls, last),
    ...[...byLot].flatMap(([lot, ofLot]) => forgotten(lot, ofLot)),
    ...[...last.values()].flatMap((account) => [...twice(account), ...disordered(account, byLot.get(account.lot) ?? [])]),
    ...[...byLot].flatMap(([lot, ofLot]) =>
      closedTwice(
        lot,
        ofLot,
        accounts.filter((account) => account.lot === lot),
      ),
    ),
    ...notClosed(round.toClose, last),
    ...(isKill ? [] : failures),
    ...restarts.flatMap((restart) => [...miscounted(restart), ...endedBadly(restart)]),
    ...notKilled(restarts),
  ]
  return {
    violations,
    bids: calls.filter(({ what }) => what === 'bid').length,
    accepted: acceptedOf(calls).length,
    failed: failures.length,
    tries: calls.reduce((sum, { tries }) => sum + tries.length, 0),
    slowestMs: Math.max(0, ...calls.map(({ sentAt, endedAt }) => endedAt - sentAt)),
    darkMs: Math.max(0, ...[...byLot.values()].map(longestDark)),
    moved: restarts.reduce((sum, { moves }) => sum + moves.logged, 0),
  }
}

const answerOf = ({ answer }: Call): BidAnswer | undefined => (typeof answer === 'object' ? answer : undefined)
const acceptedOf = (calls: readonly Call[]): Call[] => calls.filter((call) => answerOf(call)?.outcome === 'accepted')

function lost(calls: readonly Call[], last: ReadonlyMap<string, Account>): Violation[] {
  return acceptedOf(calls).flatMap(({ lot, offer }) => {
    const account = last.get(lot)
    if (account?.history.some(({ id }) => id === offer?.id) === true) return []
    const why = account === undefined ? 'it has given no account' : `it is not among its ${account.history.length}`
    return [{ kind: 'lost', what: `${lot} accepted ${offer?.id}: ${why}` } as const]
  })
}

/** Who asks after a bid was accepted hears of it, or of a higher one. */
function forgotten(lot: string, calls: readonly Call[]): Violation[] {
  const accepted = acceptedOf(calls).toSorted((a, b) => a.endedAt - b.endedAt)
  const answered = calls.filter(({ answer }) => typeof answer === 'object').toSorted((a, b) => a.sentAt - b.sentAt)
  const found: Violation[] = []
  let [high, next] = [0, 0]
  for (const call of answered) {
    for (let known = accepted[next]; known !== undefined && known.endedAt < call.sentAt; known = accepted[++next]) {
      high = Math.max(high, known.offer?.amount ?? 0)
    }
    const told = answerOf(call)?.high ?? 0
    if (told < high) found.push({ kind: 'lost', what: `${lot} had accepted ${high} and then said ${told} to ${call.offer?.id}` })
  }
  return found
}

function twice({ lot, history }: Account): Violation[] {
  const seen = new Set<string>()
  return history.flatMap(({ id }) => {
    if (id === undefined || !seen.has(id)) {
      if (id !== undefined) seen.add(id)
      return []
    }
    return [{ kind: 'twice', what: `${lot} holds ${id} twice` } as const]
  })
}

/** Also of bids that their bidder was told nothing of: what was given up must not be accepted behind a later one. */
function disordered({ lot, history }: Account, calls: readonly Call[]): Violation[] {
  const sequenceOf = new Map(calls.flatMap(({ offer }) => (offer === undefined ? [] : [[offer.id, offer.sequence] as const])))
  const last = new Map<string, number>()
  return history.flatMap(({ id = '', bidder }): Violation[] => {
    const sequence = sequenceOf.get(id)
    if (sequence === undefined) return [{ kind: 'disordered', what: `${lot} holds ${id}, which nobody has made in this round` }]
    const before = last.get(bidder) ?? 0
    last.set(bidder, sequence)
    return sequence > before ? [] : [{ kind: 'disordered', what: `${lot} took number ${sequence} of ${bidder} after number ${before}` }]
  })
}

function closedTwice(lot: string, calls: readonly Call[], accounts: readonly Account[]): Violation[] {
  const closed = accounts.filter(({ status }) => status === 'closed')
  const refused = calls.filter((call) => answerOf(call)?.outcome === 'closed')
  const results = new Set([
    ...closed.map(({ high, bidder }) => `${high} of ${bidder}`),
    ...refused.map((call) => `${answerOf(call)?.high} of ${answerOf(call)?.bidder}`),
  ])
  const found: Violation[] = []
  const twiceBecause = (why: string) => found.push({ kind: 'closed_twice', what: `${lot}: ${why}` })
  if (results.size > 1) twiceBecause(`it was closed at ${[...results].join(' and at ')}`)
  const times = new Set(closed.map(({ closedAt }) => closedAt))
  if (times.size > 1) twiceBecause(`it was closed at ${[...times].join(' and at ')}`)
  const knownAt = Math.min(...[...closed, ...refused].map(({ endedAt }) => endedAt))
  for (const { offer, sentAt } of acceptedOf(calls)) if (sentAt > knownAt) twiceBecause(`it accepted ${offer?.id} after its end`)
  if (accounts.some(({ status, sentAt }) => status === 'open' && sentAt > knownAt)) twiceBecause('it was open after its end')
  return found
}

function notClosed(toClose: readonly string[], last: ReadonlyMap<string, Account>): Violation[] {
  return toClose
    .filter((lot) => last.get(lot)?.status !== 'closed')
    .map((lot) => ({ kind: 'not_closed', what: `${lot} is ${last.get(lot)?.status ?? 'gone'} after its time` }) as const)
}

function failed({ what, lot, offer, answer, wrong, sentAt, deadlineAt, tries }: Call): Violation[] {
  if (answer !== undefined || deadlineAt - sentAt <= LEFT_MS) return []
  const story = tries.map((each) => `${each.node} ${each.how} (${(each.endedAt - each.sentAt).toFixed(0)} ms)`).join(', ')
  return [{ kind: 'failed', what: `${what} of ${lot} ${offer?.id ?? ''}: ${wrong ?? 'no answer'}: ${story}` }]
}

/** What a killed node has counted nobody knows, nor what was just on its way: the others have received all that it has logged. */
function miscounted({ node, killedAt, moves }: Restart): Violation[] {
  const { logged, counted, received, found, ended } = moves
  const isFound = found + ended === logged
  const isCounted = counted === undefined || counted === logged
  if (killedAt === undefined ? received === logged && isFound && isCounted : received >= logged && isFound) return []
  const numbers = `${logged} logged, ${counted ?? 'unknown'} counted, ${received} received, ${found} found elsewhere, ${ended} ended meanwhile`
  return [{ kind: 'miscounted', what: `handoffs from ${node}: ${numbers}` }]
}

function endedBadly({ node, killedAt, ending }: Restart): Violation[] {
  const expected = killedAt === undefined ? 'exit code 0' : 'SIGKILL'
  return ending === expected ? [] : [{ kind: 'ended_badly', what: `${node}: expected ${expected}, got ${ending}` }]
}

function notKilled(restarts: readonly Restart[]): Violation[] {
  const hunted = restarts.filter(({ isHunted }) => isHunted)
  if (hunted.length === 0 || hunted.some(({ killedAt }) => killedAt !== undefined)) return []
  return [{ kind: 'not_killed', what: `${hunted.map(({ node }) => node).join(', ')}: away before they could be killed` }]
}

/** From when somebody was waiting for a lot, until anybody was answered by it. */
function longestDark(calls: readonly Call[]): number {
  const sorted = calls.toSorted((a, b) => a.sentAt - b.sentAt)
  const answers = calls.filter(({ answer }) => answer !== undefined).map(({ endedAt }) => endedAt)
  const end = Math.max(0, ...calls.map(({ endedAt }) => endedAt))
  let [longest, before, next] = [0, Number.NEGATIVE_INFINITY, 0]
  for (const at of [...answers.toSorted((a, b) => a - b), end]) {
    // Who was answered before this one waits no more: of the others the first counts, from the last answer on.
    while (next < sorted.length && (sorted[next] as Call).endedAt <= before) next++
    const waiting = sorted.slice(next).find(({ endedAt, sentAt }) => endedAt > before && sentAt < at)
    if (waiting !== undefined) longest = Math.max(longest, at - Math.max(before, waiting.sentAt))
    before = at
  }
  return longest
}
