// Plays drills one round after the other, on as few stacks as their settings allow.
import type { Drill } from './drill.ts'
import { roundsOf } from './drill.ts'
import { type PlayedRound, play } from './player.ts'
import { Stack } from './stack.ts'
import { line, type Verdict } from './verdict.ts'

/** Tells of each drill what it breaks, and of each of its alerts a line with the verdict. Every stack has ended when it resolves or throws. */
export async function playAll(drills: readonly Drill[], factor: number, say: (text: string) => void): Promise<readonly PlayedRound[]> {
  const rounds: PlayedRound[] = []
  for (const [key, ofOneStack] of Map.groupBy(roundsOf(drills), ({ settings }) => JSON.stringify(settings))) {
    const stack = await Stack.start({ factor, settings: JSON.parse(key) as Record<string, string> })
    try {
      for (const round of ofOneStack) {
        for (const { what } of round.drills) say(`--   ${what}`)
        const done = await play(round, stack, factor)
        rounds.push(done)
        for (const verdict of verdictsOf([done])) say(line(verdict))
        for (const stranger of done.unplanned) say(`FAIL nobody planned ${stranger}`)
      }
    } finally {
      await stack.stop()
    }
  }
  return rounds
}

/** Every verdict, in the order in which they fell. */
export const verdictsOf = (rounds: readonly PlayedRound[]): readonly Verdict[] =>
  rounds.flatMap(({ played }) => played.flatMap(({ verdicts }) => verdicts))

/** What did not go as planned, one line each. */
export const faultsOf = (rounds: readonly PlayedRound[]): readonly string[] => [
  ...verdictsOf(rounds)
    .filter(({ problem }) => problem !== undefined)
    .map(line),
  ...rounds.flatMap(({ unplanned }) => unplanned.map((stranger) => `nobody planned ${stranger}`)),
]
