// What a failed call of a lot, or a failed start, means to who asked over HTTP.
import { expect, test } from 'vitest'
import { Crash, ExitError, type ExitReason } from '#otp-labs'
import { callRefusal, Refusal, startRefusal } from '#src/auctions/refusal.ts'

const outcome = (error: unknown): unknown => (error instanceof Refusal ? [error.statusCode, error.message] : error)
const called = (reason: ExitReason, isClaimed: boolean) => outcome(callRefusal('lot-1', new ExitError(reason, 'call'), isClaimed))

test.for([
  ['noproc', false, 404, "there is no lot 'lot-1'; GET /lots lists them"],
  ['noproc', true, 503, "lot 'lot-1' is being started again; try again"],
  ['noconnection', true, 503, "the node of lot 'lot-1' cannot be reached; try again"],
  ['timeout', true, 504, "lot 'lot-1' did not answer in time; whether it heard is not known"],
  ['killed', true, 503, "lot 'lot-1' ended (killed) while it was asked; try again"],
  ['normal', false, 503, "lot 'lot-1' ended (normal) while it was asked; try again"],
  [{ shutdown: 'handoff' }, true, 503, "lot 'lot-1' ended ({shutdown, handoff}) while it was asked; try again"],
  [new Crash(new Error('inside')), true, 503, "lot 'lot-1' crashed while it was asked; try again"],
] as const)('a call that fails with %s (name claimed: %s) is answered with %i', ([reason, isClaimed, status, detail]) => {
  expect(called(reason, isClaimed)).toEqual([status, detail])
})

test('what is no end of the callee is not made an answer of', () => {
  const defect = new TypeError('x is not a function')
  expect(callRefusal('lot-1', defect, true)).toBe(defect)
})

test.for([
  ['not_ready', 503, "lot 'lot-1' was not opened: no node may take it now; try again"],
  ['noconnection', 503, "lot 'lot-1' was not opened: noconnection; try again"],
  ['timeout', 504, "lot 'lot-1' may or may not be open: its node did not answer in time"],
] as const)('a start that fails with %s is answered with %i', ([reason, status, detail]) => {
  expect(outcome(startRefusal('lot-1', reason))).toEqual([status, detail])
})
