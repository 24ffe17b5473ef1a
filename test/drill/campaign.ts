// Plays drills one round after the other: on as few stacks as they can share, or all on a ground that runs already.
import { type Drill, type DrillOn, type Round, roundsOf } from './drill.ts'
import type { Ground } from './ground.ts'
import { type PlayedRound, play } from './player.ts'
import { Stack } from './stack.ts'
import { STRICT_FROM } from './tolerated.ts'
import { line, type Verdict } from './verdict.ts'

/** Hears of each drill what it breaks, and of each of its alerts a line with the verdict. */
export type Say = (text: string) => void

/** Every stack has ended when it resolves or throws. */
export async function playAll(drills: readonly Drill[], factor: number, say: Say): Promise<readonly PlayedRound[]> {
  const rounds: PlayedRound[] = []
  for (const ofOneStack of Map.groupBy(roundsOf(drills), ({ on }) => JSON.stringify(on)).values()) {
    const { settings = {}, load = false, leastFactor = 0 } = ofOneStack[0]?.on ?? {}
    const own = Math.max(factor, leastFactor)
    const stack = await Stack.start({ factor: own, settings, load })
    try {
      rounds.push(...(await playOn(drillsIn(ofOneStack), stack, own, say)))
    } finally {
      await stack.stop()
    }
  }
  return rounds
}

const drillsIn = (rounds: readonly Round<Drill>[]): readonly Drill[] => rounds.flatMap(({ drills }) => drills)

/** On a ground that runs already, with times that are so much of what is shipped; what they want of a stack is not looked at. */
export async function playOn<G extends Ground>(
  drills: readonly DrillOn<G>[],
  ground: G,
  factor: number,
  say: Say,
): Promise<readonly PlayedRound[]> {
  const rounds: PlayedRound[] = []
  for (const round of roundsOf(drills)) rounds.push(await played(round.drills, ground, factor, say))
  return rounds
}

async function played<G extends Ground>(drills: readonly DrillOn<G>[], ground: G, factor: number, say: Say): Promise<PlayedRound> {
  for (const { what } of drills) say(`--   ${what}`)
  const done = await play(drills, ground, factor)
  for (const trouble of troublesIn(done)) say(`FAIL ${trouble}`)
  for (const verdict of verdictsOf([done])) say(line(verdict))
  if (done.isOverloaded && factor >= STRICT_FROM) say('     the machine has more to do than it can: OtpEventLoopLag is not judged here')
  for (const stranger of done.unplanned) say(`FAIL nobody planned ${stranger}`)
  return done
}

/** Every verdict, in the order in which they fell. */
export const verdictsOf = (rounds: readonly PlayedRound[]): readonly Verdict[] =>
  rounds.flatMap(({ played: all }) => all.flatMap(({ verdicts }) => verdicts))

const troublesIn = ({ played: all }: PlayedRound): readonly string[] =>
  all.flatMap(({ what, trouble }) => (trouble === undefined ? [] : [`could not be played: ${what}: ${trouble}`]))

/** What did not go as planned, one line each. */
export const faultsOf = (rounds: readonly PlayedRound[]): readonly string[] => [
  ...rounds.flatMap(troublesIn),
  ...verdictsOf(rounds)
    .filter(({ problem }) => problem !== undefined)
    .map(line),
  ...rounds.flatMap(({ unplanned }) => unplanned.map((stranger) => `nobody planned ${stranger}`)),
]
