// Five fire drills: a storm, a supervisor that gives up, a dead node, a cut, and a backlog by addresses; and one that is told to stop.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { missing } from '../system/support/debian.ts'
import { Command, childrenOf, endCommands, isFrozen, isRunning } from '../system/support/os.ts'
import { faultsOf, playOn, verdictsOf } from './campaign.ts'
import type { Drill } from './drill.ts'
import { drillsOf } from './drills.ts'
import { PROGRAMS, Stack } from './stack.ts'

const ABSENT = PROGRAMS.map(missing).find((reason) => reason !== undefined)

/** An hour is a minute. */
const FACTOR = 1 / 60

const PLAYED = ['OtpRestartStorm', 'OtpSupervisorGaveUp', 'OtpMembersMissing', 'OtpPartitionSuspected']
/** An emergency takes as long as a storm, and is played at night. */
const isForTheNight = ({ expects: [first] }: Drill): boolean => first?.alert === 'OtpRestartStorm' && first.severity === 'critical'

/** Of the OS processes that this one started, those they started, and so on; one that ends meanwhile has none. */
function descendantsOf(pid: number): number[] {
  const own = isRunning(pid) ? childrenOf(pid) : []
  return [...own, ...own.flatMap(descendantsOf)]
}

const drill = (...args: readonly string[]) => new Command(process.execPath, ['test/drill/main.ts', ...args, '--factor', String(FACTOR)])

let stack: Stack | undefined

beforeAll(async () => {
  if (ABSENT === undefined) stack = await Stack.start({ factor: FACTOR, settings: {} })
})
beforeEach(({ skip }) => skip(ABSENT !== undefined, ABSENT))
afterAll(async () => {
  await stack?.stop()
  await endCommands()
})

test('four faults reach whom they should, are kept silent where another explains them, and are over when they end', {
  timeout: 300_000,
}, async () => {
  const drills = drillsOf(PLAYED).filter((drill) => !isForTheNight(drill))
  const said: string[] = []
  const rounds = await playOn(drills, stack as Stack, FACTOR, (text) => said.push(text))
  expect({ faults: faultsOf(rounds), said }).toEqual({ faults: [], said })
  const fired = verdictsOf(rounds).map(({ alert }) => alert)
  expect(PLAYED.filter((name) => !fired.some((alert) => alert === name))).toEqual([])
})

test('a fifth is played on what runs already, by its addresses', { timeout: 180_000 }, async () => {
  const { run, prometheus, alertmanager, folder } = stack as Stack
  const nodes = run.nodes.map(({ http }) => http).join(',')
  const addresses = ['--prometheus', prometheus, '--alertmanager', alertmanager, '--nodes', nodes]
  const play = drill('OtpMailboxBacklog', 'OtpMembersMissing', ...addresses, '--out', folder)
  const { code } = await play.ended
  expect({ code, said: play.stdout + play.stderr }).toEqual({ code: 0, said: play.stdout })
  expect(play.stdout).toMatch(/^ok {3}OtpMailboxBacklog \(warning, ticket\): /m)
  expect(play.stdout).toMatch(/^OtpMembersMissing +no drill .* needs nodes, or a Prometheus, of the drill’s own$/m)
})

test('a drill that is told to stop ends all that it has started, also a node that stands still', { timeout: 120_000 }, async () => {
  const play = drill('OtpScrapeSlow')
  await eventually('a node stands still', 90_000, () => descendantsOf(play.pid).some(isFrozen))
  const started = descendantsOf(play.pid)
  expect(started.length).toBeGreaterThanOrEqual(6)
  play.kill('SIGTERM')
  expect((await play.ended).code).toBe(130)
  expect(started.filter(isRunning)).toEqual([])
})
