// Pure. Rules on work: messages that wait, callbacks that do not end, event loops that are late, calls that fail.
import { increase, part, series } from './promql.ts'
import type { Group } from './rule.ts'
import type { Times } from './times.ts'

const waiting = (t: Times): Group['rules'] => [
  {
    alert: 'OtpMailboxBacklog',
    severity: 'warning',
    // Age, not depth: ten thousand messages that are gone in a second are no backlog.
    expr: `max by (cluster, instance, behaviour) (${series('otp_mailbox_oldest_message_age_seconds')}) > 5`,
    for: t.wait(60),
    description:
      'A message to a {{ $labels.behaviour }} on {{ $labels.instance }} of cluster {{ $labels.cluster }} has been waiting for {{ $value | humanizeDuration }}.',
  },
  {
    alert: 'OtpProcessStuck',
    severity: 'warning',
    expr: `max by (cluster, instance, behaviour) (${series('otp_handler_in_progress_max_seconds')}) > 30`,
    for: t.wait(60),
    description:
      'A callback of {{ $labels.behaviour }} on {{ $labels.instance }} of cluster {{ $labels.cluster }} has been running for {{ $value | humanizeDuration }}.',
  },
  {
    alert: 'OtpEventLoopLag',
    severity: 'warning',
    expr: `histogram_quantile(0.99, sum by (cluster, instance, le) (rate(${part('otp_eventloop_lag_seconds', 'bucket')}[${t.range(300)}]))) > 0.1`,
    for: t.wait(120),
    description:
      'The event loop of {{ $labels.instance }} in cluster {{ $labels.cluster }} is late by over {{ $value | humanizeDuration }} once in a hundred times.',
  },
]

/** One call in a thousand may fail. */
const ALLOWED = 0.001

/** The windows of each severity: long ones say that it matters, short ones that it goes on; `burn`: how many times too fast. */
const BURNS = [
  { severity: 'critical', long: 3600, short: 300, burn: 14.4, least: 20, gone: '2% of a month’s error budget in an hour' },
  { severity: 'warning', long: 21_600, short: 1800, burn: 6, least: 50, gone: '5% of a month’s error budget in six hours' },
] as const

const WINDOW_NAMES = { 300: '5m', 1800: '30m', 3600: '1h', 21600: '6h' } as const

const budget = (t: Times): Group['rules'] => {
  const failures = (seconds: keyof typeof WINDOW_NAMES): string =>
    `sum by (cluster, behaviour) (${increase('otp_calls_total', t.range(seconds), { outcome: '!ok' })})`
  const all = (seconds: keyof typeof WINDOW_NAMES): string =>
    `sum by (cluster, behaviour) (${increase('otp_calls_total', t.range(seconds))})`
  const ratio = (seconds: keyof typeof WINDOW_NAMES): string => `otp:call_failures:ratio${WINDOW_NAMES[seconds]}`
  const windows = BURNS.flatMap(({ long, short }) => [short, long])
  return [
    ...windows.map((seconds) => ({ record: ratio(seconds), expr: `${failures(seconds)}\n  / (${all(seconds)} > 0)` })),
    ...BURNS.map(({ severity, long, short, burn, least, gone }) => ({
      alert: 'OtpCallErrorBudgetBurn' as const,
      severity,
      expr: `${ratio(long)} > ${burn} * ${ALLOWED}
  and
${ratio(short)} > ${burn} * ${ALLOWED}
  and
${failures(long)} > ${least}`,
      for: t.wait(60),
      description: `{{ $value | humanizePercentage }} of the calls to {{ $labels.behaviour }} in cluster {{ $labels.cluster }} failed in the last ${WINDOW_NAMES[long]}: ${gone}.`,
    })),
  ]
}

/** What callers feel. */
export const processes = (t: Times): readonly Group[] => [
  { name: 'otp-processes', interval: t.every(15), rules: waiting(t) },
  { name: 'otp-calls', interval: t.every(30), rules: budget(t) },
]
