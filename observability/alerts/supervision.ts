// Pure. Rules on crashes: storms, supervisors that give up, releases that crash, and loops too slow to be a storm.
import { increase, part, series } from './promql.ts'
import type { Group } from './rule.ts'
import type { Times } from './times.ts'

/** How the storm of a supervisor is told: restarts in five minutes, and how many of them used over half of its own budget. */
const STORM_RESTARTS = 20
const STORM_TIGHT_RESTARTS = 3
const STORM_SUPERVISORS = 3

const USED = 'otp_supervisor_restart_intensity_used_ratio'

/** Only `cause="crash"` counts: handoffs and takeovers are spawns, siblings fall with the one that crashed. */
const crashes = (range: ReturnType<Times['range']>): string => increase('otp_supervisor_restarts_total', range, { cause: 'crash' })

const storms = (t: Times): Group['rules'] => [
  { record: 'otp:supervisor_crash_restarts:increase5m', expr: `sum by (cluster, supervisor) (${crashes(t.range(300))})` },
  { record: 'otp:instance_crash_restarts:increase5m', expr: `sum by (cluster, instance) (${crashes(t.range(300))})` },
  {
    record: 'otp:supervisor_tight_restarts:increase5m',
    expr: `sum by (cluster, supervisor) (increase(${part(USED, 'bucket', {}, '+Inf')}[${t.range(300)}]))
  -
sum by (cluster, supervisor) (increase(${part(USED, 'bucket', {}, '0.5')}[${t.range(300)}]))`,
  },
  {
    record: 'otp:supervisor_storms',
    expr: `otp:supervisor_crash_restarts:increase5m > ${STORM_RESTARTS}
  or
(otp:supervisor_tight_restarts:increase5m > ${STORM_TIGHT_RESTARTS}
  and on (cluster, supervisor) otp:supervisor_crash_restarts:increase5m > ${STORM_TIGHT_RESTARTS})`,
  },
  {
    alert: 'OtpRestartStorm',
    severity: 'warning',
    labels: { scope: 'supervisor' },
    expr: `otp:supervisor_crash_restarts:increase5m
  and on (cluster, supervisor)
otp:supervisor_storms`,
    for: t.wait(20),
    keepFiringFor: t.wait(300),
    description:
      'Supervisor {{ $labels.supervisor }} of cluster {{ $labels.cluster }} restarted crashed children {{ printf "%.0f" $value }} times in the last 5 minutes.',
  },
  {
    alert: 'OtpRestartStorm',
    severity: 'critical',
    labels: { scope: 'cluster' },
    expr: `count by (cluster) (otp:supervisor_storms) >= ${STORM_SUPERVISORS}`,
    for: t.wait(20),
    keepFiringFor: t.wait(300),
    description:
      '{{ $value }} supervisors of cluster {{ $labels.cluster }} restart crashed children again and again: look for what they share, a node, a dependency or a new version.',
  },
  {
    alert: 'OtpSupervisorGaveUp',
    severity: 'critical',
    expr: `sum by (cluster, supervisor) (${increase('otp_supervisor_intensity_exceeded_total', t.range(600))}) > 0`,
    for: t.wait(0),
    description:
      'Supervisor {{ $labels.supervisor }} of cluster {{ $labels.cluster }} gave up {{ printf "%.0f" $value }} times in the last 10 minutes; its own supervisor starts all that was under it anew.',
  },
]

/** Versions are compared as each was recorded at the time: a node's counter outlives its upgrade, and would count old crashes as the new version's. */
const versions = (t: Times): Group['rules'] => {
  const ofVersion = (how: 'sum' | 'max', expr: string): string => `${how} by (cluster, version) (
  ${how} by (cluster, instance) (${expr})
  * on (cluster, instance) group_left (version)
  max by (cluster, instance, version) (${series('otp_node_info')})
)`
  const mean = (record: string): string => `avg_over_time(${record}[${t.range(600)}])`
  const crashRate = `rate(${series('otp_supervisor_restarts_total', { cause: 'crash' })}[${t.range(60)}])`
  return [
    { record: 'otp:version_uptime_seconds', expr: ofVersion('max', series('otp_node_uptime_seconds')) },
    { record: 'otp:version_crash_restarts:rate1m', expr: ofVersion('sum', crashRate) },
    {
      // A minute, and a thousand processes: numbers that one can read.
      record: 'otp:version_crash_restarts_per_process:rate1m',
      expr: `60 * 1000 * otp:version_crash_restarts:rate1m
  / (${ofVersion('sum', series('otp_processes'))} > 0)`,
    },
    {
      alert: 'OtpVersionCrashRegression',
      severity: 'critical',
      // Five times as many as the version that crashes least, ten at least, and not the version that has been there longest: rolling out a cure is no regression.
      expr: `(
  ${mean('otp:version_crash_restarts_per_process:rate1m')}
    > on (cluster) group_left ()
  5 * min by (cluster) (${mean('otp:version_crash_restarts_per_process:rate1m')})
)
  and
${mean('otp:version_crash_restarts:rate1m')} > 10 / 600
  and
(otp:version_uptime_seconds < on (cluster) group_left () max by (cluster) (otp:version_uptime_seconds))`,
      for: t.wait(120),
      description:
        'Version {{ $labels.version }} in cluster {{ $labels.cluster }} has {{ printf "%.1f" $value }} crashes a minute and thousand processes, over five times as many as the version before it.',
    },
  ]
}

const slow = (t: Times): Group['rules'] => [
  {
    alert: 'OtpCrashLoopSlow',
    severity: 'warning',
    expr: `sum by (cluster, supervisor) (${crashes(t.range(3600))}) > 10
  and
sum by (cluster, supervisor) (${crashes(t.range(600))}) > 0
  unless on (cluster, supervisor)
otp:supervisor_storms`,
    for: t.wait(1800),
    description:
      'Supervisor {{ $labels.supervisor }} of cluster {{ $labels.cluster }} restarted crashed children {{ printf "%.0f" $value }} times in the last hour, and goes on.',
  },
]

/** What crashes. The first group is evaluated often: a storm has 90 s to reach somebody. */
export const supervision = (t: Times): readonly Group[] => [
  { name: 'otp-supervision', interval: t.every(10), rules: [...storms(t), ...versions(t)] },
  { name: 'otp-supervision-slow', interval: t.every(60), rules: slow(t) },
]
