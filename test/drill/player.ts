// Plays a round of drills: begins the faults, waits for what has to fire, ends them, waits until it is over, and judges.
import { setTimeout as sleep } from 'node:timers/promises'
import { whyOf } from '#base'
import type { DrillOn } from './drill.ts'
import type { Ground } from './ground.ts'
import { Machine } from './machine.ts'
import { HASTY, isTolerated, STRICT_FROM } from './tolerated.ts'
import { type FaultTimes, hasFired, hasResolved, isOf, isOver, judge, nameOf, type Sighting, unplanned, type Verdict } from './verdict.ts'

/** Seconds as shipped, that a drill may take to make its alerts fire and to let them end, beside what does not shrink with the factor. */
const LONGEST = { shippedSeconds: 3000, fixedMs: 30_000 } as const
const LOOK_MS = 200

/** What one drill left behind. */
export interface Played {
  readonly what: string
  readonly times: FaultTimes
  readonly verdicts: readonly Verdict[]
  /** Why its fault could not be begun or ended. */
  readonly trouble?: string
}

interface PlayedFault extends FaultTimes {
  readonly trouble?: string
}

/** What a round left behind. */
export interface PlayedRound {
  readonly played: readonly Played[]
  readonly unplanned: readonly string[]
  /** The machine had more to do than it can: nothing is said of event loops. */
  readonly isOverloaded: boolean
  readonly sightings: readonly Sighting[]
}

/** Never throws because of an alert or a fault: what did not come is a verdict, and what could not be done is told. */
export async function play<G extends Ground>(drills: readonly DrillOn<G>[], ground: G, factor: number): Promise<PlayedRound> {
  const machine = new Machine()
  const beganAt = performance.now()
  const limitMs = LONGEST.fixedMs + LONGEST.shippedSeconds * factor * 1000
  const isExcused = (name: string): boolean => isTolerated(name, factor) || machine.excuses(name)
  const times = await Promise.all(drills.map((drill) => playOne(drill, ground, limitMs)))
  const expects = drills.flatMap((drill) => drill.expects)
  const inHaste = factor < STRICT_FROM ? [HASTY, ...drills.map(({ mayFireInHaste = {} }) => mayFireInHaste)] : []
  const mayFire = [...drills.map((drill) => drill.mayFire ?? {}), ...inHaste].flatMap((reasons) => Object.keys(reasons))
  // Nothing of this round is to be taken for something of the next.
  await until(limitMs, () => ground.watch.since(beganAt).every((seen) => isOver(seen) || isExcused(nameOf(seen))))
  machine.stop()
  const sightings = ground.watch.since(beganAt)
  return {
    played: drills.map((drill, index) => {
      const { trouble, ...own } = times[index] as PlayedFault
      const verdicts = drill.expects.map((expected) => judge(expected, sightings, own))
      return { what: drill.what, times: own, verdicts, ...(trouble !== undefined && { trouble }) }
    }),
    unplanned: unplanned(sightings, expects, machine.wasOverloaded ? [...mayFire, 'OtpEventLoopLag'] : mayFire),
    isOverloaded: machine.wasOverloaded,
    sightings,
  }
}

async function playOne<G extends Ground>({ expects, begin, end }: DrillOn<G>, ground: G, limitMs: number): Promise<PlayedFault> {
  // What fires already cannot be made to fire.
  const isThere = (seen: Sighting): boolean =>
    seen.resolvedAt === undefined && expects.some((one) => one.isEndless !== true && isOf(one, seen))
  await until(limitMs, () => !ground.watch.since(performance.now()).some(isThere))
  const beganAt = performance.now()
  const seen = (): readonly Sighting[] => ground.watch.since(beganAt)
  const haveFired = (isAftermath: boolean): boolean =>
    expects.filter((one) => (one.isAftermath === true) === isAftermath).every((one) => hasFired(one, seen(), beganAt))
  const notBegun = await troubleOf(begin(ground))
  if (notBegun === undefined) await until(limitMs, () => haveFired(false))
  const endedAt = performance.now()
  // Also what was begun by half.
  const notEnded = await troubleOf(end?.(ground))
  const trouble = notBegun ?? notEnded
  if (trouble !== undefined) return { beganAt, endedAt, trouble }
  await until(limitMs, () => haveFired(true) && expects.every((one) => hasResolved(one, seen())))
  return { beganAt, endedAt }
}

async function troubleOf(step: Promise<void> | undefined): Promise<string | undefined> {
  try {
    await step
    return undefined
  } catch (error) {
    return whyOf(error)
  }
}

/** Until it is so, or it is too late. */
async function until(withinMs: number, isSo: () => boolean): Promise<void> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline && !isSo(); await sleep(LOOK_MS));
}
