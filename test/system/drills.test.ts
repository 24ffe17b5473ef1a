// Six fire drills, played at night: a storm, a supervisor that gives up, a dead node, a cut, a backlog and a deploy.
import { afterAll, test } from 'vitest'
import { faultsOf, playAll, verdictsOf } from '../drill/campaign.ts'
import { drillsOf } from '../drill/drills.ts'
import { PROGRAMS } from '../drill/stack.ts'
import { missing } from './support/debian.ts'
import { endCommands } from './support/os.ts'

/** They take minutes, which CI does not have beside the rest. */
const UNASKED = process.env.OTP_DRILLS === undefined ? 'played by .ci/nightly, or with OTP_DRILLS=1' : undefined
const ABSENT = UNASKED ?? PROGRAMS.map(missing).find((reason) => reason !== undefined)

/** An hour is a minute. */
const FACTOR = 1 / 60

const PLAYED = [
  'OtpRestartStorm',
  'OtpSupervisorGaveUp',
  'OtpMembersMissing',
  'OtpPartitionSuspected',
  'OtpMailboxBacklog',
  'OtpDeployInProgress',
]

afterAll(endCommands)

test('six faults reach whom they should, are kept silent where another explains them, and are over when they end', {
  timeout: 300_000,
}, async (context) => {
  context.skip(ABSENT !== undefined, ABSENT)
  const said: string[] = []
  const rounds = await playAll(drillsOf(PLAYED), FACTOR, (text) => said.push(text))
  context.expect({ faults: faultsOf(rounds), said }).toEqual({ faults: [], said })
  const fired = verdictsOf(rounds).map(({ alert }) => alert)
  context.expect(PLAYED.filter((name) => !fired.some((alert) => alert === name))).toEqual([])
})
