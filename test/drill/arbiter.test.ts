// The fire drill of an engine that stands still: every node loses its lease and gets another, and whoever has to hear of it does.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { panelQueries } from '#grafana/queries.ts'
import { missing } from '../system/support/debian.ts'
import { endCommands } from '../system/support/os.ts'
import { faultsOf, playOn, verdictsOf } from './campaign.ts'
import { drillsOf } from './drills.ts'
import { PROGRAMS, Stack, whyNoEngine } from './stack.ts'

const ON = { settings: { OTP_ARBITER: 'nats' } }
const ABSENT = [...PROGRAMS.map(missing), whyNoEngine(ON.settings)].find((reason) => reason !== undefined)
/** An hour is a minute. */
const FACTOR = 1 / 60
const ALERTS = ['OtpArbiterDegraded', 'OtpArbiterLeaseLost']

let stack: Stack | undefined

beforeAll(async () => {
  if (ABSENT === undefined) stack = await Stack.start({ factor: FACTOR, ...ON })
})
beforeEach(({ skip }) => skip(ABSENT !== undefined, ABSENT))
afterAll(async () => {
  await stack?.stop()
  await endCommands()
})

test('late leases and lost ones reach whom they should, and are over when the engine goes on', { timeout: 180_000 }, async () => {
  const drills = drillsOf(ALERTS)
  expect(drills.map(({ on }) => on)).toEqual([ON])
  const rounds = await playOn(drills, stack as Stack, FACTOR, () => undefined)
  expect(faultsOf(rounds)).toEqual([])
  expect(verdictsOf(rounds).map(({ alert }) => alert)).toEqual(ALERTS)
})

test('every panel about leases and claims then has data', async () => {
  const queries = panelQueries('15s').filter(({ expr }) => expr.includes('otp_arbiter_'))
  expect(queries.length).toBeGreaterThan(10)
  for (const { panel, expr } of queries) expect([panel, await stack?.query(expr)]).toEqual([panel, expect.any(Number)])
})
