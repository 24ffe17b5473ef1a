// Pure. What may fire in every drill: nobody waits for its end, and nobody takes it for something unplanned.
import type { Reasons } from './drill.ts'
import type { Sighting } from './verdict.ts'

/** Why each may fire. */
export const MAY_FIRE: Reasons = {
  OtpEventLoopLag: 'a node that starts reads its code, and a busy machine holds nodes up, for longer than the shortened windows can forget',
  OtpScrapeSlow: 'a scrape that such a node does not answer ends after a second, which is the threshold',
}

/** Whether it is one of those. */
export const isTolerated = ({ labels }: Sighting): boolean => (labels['alertname'] ?? '') in MAY_FIRE

/** Of drills in which a node leaves and comes back. */
export const LATE_RETURN: Reasons = {
  OtpMembersMissing: 'a node takes as long to start as ever, and is expected back within a shortened five minutes',
}
