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

/** The cases for promtool show these. */
export const WITHOUT_DRILL: Reasons = {
  OtpArbiterDegraded: 'needs servers of the engine beside the nodes, which the stack of the drills does not have',
  OtpArbiterLeaseLost: 'needs servers of the engine beside the nodes, which the stack of the drills does not have',
  OtpHandoffSlow: 'no fault yet makes ten handoffs end slowly within the shortened window; busy processes are held, and then given up',
}

/** The first drill of each of these alerts, or all drills. */
export function drillsOf(names: readonly string[]): readonly Drill[] {
  if (names.includes('all')) return DRILLS
  const wanted = new Set(names.map((name) => DRILLS.find(({ expects }) => expects.some(({ alert }) => alert === name))))
  return DRILLS.filter((drill) => wanted.has(drill))
}
