// Pure. Rules on processes that move with their state, and on where they run.
import { increase, part, series } from './promql.ts'
import type { Group } from './rule.ts'
import type { Times } from './times.ts'

const TOTAL = { phase: 'total' } as const
const FAILED = { outcome: '=~resumed|refused' } as const

/** Children below this number fall unevenly by chance. */
const CHILDREN_TO_JUDGE_BY = 100

const rules = (t: Times): Group['rules'] => [
  {
    alert: 'OtpHandoffFailing',
    severity: 'warning',
    expr: `sum by (cluster, reason) (${increase('otp_handoffs_total', t.range(600), FAILED)}) > 5
  and
sum by (cluster, reason) (${increase('otp_handoffs_total', t.range(600), FAILED)})
  / sum by (cluster, reason) (${increase('otp_handoffs_total', t.range(600))}) > 0.1`,
    for: t.wait(60),
    description:
      '{{ printf "%.0f" $value }} handoffs ({{ $labels.reason }}) in cluster {{ $labels.cluster }} did not come about in the last 10 minutes, over a tenth of all.',
  },
  {
    alert: 'OtpHandoffSlow',
    severity: 'warning',
    expr: `histogram_quantile(0.99, sum by (cluster, le) (rate(${part('otp_handoff_duration_seconds', 'bucket', TOTAL)}[${t.range(300)}]))) > 3
  and on (cluster)
sum by (cluster) (increase(${part('otp_handoff_duration_seconds', 'count', TOTAL)}[${t.range(300)}])) > 10`,
    for: t.wait(60),
    description: 'One handoff in a hundred takes over {{ $value | humanizeDuration }} in cluster {{ $labels.cluster }}; 3 s are enough.',
  },
  {
    alert: 'OtpHandoffStuck',
    severity: 'critical',
    expr: `max by (cluster, instance) (min_over_time(${series('otp_handoffs_in_progress', { direction: 'out' })}[${t.range(120)}])) > 0
  unless on (cluster, instance)
sum by (cluster, instance) (${increase('otp_handoffs_total', t.range(120))}) > 0`,
    for: t.wait(60),
    description:
      'At least {{ $value }} processes of {{ $labels.instance }} in cluster {{ $labels.cluster }} have been held for a move for over 2 minutes, and none has ended. They answer nobody.',
  },
  {
    alert: 'OtpUnevenPlacement',
    severity: 'warning',
    expr: `max by (cluster) (${series('otp_placement_imbalance_ratio')}) > 1.75
  and on (cluster)
max by (cluster) (${series('otp_registry_names')}) > ${CHILDREN_TO_JUDGE_BY}`,
    for: t.wait(900),
    description: 'The fullest node of cluster {{ $labels.cluster }} runs {{ printf "%.1f" $value }} times its share of children.',
  },
]

/** Moves, and the balance they leave behind. */
export const placement = (t: Times): readonly Group[] => [{ name: 'otp-placement', interval: t.every(15), rules: rules(t) }]
