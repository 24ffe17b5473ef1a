// Pure. What may fire in every drill whose times are much shorter than those that are shipped: nobody takes it for something unplanned.
import type { AlertName } from '#vocabulary'
import type { Reasons } from './drill.ts'

/** From a sixth on, windows of five minutes are long enough to tell a fault from a node that starts, which is late twice: nothing is tolerated. */
export const STRICT_FROM = 1 / 6

/** Why each may fire where times are shorter than that. */
export const HASTY: Reasons = {
  OtpEventLoopLag: 'a late tick in ten seconds is one in a hundred already, and a node that starts or a busy machine has that',
}

/** Of drills in which a node leaves and comes back, where times are shorter than that. */
export const LATE_RETURN: Reasons = {
  OtpMembersMissing: 'a node takes as long to start as ever, and is expected back within a shortened five minutes',
}

/** Whether it may fire in any drill at this factor. */
export const isTolerated = (alert: string, factor: number): boolean => factor < STRICT_FROM && (HASTY[alert as AlertName] ?? '') !== ''
