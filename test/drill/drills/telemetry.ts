// Drills on watching itself: spans that are lost, series that multiply, and silence.
import type { Drill } from '../drill.ts'
import { evenOut } from '../even-out.ts'
import { LATE_RETURN } from '../tolerated.ts'

/** What a node sees, and is seen as, that goes on after so long. */
const STANDSTILL = {
  OtpPartitionSuspected: 'it takes a moment until it is seen again',
  OtpMembershipViewsDiverge: 'it takes a moment until it is seen again',
  OtpQuorumLost: 'it suspects the others first',
  OtpRegistryConflicts: 'its names were taken over meanwhile',
  OtpUnevenPlacement: 'its lots were taken over meanwhile',
  OtpMembershipFlapping: 'all suspect each other and take it back',
} as const

export const telemetryDrills: readonly Drill[] = [
  {
    what: 'all is well',
    round: 'work',
    expects: [{ alert: 'OtpWatchdog', severity: 'info', isEndless: true }],
    anywhere: true,
    begin: async () => undefined,
  },
  {
    what: 'the collector fails',
    round: 'work',
    expects: [{ alert: 'OtpSpansDropped', severity: 'warning' }],
    begin: async (stack) => {
      stack.collector.isBroken = true
    },
    end: async (stack) => {
      stack.collector.isBroken = false
    },
  },
  {
    what: 'behaviours are named at run time',
    expects: [{ alert: 'OtpSeriesExplosion', severity: 'warning' }],
    mayFire: { OtpDeployInProgress: 'only a new start forgets series' },
    mayFireInHaste: LATE_RETURN,
    begin: async (stack) => void (await stack.ask('n3', '/chaos/labels', { behaviours: 300 })),
    end: async (stack) => {
      await stack.end('n3', 'SIGTERM')
      await stack.rejoin('n3')
      await evenOut(stack)
    },
  },
  {
    what: 'a node stands still, and its scrapes with it',
    expects: [
      { alert: 'OtpScrapeSlow', severity: 'warning' },
      { alert: 'OtpMembersMissing', severity: 'critical' },
    ],
    mayFire: STANDSTILL,
    begin: async (stack) => stack.freeze('n3', true),
    end: async (stack) => {
      stack.freeze('n3', false)
      await evenOut(stack)
    },
  },
  {
    what: 'Prometheus looks for the nodes where they are not',
    expects: [{ alert: 'OtpMetricsAbsent', severity: 'critical' }],
    begin: async (stack) => stack.retarget(() => ['127.0.0.1:9', '127.0.0.1:13']),
    end: async (stack) => stack.retarget(),
  },
]
