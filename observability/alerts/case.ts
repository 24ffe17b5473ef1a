// Pure. A case of the rules: series in, exactly these alerts out; and how it becomes a test of promtool's.
import type { AlertName, Severity } from '#vocabulary'
import { part, series } from './promql.ts'
import { annotationsOf, type Group } from './rule.ts'

/** An alert that has to fire. */
export interface Firing {
  readonly alert: AlertName
  readonly severity: Severity
  readonly labels: Readonly<Record<string, string>>
  readonly description: string
}

/** What Prometheus is shown, and what it has to say of it. */
export interface Case {
  readonly says: string
  /** Values by series, one every 15 s, in promtool's notation; what is not given is a cluster in health. */
  readonly series: Readonly<Record<string, string>>
  /** All that fires at a time; only the watchdog goes without saying. */
  readonly at: Readonly<Record<string, readonly Firing[]>>
  /** Alerts that this case shows to be silent where one might expect them. */
  readonly quiet?: readonly AlertName[]
}

/** Series that are 15 s apart. */
export const SAMPLE_SECONDS = 15

/** A series by a function of the number of its sample; `undefined` is a scrape without it, after which it is stale. */
export function samples(count: number, value: (index: number) => number | undefined): string {
  let before: number | undefined
  return Array.from({ length: count }, (_, index) => {
    const now = value(index)
    const text = now === undefined ? (before === undefined ? '_' : 'stale') : String(now)
    before = now
    return text
  }).join(' ')
}

/** The node a series is of. */
export const of = (instance: string) => ({ cluster: 'local', instance })

const NODES = ['a', 'b', 'c'] as const

/** Three nodes in health, for so many samples. */
function healthy(count: number): Record<string, string> {
  const always = (value: number): string => `${value}x${count}`
  return Object.assign(
    {},
    ...NODES.map((instance) => {
      const node = of(instance)
      return {
        [up(instance)]: always(1),
        [`scrape_duration_seconds{job="otp",cluster="local",instance="${instance}"}`]: always(0.02),
        [series('otp_node_info', { ...node, version: '1' })]: always(1),
        [series('otp_node_draining', node)]: always(0),
        [series('otp_node_uptime_seconds', node)]: `86400+15x${count}`,
        [series('otp_processes', { ...node, behaviour: 'lot' })]: always(1000),
        [series('otp_cluster_members_expected', node)]: always(NODES.length),
        [series('otp_cluster_members', { ...node, status: 'up' })]: always(NODES.length),
        [series('otp_cluster_members', { ...node, status: 'leaving' })]: always(0),
        [series('otp_cluster_members', { ...node, status: 'down' })]: always(0),
        [series('otp_cluster_view_checksum', node)]: always(3_735_928_559),
        [series('otp_cluster_quorum', node)]: always(1),
        [series('otp_cluster_membership_changes_total', { ...node, change: 'leave', cause: 'left' })]: always(0),
        [series('otp_placement_imbalance_ratio', node)]: always(1.1),
        [series('otp_registry_names', node)]: always(3000),
        [series('otp_mailbox_oldest_message_age_seconds', { ...node, behaviour: 'lot' })]: always(0.01),
        [series('otp_handler_in_progress_max_seconds', { ...node, behaviour: 'lot' })]: always(0.01),
        [series('otp_calls_total', { ...node, behaviour: 'lot', outcome: 'ok' })]: `0+15000x${count}`,
        [series('otp_calls_total', { ...node, behaviour: 'lot', outcome: 'timeout' })]: always(0),
        [part('otp_eventloop_lag_seconds', 'bucket', node, '0.01')]: `0+150x${count}`,
        [part('otp_eventloop_lag_seconds', 'bucket', node, '+Inf')]: `0+150x${count}`,
        [series('otp_telemetry_series', node)]: always(800),
        [series('otp_telemetry_spans_total', { ...node, scope: 'otp.message', outcome: 'exported' })]: `0+100x${count}`,
      }
    }),
  ) as Record<string, string>
}

/** Prometheus' own word on a target. */
export const up = (instance: string): string => `up{job="otp",cluster="local",instance="${instance}"}`

/** A file of promtool's. Groups are evaluated in this order; without one, an alert may read what was recorded a round ago. */
export function promtoolFile(ruleFiles: readonly string[], groups: readonly Group[], cases: readonly Case[]): object {
  return {
    rule_files: ruleFiles,
    evaluation_interval: '15s',
    group_eval_order: groups.map(({ name }) => name),
    tests: cases.map(promtoolTest),
  }
}

function promtoolTest({ says, series: given, at, quiet = [] }: Case): object {
  const moments = Object.entries(at)
  const count = Math.ceil(Math.max(...moments.map(([time]) => secondsOf(time))) / SAMPLE_SECONDS) + 1
  return {
    name: says,
    interval: `${SAMPLE_SECONDS}s`,
    input_series: Object.entries({ ...healthy(count), ...given }).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: moments.map(([time, firing]) => ({
      expr: 'ALERTS{alertstate="firing",alertname!="OtpWatchdog"}',
      eval_time: time,
      ...expectedSamples(firing.filter(({ alert }) => alert !== 'OtpWatchdog')),
    })),
    alert_rule_test: moments.flatMap(([time, firing]) => [
      ...[...new Set(firing.map(({ alert }) => alert))].map((alert) => ({
        eval_time: time,
        alertname: alert,
        exp_alerts: firing.filter((one) => one.alert === alert).map(expected),
      })),
      ...quiet.map((alert) => ({ eval_time: time, alertname: alert })),
    ]),
  }
}

/** Of `90s`, `5m` or `2h`. */
function secondsOf(time: string): number {
  return Number.parseInt(time, 10) * ({ s: 1, m: 60, h: 3600 }[time.at(-1) ?? ''] ?? Number.NaN)
}

function expectedSamples(firing: readonly Firing[]): object {
  return firing.length === 0 ? {} : { exp_samples: firing.map((one) => ({ labels: alertSeries(one), value: 1 })) }
}

function alertSeries({ alert, severity, labels }: Firing): string {
  const all = { alertname: alert, alertstate: 'firing', severity, ...labels }
  return `ALERTS{${Object.entries(all)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')}}`
}

function expected({ alert, severity, labels, description }: Firing): object {
  const annotations = Object.entries(annotationsOf(alert)).map(([name, text]) => [
    name,
    text.replace('{{ $labels.cluster }}', labels['cluster'] ?? ''),
  ])
  return { exp_labels: { severity, ...labels }, exp_annotations: { description, ...Object.fromEntries(annotations) } }
}
