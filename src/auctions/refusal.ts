// Why a request about a lot cannot be granted, as an error that the server answers with a problem document.
import { Crash, describeExit, ExitError, type ExitReason } from '#otp-labs'

export type RefusalCode =
  | 'ERR_OTP_AUCTIONS_UNKNOWN_LOT'
  | 'ERR_OTP_AUCTIONS_LOT_EXISTS'
  | 'ERR_OTP_AUCTIONS_BID_REFUSED'
  | 'ERR_OTP_AUCTIONS_UNAVAILABLE'
  | 'ERR_OTP_AUCTIONS_NO_ANSWER'
  | 'ERR_OTP_AUCTIONS_CHAOS_OFF'
  | 'ERR_OTP_AUCTIONS_STORM_UNDER_WAY'

const STATUS: Readonly<Record<RefusalCode, number>> = {
  ERR_OTP_AUCTIONS_UNKNOWN_LOT: 404,
  ERR_OTP_AUCTIONS_LOT_EXISTS: 409,
  ERR_OTP_AUCTIONS_BID_REFUSED: 409,
  ERR_OTP_AUCTIONS_UNAVAILABLE: 503,
  ERR_OTP_AUCTIONS_NO_ANSWER: 504,
  ERR_OTP_AUCTIONS_CHAOS_OFF: 404,
  ERR_OTP_AUCTIONS_STORM_UNDER_WAY: 409,
}

/** `members` are further fields of the problem document. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly statusCode: number
  readonly members: Readonly<Record<string, unknown>>

  constructor(code: RefusalCode, detail: string, members: Readonly<Record<string, unknown>> = {}) {
    super(detail)
    this.name = 'Refusal'
    this.code = code
    this.statusCode = STATUS[code]
    this.members = members
  }
}

export const unknownLot = (id: string): Refusal =>
  new Refusal('ERR_OTP_AUCTIONS_UNKNOWN_LOT', `there is no lot '${id}'; GET /lots lists them`)

export const notHere = (): Refusal =>
  new Refusal('ERR_OTP_AUCTIONS_UNAVAILABLE', 'this node takes nothing new, it is on its way out: ask another node')

/** Why a lot was not opened: no node may own it now, the node that was to take it did not answer, or its start failed. */
export function startRefusal(id: string, reason: ExitReason): Refusal {
  if (reason === 'timeout')
    return new Refusal('ERR_OTP_AUCTIONS_NO_ANSWER', `lot '${id}' may or may not be open: its node did not answer in time`)
  const why = reason === 'not_ready' ? 'no node may take it now' : describeExit(reason)
  return new Refusal('ERR_OTP_AUCTIONS_UNAVAILABLE', `lot '${id}' was not opened: ${why}; try again`)
}

/**
 * What a failed call of a lot means to who asked. `isClaimed`: the name is somebody's, so that a process that is not there is between
 * two nodes or two lives. What is no end of the callee is thrown as it is.
 */
export function callRefusal(id: string, error: unknown, isClaimed: boolean): unknown {
  if (!(error instanceof ExitError)) return error
  const { reason } = error
  if (reason === 'noproc' && !isClaimed) return unknownLot(id)
  if (reason === 'timeout')
    return new Refusal('ERR_OTP_AUCTIONS_NO_ANSWER', `lot '${id}' did not answer in time; whether it heard is not known`)
  if (reason === 'noproc') return new Refusal('ERR_OTP_AUCTIONS_UNAVAILABLE', `lot '${id}' is being started again; try again`)
  if (reason === 'noconnection') return new Refusal('ERR_OTP_AUCTIONS_UNAVAILABLE', `the node of lot '${id}' cannot be reached; try again`)
  const how = reason instanceof Crash ? 'crashed' : `ended (${describeExit(reason)})`
  return new Refusal('ERR_OTP_AUCTIONS_UNAVAILABLE', `lot '${id}' ${how} while it was asked; try again`)
}
