// Drills on watching itself: spans that are lost, series that multiply, and silence.
import type { Drill } from '../drill.ts'

export const telemetryDrills: readonly Drill[] = [
  {
    what: 'all is well',
    round: 'work',
    expects: [{ alert: 'OtpWatchdog', severity: 'info', isEndless: true }],
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
    begin: async (stack) => void (await stack.ask('n3', '/chaos/labels', { behaviours: 300 })),
    end: async (stack) => {
      await stack.end('n3', 'SIGTERM')
      await stack.rejoin('n3')
    },
  },
  {
    what: 'Prometheus looks for the nodes where they are not',
    expects: [{ alert: 'OtpMetricsAbsent', severity: 'critical' }],
    begin: async (stack) => stack.retarget(() => ['127.0.0.1:9', '127.0.0.1:13']),
    end: async (stack) => stack.retarget(),
  },
]
