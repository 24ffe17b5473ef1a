// Drills on processes that move, and on where they run.
import type { Drill, DrillOn } from '../drill.ts'
import { evenOut } from '../even-out.ts'
import type { Stack } from '../stack.ts'
import { LATE_RETURN } from '../tolerated.ts'

/** Children follow their placement when a node comes back: a move without a deploy. */
const FOLLOW = { settings: { OTP_PROCESS_REDISTRIBUTION: 'active' } } as const
const DEATH = { OtpMembersMissing: 'n3 is killed, so that children have a node to move to' } as const

/** Stones that belong on n3, elsewhere: they are to move as soon as it is back for long enough. */
async function moveStones(stack: Stack, stones: object): Promise<void> {
  await stack.end('n3', 'SIGKILL')
  // Before the others know, they would start stones there.
  await stack.until('the others miss n3', 'max(otp_cluster_members{status="up"}) == 2')
  await stack.ask('n1', '/chaos/stones', stones)
  await stack.rejoin('n3')
}

const BUSY = {
  OtpMailboxBacklog: 'what is busy falls behind',
  OtpHandoffFailing: 'what is busy for too long stays',
  OtpUnevenPlacement: 'the node that comes back has nothing to do',
} as const

/** n3 is told to stop while stones are at work, a third of them on it. */
function leavesWith(stones: object): Pick<DrillOn<Stack>, 'begin' | 'end'> {
  let isGone: Promise<void> = Promise.resolve()
  return {
    begin: async (stack) => {
      await stack.ask('n1', '/chaos/stones', stones)
      const instance = new URL(stack.run.node('n3').metrics).host
      await stack.until('stones on n3 are at work', `otp_handler_in_progress_max_seconds{behaviour="stone",instance="${instance}"} > 0`)
      isGone = stack.end('n3', 'SIGTERM')
    },
    end: async (stack) => {
      await isGone
      await stack.rejoin('n3')
      await evenOut(stack)
    },
  }
}

export const placementDrills: readonly Drill[] = [
  {
    what: 'processes do not let themselves be moved',
    on: FOLLOW,
    expects: [{ alert: 'OtpHandoffFailing', severity: 'warning' }],
    mayFire: DEATH,
    begin: (stack) => moveStones(stack, { count: 60, moves: false }),
  },
  {
    what: 'processes move that are busy for seconds',
    on: FOLLOW,
    expects: [{ alert: 'OtpHandoffSlow', severity: 'warning' }],
    mayFire: { ...DEATH, ...BUSY },
    begin: (stack) => moveStones(stack, { count: 60, work: 5, ms: 8000 }),
  },
  {
    what: 'a node leaves whose processes are held for a move, and do not go',
    expects: [
      { alert: 'OtpHandoffStuck', severity: 'critical' },
      { alert: 'OtpDeployInProgress', severity: 'info' },
    ],
    mayFire: { ...BUSY, OtpHandoffSlow: 'those that go at last were held for long', OtpQuorumLost: 'a node that has left sees nobody' },
    mayFireInHaste: LATE_RETURN,
    ...leavesWith({ count: 30, work: 1, ms: 25_000 }),
  },
  {
    what: 'two of three nodes die and come back to no work',
    expects: [
      { alert: 'OtpUnevenPlacement', severity: 'warning' },
      { alert: 'OtpMembersMissing', severity: 'critical' },
      { alert: 'OtpQuorumLost', severity: 'critical' },
    ],
    begin: async (stack) => {
      await stack.ask('n1', '/chaos/stones', { count: 20 })
      await Promise.all([stack.end('n2', 'SIGKILL'), stack.end('n3', 'SIGKILL')])
      // For so long that somebody is told.
      await stack.until('the quorum is missed', 'ALERTS{alertname="OtpQuorumLost",alertstate="firing"}')
      await stack.until('members are missed', 'ALERTS{alertname="OtpMembersMissing",alertstate="firing"}')
      await Promise.all([stack.rejoin('n2'), stack.rejoin('n3')])
    },
    end: evenOut,
  },
]
