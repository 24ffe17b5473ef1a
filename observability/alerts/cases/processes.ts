// Pure. Cases of work that waits, hangs or fails, and of load that is only load.
import { type Case, type Firing, of } from '../case.ts'
import { part, series } from '../promql.ts'

const lot = (instance: string) => ({ ...of(instance), behaviour: 'lot' })
const age = series('otp_mailbox_oldest_message_age_seconds', lot('a'))
const running = series('otp_handler_in_progress_max_seconds', lot('a'))
const lag = (le: string): string => part('otp_eventloop_lag_seconds', 'bucket', of('a'), le)
const calls = (outcome: string, instance = 'a'): string => series('otp_calls_total', { ...lot(instance), outcome })

const burn = (severity: 'critical' | 'warning', description: string): Firing => ({
  alert: 'OtpCallErrorBudgetBurn',
  severity,
  labels: { cluster: 'local', behaviour: 'lot' },
  description,
})

export const processesCases: readonly Case[] = [
  {
    says: 'a message that waits for half a minute and goes on waiting is a backlog',
    series: { [age]: '0x20 10 20 30 30x60' },
    at: {
      '5m': [],
      '8m': [
        {
          alert: 'OtpMailboxBacklog',
          severity: 'warning',
          labels: { cluster: 'local', instance: 'a', behaviour: 'lot' },
          description: 'A message to a lot on a of cluster local has been waiting for 30s.',
        },
      ],
    },
  },
  {
    says: 'fifty thousand messages that are gone within a second are no backlog, and neither is one late minute',
    series: { [series('otp_mailbox_messages', lot('a'))]: '50000x100', [age]: '0x20 8 9 8 0x60' },
    at: { '6m': [], '8m': [] },
    quiet: ['OtpMailboxBacklog'],
  },
  {
    says: 'a callback that has been running for two minutes is stuck',
    series: { [running]: '0x20 15+15x60' },
    at: {
      '5m': [],
      '9m': [
        {
          alert: 'OtpProcessStuck',
          severity: 'warning',
          labels: { cluster: 'local', instance: 'a', behaviour: 'lot' },
          description: 'A callback of lot on a of cluster local has been running for 4m 0s.',
        },
      ],
    },
  },
  {
    says: 'callbacks of twenty seconds, one after the other, are slow but not stuck',
    series: { [running]: '0x20 20x60' },
    at: { '9m': [] },
    quiet: ['OtpProcessStuck'],
  },
  {
    says: 'an event loop that is late by a second once in ten times lags',
    series: {
      [lag('0.01')]: '0x20 135+135x100',
      [lag('0.5')]: '0x20 135+135x100',
      [lag('2')]: '0x20 150+150x100',
      [lag('+Inf')]: '0x20 150+150x100',
    },
    at: {
      '5m': [],
      '12m': [
        {
          alert: 'OtpEventLoopLag',
          severity: 'warning',
          labels: { cluster: 'local', instance: 'a' },
          description: 'The event loop of a in cluster local is late by over 1.85s once in a hundred times.',
        },
      ],
    },
  },
  {
    says: 'one pause of two seconds in ten minutes is a pause',
    series: { [lag('0.01')]: '0x20 149+150x100', [lag('2')]: '0x20 150+150x100', [lag('+Inf')]: '0x20 150+150x100' },
    at: { '7m': [], '12m': [] },
    quiet: ['OtpEventLoopLag'],
  },
  {
    says: 'one call in twenty that times out burns a month of errors in a day and a half, and pages',
    series: { [calls('timeout')]: '0x20 2250+2250x400' },
    at: {
      '5m': [],
      '45m': [
        burn('critical', '4.255% of the calls to lot in cluster local failed in the last 1h: 2% of a month’s error budget in an hour.'),
        burn('warning', '4.255% of the calls to lot in cluster local failed in the last 6h: 5% of a month’s error budget in six hours.'),
      ],
    },
  },
  {
    says: 'one call in a hundred burns slowly, and is a ticket',
    series: { [calls('timeout')]: '0x20 450+450x400' },
    at: {
      '30m': [
        burn('warning', '0.8264% of the calls to lot in cluster local failed in the last 6h: 5% of a month’s error budget in six hours.'),
      ],
    },
  },
  {
    says: 'a burst of failures that is over, three failures of ten calls, and crashes without callers are no emergency',
    series: {
      [calls('error')]: '0x20 3000x100',
      [series('otp_calls_total', { ...of('a'), behaviour: 'rare', outcome: 'ok' })]: '0x20 7x100',
      [series('otp_calls_total', { ...of('a'), behaviour: 'rare', outcome: 'timeout' })]: '0x20 3x100',
    },
    at: { '15m': [] },
    quiet: ['OtpCallErrorBudgetBurn'],
  },
]
