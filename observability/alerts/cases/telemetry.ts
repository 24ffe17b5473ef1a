// Pure. Cases of watching itself: evidence that is lost, pages that are slow or large, and a cluster that says nothing.
import { type Case, type Firing, of, up } from '../case.ts'
import { series } from '../promql.ts'

const spans = (outcome: string): string => series('otp_telemetry_spans_total', { ...of('a'), scope: 'otp.lifecycle', outcome })
const scrape = 'scrape_duration_seconds{job="otp",cluster="local",instance="a"}'
const exposed = series('otp_telemetry_series', of('a'))
const overflow = series('otp_telemetry_label_overflow_total', { ...of('a'), metric: 'otp_processes' })

const absent = (labels: Readonly<Record<string, string>>): Firing => ({
  alert: 'OtpMetricsAbsent',
  severity: 'critical',
  labels,
  description: `No node of cluster ${labels['cluster'] ?? '(unknown)'} answers its scrapes, or there are no targets: nothing else here can fire.`,
})

const every = (values: string): Record<string, string> => Object.fromEntries(['a', 'b', 'c'].map((instance) => [up(instance), values]))
const gone = series('otp_cluster_members_expected', of('a'))

export const telemetryCases: readonly Case[] = [
  {
    says: 'lifecycle spans that are dropped in a burst are evidence lost',
    series: { [spans('exported')]: '0x20 2000x60', [spans('dropped')]: '0x20 8000x60' },
    at: {
      '5m': [],
      '7m': [
        {
          alert: 'OtpSpansDropped',
          severity: 'warning',
          labels: { cluster: 'local', scope: 'otp.lifecycle' },
          description:
            '8000 spans of scope otp.lifecycle in cluster local did not reach the collector in the last 10 minutes, over one in a hundred.',
        },
      ],
      '17m': [],
    },
  },
  {
    says: 'one batch in a thousand that fails is life',
    series: { [spans('exported')]: '0+1000x100', [spans('failed')]: '0x20 20x60' },
    at: { '7m': [] },
    quiet: ['OtpSpansDropped'],
  },
  {
    says: 'scrapes that take three seconds are slow',
    series: { [scrape]: '0.02x20 3x60' },
    at: {
      '5m': [],
      '12m': [
        {
          alert: 'OtpScrapeSlow',
          severity: 'warning',
          labels: { cluster: 'local', instance: 'a', job: 'otp' },
          description: 'Scrapes of a in cluster local take 3s on average; at 10 s they fail.',
        },
      ],
    },
  },
  {
    says: 'one slow scrape is one slow scrape',
    series: { [scrape]: '0.02x20 8 0.02x60' },
    at: { '6m': [], '8m': [] },
    quiet: ['OtpScrapeSlow'],
  },
  {
    says: 'four thousand series on a node are too many',
    series: { [exposed]: '800x20 4000x60' },
    at: {
      '8m': [],
      '12m': [
        {
          alert: 'OtpSeriesExplosion',
          severity: 'warning',
          labels: { cluster: 'local', instance: 'a' },
          description:
            'a in cluster local exposes more than 4000 series, or has counted that many facts under the label “other” in 15 minutes.',
        },
      ],
    },
  },
  {
    says: 'a label that runs out of values is told, however few series there are',
    series: { [overflow]: '0x20 50x60' },
    at: {
      '12m': [
        {
          alert: 'OtpSeriesExplosion',
          severity: 'warning',
          labels: { cluster: 'local', instance: 'a' },
          description:
            'a in cluster local exposes more than 50 series, or has counted that many facts under the label “other” in 15 minutes.',
        },
      ],
    },
  },
  {
    says: 'two thousand series are within the budget of a node with twenty behaviours',
    series: { [exposed]: '2400x100' },
    at: { '12m': [] },
    quiet: ['OtpSeriesExplosion'],
  },
  {
    says: 'a cluster of which no node answers is absent, and its nodes are not told one by one',
    series: { ...every('1x20 0x60'), [gone]: '3x20 stale', ...silent() },
    at: { '6m': [], '9m': [absent({ cluster: 'local' })] },
    quiet: ['OtpNodeDown'],
  },
  {
    says: 'targets that vanish from the discovery are absent, too, and the watchdog fires on',
    series: { ...every('1x20 stale'), ...silent() },
    at: {
      '6m': [],
      '9m': [
        absent({}),
        {
          alert: 'OtpWatchdog',
          severity: 'info',
          labels: {},
          description: 'Prometheus evaluates rules, and Alertmanager passes alerts on. That is all it says, for every cluster.',
        },
      ],
    },
  },
  {
    says: 'two nodes of three that do not answer leave one that tells',
    series: { [up('b')]: '1x20 0x60', [up('c')]: '1x20 0x60', ...silent() },
    at: { '6m': [] },
    quiet: ['OtpMetricsAbsent'],
  },
]

/** The others’ gauges go with them; what the counters said does not matter here. */
function silent(): Record<string, string> {
  return Object.fromEntries(
    ['a', 'b', 'c'].flatMap((instance) => [
      [series('otp_cluster_members_expected', of(instance)), '3x20 stale'],
      [series('otp_cluster_members', { ...of(instance), status: 'up' }), '3x20 stale'],
      [series('otp_cluster_members', { ...of(instance), status: 'leaving' }), '0x20 stale'],
      [series('otp_cluster_members', { ...of(instance), status: 'down' }), '0x20 stale'],
    ]),
  )
}
