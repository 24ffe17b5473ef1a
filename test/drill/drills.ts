// Every drill, in the order in which they are played, and the alerts that have none.
import type { Drill, DrillAnywhere, Reasons } from './drill.ts'
import { arbiterDrills } from './drills/arbiter.ts'
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
  ...arbiterDrills,
]

/** The cases for promtool show these. */
export const WITHOUT_DRILL: Reasons = {}

/** All drills, or those that are about one of these alerts; of an alert that none is about, the first that causes it. */
export function drillsOf(names: readonly string[]): readonly Drill[] {
  if (names.includes('all')) return DRILLS
  const wanted = names.flatMap((name) => {
    const about = DRILLS.filter(({ expects: [first] }) => first?.alert === name)
    return about.length > 0 ? about : DRILLS.filter(({ expects }) => expects.some(({ alert }) => alert === name)).slice(0, 1)
  })
  return DRILLS.filter((drill) => wanted.includes(drill))
}

/** Of those, the ones that can be played on a cluster that runs already; and the alerts of the others, with why not. */
export function anywhereOf(names: readonly string[]): { readonly drills: readonly DrillAnywhere[]; readonly reasons: Reasons } {
  const asked = drillsOf(names)
  const drills = asked.filter((drill) => drill.anywhere === true)
  const played = new Set(drills.flatMap(({ expects }) => expects.map(({ alert }) => alert)))
  const others = asked.flatMap(({ expects }) => expects.map(({ alert }) => alert)).filter((alert) => !played.has(alert))
  return { drills, reasons: Object.fromEntries(others.map((alert) => [alert, 'needs nodes, or a Prometheus, of the drill’s own'])) }
}
