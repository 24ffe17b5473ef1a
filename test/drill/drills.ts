// Every drill, in the order in which they are played, and the alerts that have none.
import type { Drill, Reasons } from './drill.ts'
import { membershipDrills } from './drills/membership.ts'
import { placementDrills } from './drills/placement.ts'
import { processesDrills } from './drills/processes.ts'
import { supervisionDrills } from './drills/supervision.ts'
import { telemetryDrills } from './drills/telemetry.ts'

export const DRILLS: readonly Drill[] = [
  ...membershipDrills,
  ...supervisionDrills,
  ...processesDrills,
  ...telemetryDrills,
  ...placementDrills,
]

/** What may fire in every drill, and why. */
export const MAY_FIRE: Reasons = {
  OtpEventLoopLag: 'a node that starts reads its code, and a busy machine holds nodes up, for longer than the shortened windows can forget',
}

/** The cases for promtool show these. */
export const WITHOUT_DRILL: Reasons = {
  OtpScrapeSlow: 'its threshold of a second does not shrink with the times, and a drill’s scrapes end after a second',
}

/** The first drill of each of these alerts, or all drills. */
export function drillsOf(names: readonly string[]): readonly Drill[] {
  if (names.includes('all')) return DRILLS
  const wanted = new Set(names.map((name) => DRILLS.find(({ expects }) => expects.some(({ alert }) => alert === name))))
  return DRILLS.filter((drill) => wanted.has(drill))
}
