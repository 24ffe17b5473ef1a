// Drills on who is there: a node that dies, a target that is gone, a cluster that is cut, a bad network, a deploy.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Drill } from '../drill.ts'
import type { Stack } from '../stack.ts'
import { LATE_RETURN } from '../tolerated.ts'

const WHILE_CUT = 600_000
const JITTER = { cutMs: 100, everyMs: 1500 } as const
const FLAP = { cutMs: 3500, everyMs: 5000 } as const

/** Cuts again and again until the drill is over. */
function badNetwork({ cutMs, everyMs }: { readonly cutMs: number; readonly everyMs: number }): Pick<Drill, 'begin' | 'end'> {
  let isOver = false
  let done: Promise<void> = Promise.resolve()
  const go = async (stack: Stack): Promise<void> => {
    while (!isOver) {
      await stack.cut('n3', cutMs)
      await sleep(everyMs)
    }
  }
  return {
    begin: async (stack) => {
      isOver = false
      done = go(stack)
    },
    end: async () => {
      isOver = true
      await done
    },
  }
}

export const membershipDrills: readonly Drill[] = [
  {
    what: 'a node is told to stop, and comes back',
    expects: [{ alert: 'OtpDeployInProgress', severity: 'info' }],
    mayFire: LATE_RETURN,
    begin: async (stack) => {
      await stack.end('n3', 'SIGTERM')
      await stack.rejoin('n3')
    },
  },
  {
    what: 'a node dies',
    expects: [{ alert: 'OtpMembersMissing', severity: 'critical' }],
    begin: (stack) => stack.end('n3', 'SIGKILL'),
    end: (stack) => stack.rejoin('n3'),
  },
  {
    what: 'Prometheus still scrapes a node that was taken away for good',
    round: 'work',
    expects: [{ alert: 'OtpNodeDown', severity: 'warning', labels: { instance: '127.0.0.1:9' } }],
    begin: async (stack) => stack.retarget((nodes) => [...nodes, '127.0.0.1:9']),
    end: async (stack) => stack.retarget(),
  },
  {
    what: 'a node is cut off from the others',
    expects: [
      { alert: 'OtpPartitionSuspected', severity: 'critical' },
      { alert: 'OtpMembershipViewsDiverge', severity: 'critical' },
      { alert: 'OtpQuorumLost', severity: 'critical' },
      { alert: 'OtpRegistryConflicts', severity: 'warning', isAftermath: true },
    ],
    mayFire: { OtpUnevenPlacement: 'the node that was cut off had all lots to itself' },
    begin: (stack) => stack.cut('n3', WHILE_CUT),
    end: (stack) => stack.cut('n3', 1),
  },
  {
    what: 'links break and come back',
    expects: [{ alert: 'OtpLinkReconnecting', severity: 'warning' }],
    mayFire: { OtpMembershipFlapping: 'who is not reached is suspected' },
    ...badNetwork(JITTER),
  },
  {
    what: 'a node is cut off and found again, over and over',
    expects: [{ alert: 'OtpMembershipFlapping', severity: 'warning' }],
    mayFire: {
      OtpLinkReconnecting: 'its links come up again each time',
      OtpPartitionSuspected: 'it is cut off meanwhile',
      OtpMembershipViewsDiverge: 'it is cut off meanwhile',
      OtpQuorumLost: 'it is cut off meanwhile',
      OtpRegistryConflicts: 'names are taken over meanwhile',
      OtpUnevenPlacement: 'lots are taken over meanwhile',
    },
    ...badNetwork(FLAP),
  },
]
