// Drills on who is there: a node that dies, a target that is gone, a cluster that is cut, a bad network, a deploy.
import { again } from '../again.ts'
import type { Drill } from '../drill.ts'
import { evenOut } from '../even-out.ts'
import { STRICT_FROM } from '../tolerated.ts'

const WHILE_CUT = 600_000
const JITTER = { cutMs: 100, everyMs: 1500 } as const
const FLAP = { cutMs: 3500, everyMs: 5000 } as const

const badNetwork = ({ cutMs, everyMs }: { readonly cutMs: number; readonly everyMs: number }) =>
  again(everyMs, (ground) => ground.cut('n3', cutMs))

const flaps = badNetwork(FLAP)

export const membershipDrills: readonly Drill[] = [
  {
    what: 'every node is restarted in order, one after the other, while bidders bid: nothing else fires',
    on: { load: true, leastFactor: STRICT_FROM },
    expects: [{ alert: 'OtpDeployInProgress', severity: 'info' }],
    begin: async (stack) => {
      for (const node of ['n1', 'n2', 'n3'] as const) {
        await stack.end(node, 'SIGTERM')
        await stack.rejoin(node)
      }
    },
  },
  {
    what: 'a node dies',
    expects: [{ alert: 'OtpMembersMissing', severity: 'critical' }],
    begin: (stack) => stack.end('n3', 'SIGKILL'),
    end: async (stack) => {
      await stack.rejoin('n3')
      await evenOut(stack)
    },
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
    anywhere: true,
    begin: (ground) => ground.cut('n3', WHILE_CUT),
    end: async (ground) => {
      await ground.cut('n3', 1)
      await evenOut(ground)
    },
  },
  {
    what: 'links break and come back',
    expects: [{ alert: 'OtpLinkReconnecting', severity: 'warning' }],
    mayFire: { OtpMembershipFlapping: 'who is not reached is suspected' },
    anywhere: true,
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
    anywhere: true,
    begin: flaps.begin,
    end: async (ground) => {
      await flaps.end(ground)
      await evenOut(ground)
    },
  },
]
