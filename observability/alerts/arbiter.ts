// Pure. Rules on the lease of a node's arbiter: without one the node may own nothing.
import { increase, series } from './promql.ts'
import type { Group } from './rule.ts'
import type { Times } from './times.ts'

const AGE = series('otp_arbiter_lease_age_seconds')
const LIMIT = series('otp_arbiter_lease_limit_seconds')
/** A node on its way out gives its lease back. */
const UNLESS_LEAVING = `unless on (cluster, instance) ${series('otp_node_draining')} == 1`

/** Whether nodes keep their leases; silent where no node has an arbiter. */
export const arbiter = (t: Times): readonly Group[] => [
  {
    name: 'otp-arbiter',
    interval: t.every(15),
    rules: [
      // Only of those over half of it: each evaluation adds a sample, or none.
      { record: 'otp:arbiter_lease_late:ratio', expr: `max by (cluster, instance) (${AGE} / ${LIMIT}) > 0.5` },
      {
        alert: 'OtpArbiterDegraded',
        severity: 'warning',
        // A healthy lease is a third of its limit old at most, and one leader's death makes it older than half of it for one scrape.
        expr: `count_over_time(otp:arbiter_lease_late:ratio[${t.range(300)}]) >= 3
  ${UNLESS_LEAVING}
  or
max by (cluster, instance) (${increase('otp_arbiter_leases_lost_total', t.range(300))}) > 0`,
        for: t.wait(0),
        description:
          'Node {{ $labels.instance }} of cluster {{ $labels.cluster }} was late to renew its lease three times within 5 minutes, or has lost it.',
      },
      {
        alert: 'OtpArbiterLeaseLost',
        severity: 'critical',
        expr: `min by (cluster, instance) (${series('otp_arbiter_may_own')}) == 0
  ${UNLESS_LEAVING}`,
        for: t.wait(30),
        description:
          'Node {{ $labels.instance }} of cluster {{ $labels.cluster }} has had no lease for over 30 s: it may own nothing, and its children were stopped.',
      },
    ],
  },
]
