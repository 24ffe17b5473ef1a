// The fire drill of a deploy: every node is restarted in order under load, and nobody is told of anything.
import { afterAll, expect, test } from 'vitest'
import { missing } from '../system/support/debian.ts'
import { endCommands } from '../system/support/os.ts'
import { faultsOf, playAll, verdictsOf } from './campaign.ts'
import { drillsOf } from './drills.ts'
import { PROGRAMS } from './stack.ts'
import { nameOf } from './verdict.ts'

const ABSENT = PROGRAMS.map(missing).find((reason) => reason !== undefined)

afterAll(endCommands)

test('a rolling restart of all nodes under load fires nothing but OtpDeployInProgress', { timeout: 300_000 }, async ({ skip }) => {
  skip(ABSENT !== undefined, ABSENT)
  // The drill itself says that its times are not to be shorter than tells the truth.
  const rounds = await playAll(drillsOf(['OtpDeployInProgress']), 0, () => undefined)
  expect(faultsOf(rounds)).toEqual([])
  expect(verdictsOf(rounds).map(({ alert }) => alert)).toEqual(['OtpDeployInProgress'])
  const fired = new Set(rounds.flatMap(({ sightings }) => sightings.map(nameOf)))
  // Of event loops something can be said only where the machine has time for them.
  if (rounds.some(({ isOverloaded }) => isOverloaded)) fired.delete('OtpEventLoopLag')
  expect(fired).toEqual(new Set(['OtpWatchdog', 'OtpDeployInProgress']))
})
