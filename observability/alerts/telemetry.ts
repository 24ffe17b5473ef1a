// Pure. Rules on watching itself: spans that are lost, scrapes that are slow, series that multiply, and silence.
import { increase, series } from './promql.ts'
import type { Group } from './rule.ts'
import type { Times } from './times.ts'

/** What a node with 20 behaviours and 20 supervisors may expose. */
const SERIES_BUDGET = 2500

const rules = (t: Times): Group['rules'] => [
  {
    alert: 'OtpSpansDropped',
    severity: 'warning',
    expr: `sum by (cluster, scope) (${increase('otp_telemetry_spans_total', t.range(600), { outcome: '!exported' })})
  > 0.01 * sum by (cluster, scope) (${increase('otp_telemetry_spans_total', t.range(600))})`,
    for: t.wait(60),
    description:
      '{{ printf "%.0f" $value }} spans of scope {{ $labels.scope }} in cluster {{ $labels.cluster }} did not reach the collector in the last 10 minutes, over one in a hundred.',
  },
  {
    alert: 'OtpScrapeSlow',
    severity: 'warning',
    expr: `avg_over_time(scrape_duration_seconds{job="otp"}[${t.range(300)}]) > 1`,
    for: t.wait(60),
    description:
      'Scrapes of {{ $labels.instance }} in cluster {{ $labels.cluster }} take {{ $value | humanizeDuration }} on average; at 10 s they fail.',
  },
  {
    alert: 'OtpSeriesExplosion',
    severity: 'warning',
    expr: `max by (cluster, instance) (${series('otp_telemetry_series')}) > ${SERIES_BUDGET}
  or
sum by (cluster, instance) (${increase('otp_telemetry_label_overflow_total', t.range(900))}) > 0`,
    for: t.wait(300),
    description:
      '{{ $labels.instance }} in cluster {{ $labels.cluster }} exposes more than {{ printf "%.0f" $value }} series, or has counted that many facts under the label “other” in 15 minutes.',
  },
  {
    alert: 'OtpMetricsAbsent',
    severity: 'critical',
    expr: `sum by (cluster) (up{job="otp"}) == 0
  or
sum without (job) (absent(up{job="otp"}))`,
    for: t.wait(120),
    description:
      'No node of cluster {{ or $labels.cluster "(unknown)" }} answers its scrapes, or there are no targets: nothing else here can fire.',
  },
  {
    alert: 'OtpWatchdog',
    severity: 'info',
    expr: 'vector(1)',
    for: t.wait(0),
    description: 'Prometheus evaluates rules, and Alertmanager passes alerts on. That is all it says, for every cluster.',
  },
]

/** Who watches the watching. */
export const telemetry = (t: Times): readonly Group[] => [{ name: 'otp-telemetry', interval: t.every(15), rules: rules(t) }]
