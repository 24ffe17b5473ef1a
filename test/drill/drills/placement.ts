// Drills on processes that move, and on where they run.
import type { Drill } from '../drill.ts'
import type { Stack } from '../stack.ts'

/** Children follow their placement when a node comes back: a move without a deploy. */
const FOLLOW = { OTP_PROCESS_REDISTRIBUTION: 'active' } as const
const DEATH = { OtpMembersMissing: 'n3 is killed, so that children have a node to move to' } as const

/** Stones that belong on n3, elsewhere: they are to move as soon as it is back for long enough. */
async function moveStones(stack: Stack, stones: object): Promise<void> {
  await stack.end('n3', 'SIGKILL')
  await stack.ask('n1', '/chaos/stones', stones)
  await stack.rejoin('n3')
}

export const placementDrills: readonly Drill[] = [
  {
    what: 'processes do not let themselves be moved',
    settings: FOLLOW,
    expects: [{ alert: 'OtpHandoffFailing', severity: 'warning' }],
    mayFire: DEATH,
    begin: (stack) => moveStones(stack, { count: 60, moves: false }),
  },
  {
    what: 'processes that are to move are busy',
    settings: FOLLOW,
    expects: [{ alert: 'OtpHandoffSlow', severity: 'warning' }],
    mayFire: { ...DEATH, OtpMailboxBacklog: 'they are busy', OtpHandoffFailing: 'some are busy for too long' },
    begin: (stack) => moveStones(stack, { count: 90, work: 8, ms: 7000 }),
  },
  {
    what: 'processes are held for a move, and do not go',
    settings: FOLLOW,
    expects: [{ alert: 'OtpHandoffStuck', severity: 'critical' }],
    mayFire: { ...DEATH, OtpProcessStuck: 'their callbacks do not end', OtpHandoffFailing: 'they are given up in the end' },
    begin: (stack) => moveStones(stack, { count: 30, work: 1, ms: 60_000 }),
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
    // Work for those that have none.
    end: async (stack) => void (await stack.ask('n2', '/chaos/stones', { count: 500 })),
  },
]
