// Pure. Cases of crashes: what is a storm, what only looks like one, and what a storm must not hide behind.
import { type Case, type Firing, of } from '../case.ts'
import { part, series } from '../promql.ts'
import { deploy } from './membership.ts'

const restarts = (instance: string, supervisor: string, cause = 'crash'): string =>
  series('otp_supervisor_restarts_total', { ...of(instance), supervisor, cause })
const used = (supervisor: string, le: string): string =>
  part('otp_supervisor_restart_intensity_used_ratio', 'bucket', { ...of('a'), supervisor }, le)
const gaveUp = series('otp_supervisor_intensity_exceeded_total', { ...of('a'), supervisor: 'root/lots' })

const storm = (supervisor: string, times: number): Firing => ({
  alert: 'OtpRestartStorm',
  severity: 'warning',
  labels: { cluster: 'local', supervisor, scope: 'supervisor' },
  description: `Supervisor ${supervisor} of cluster local restarted crashed children ${times} times in the last 5 minutes.`,
})
const stormEverywhere: Firing = {
  alert: 'OtpRestartStorm',
  severity: 'critical',
  labels: { cluster: 'local', scope: 'cluster' },
  description:
    '3 supervisors of cluster local restart crashed children again and again: look for what they share, a node, a dependency or a new version.',
}
const regression: Firing = {
  alert: 'OtpVersionCrashRegression',
  severity: 'critical',
  labels: { cluster: 'local', version: '2' },
  description:
    'Version 2 in cluster local has 10.4 crashes a minute and thousand processes, over five times as many as the version before it.',
}

const DRIP = Array.from({ length: 240 }, (_, index) => Math.floor(index / 4)).join(' ')

export const supervisionCases: readonly Case[] = [
  {
    says: 'a storm in one supervisor fires as a warning that names it, and not before its time',
    series: { [restarts('a', 'root/lots')]: '0x20 2+2x39', [restarts('a', 'root/bank')]: '0x60' },
    at: { '5m': [], '10m': [storm('root/lots', 40)] },
  },
  {
    says: 'crashes of one supervisor that are spread over two nodes add up to one storm',
    series: { [restarts('a', 'root/lots')]: '0x20 1+1x39', [restarts('b', 'root/lots')]: '0x20 1+1x39' },
    at: { '10m': [storm('root/lots', 40)] },
  },
  {
    says: 'storms in three supervisors are critical for the cluster, beside the three warnings',
    series: { [restarts('a', 'one')]: '0x20 2+2x39', [restarts('a', 'two')]: '0x20 2+2x39', [restarts('b', 'three')]: '0x20 2+2x39' },
    at: { '10m': [storm('one', 40), storm('two', 40), storm('three', 40), stormEverywhere] },
  },
  {
    says: 'storms in two supervisors are no emergency of the cluster',
    series: { [restarts('a', 'one')]: '0x20 2+2x39', [restarts('a', 'two')]: '0x20 2+2x39' },
    at: { '10m': [storm('one', 40), storm('two', 40)] },
  },
  {
    says: 'storms of another cluster do not add up with those of this one',
    series: {
      [restarts('a', 'one')]: '0x20 2+2x39',
      [restarts('a', 'two')]: '0x20 2+2x39',
      [series('otp_supervisor_restarts_total', { cluster: 'other', instance: 'x', supervisor: 'one', cause: 'crash' })]: '0x20 2+2x39',
    },
    at: {
      '10m': [
        storm('one', 40),
        storm('two', 40),
        {
          ...storm('one', 40),
          labels: { cluster: 'other', supervisor: 'one', scope: 'supervisor' },
          description: 'Supervisor one of cluster other restarted crashed children 40 times in the last 5 minutes.',
        },
      ],
    },
  },
  {
    says: 'the first restarts of a supervisor count, since its counter starts at 0',
    series: { [restarts('a', 'root/lots')]: '0x20 25x40' },
    at: { '7m': [storm('root/lots', 25)] },
  },
  {
    says: 'a counter that were born at 25 would be invisible, which is why there are zeros',
    series: { [restarts('a', 'root/lots')]: '_x21 25x40' },
    at: { '7m': [] },
    quiet: ['OtpRestartStorm'],
  },
  {
    says: 'a supervisor with a small budget storms when it comes near it again and again',
    series: {
      [restarts('a', 'small')]: '0x20 1 2 3 4 5 6 6x40',
      [used('small', '0.5')]: '0x20 1 1 1 1 1 1 1x40',
      [used('small', '+Inf')]: '0x20 1 2 3 4 5 6 6x40',
    },
    at: { '8m': [storm('small', 6)] },
  },
  {
    says: 'restarts that use the budget but are no crashes do not fire',
    series: {
      [restarts('a', 'small', 'exit')]: '0x20 1 2 3 4 5 6 6x40',
      [restarts('a', 'small')]: '0x70',
      [used('small', '0.5')]: '0x20 1 1 1 1 1 1 1x40',
      [used('small', '+Inf')]: '0x20 1 2 3 4 5 6 6x40',
    },
    at: { '8m': [] },
    quiet: ['OtpRestartStorm'],
  },
  {
    says: 'a storm that is over keeps firing for five minutes and then stops',
    series: { [restarts('a', 'root/lots')]: '0x20 2+2x19 40x80' },
    at: { '15m': [storm('root/lots', 40)].map((one) => ({ ...one, description: one.description.replace('40', '22') })), '21m': [] },
  },
  {
    says: 'a drip of one crash a minute, far from the budget, is no storm; when it has gone on for long it is a slow loop',
    series: { [restarts('a', 'root/lots')]: DRIP, [used('root/lots', '0.5')]: DRIP, [used('root/lots', '+Inf')]: DRIP },
    at: {
      '6m': [],
      '25m': [],
      '45m': [
        {
          alert: 'OtpCrashLoopSlow',
          severity: 'warning',
          labels: { cluster: 'local', supervisor: 'root/lots' },
          description: 'Supervisor root/lots of cluster local restarted crashed children 45 times in the last hour, and goes on.',
        },
      ],
    },
    quiet: ['OtpRestartStorm'],
  },
  {
    says: 'a storm of half an hour ago that has not come back is no slow loop',
    series: { [restarts('a', 'root/lots')]: '0x20 10+10x4 50x240' },
    at: { '20m': [], '40m': [], '55m': [] },
    quiet: ['OtpCrashLoopSlow'],
  },
  {
    says: 'the first time a supervisor gives up is seen, for its counter starts at 0',
    series: { [gaveUp]: '0x20 1x80' },
    at: {
      '5m': [],
      '6m': [
        {
          alert: 'OtpSupervisorGaveUp',
          severity: 'critical',
          labels: { cluster: 'local', supervisor: 'root/lots' },
          description:
            'Supervisor root/lots of cluster local gave up 1 times in the last 10 minutes; its own supervisor starts all that was under it anew.',
        },
      ],
      '16m': [],
    },
  },
  {
    says: 'a node that starts anew has not given up, whatever its counter said before',
    series: { [gaveUp]: '3x20 0x60' },
    at: { '4m': [], '6m': [], '10m': [] },
    quiet: ['OtpSupervisorGaveUp'],
  },
  {
    says: 'a release that crashes beside an older one that does not is told from it, before it is a storm',
    series: {
      [series('otp_node_info', { ...of('c'), version: '1' })]: '1x20 stale',
      [series('otp_node_info', { ...of('c'), version: '2' })]: '_x21 1x80',
      [series('otp_node_uptime_seconds', of('c'))]: '9000x20 0+15x80',
      [restarts('a', 'root/lots')]: '0x100',
      [restarts('c', 'one')]: '0x24 1+1x80',
      [restarts('c', 'two')]: '0x24 1+1x80',
      [restarts('c', 'three')]: '0x24 1+1x80',
    },
    at: {
      '6m': [deploy],
      '15m': [deploy, regression],
    },
  },
  {
    says: 'a version that comes to a node whose old one had crashed is no regression, and neither is the old one that it cures',
    series: {
      [series('otp_node_info', { ...of('c'), version: '1' })]: '1x20 stale',
      [series('otp_node_info', { ...of('c'), version: '2' })]: '_x21 1x80',
      [series('otp_node_uptime_seconds', of('c'))]: '9000x20 0+15x80',
      [restarts('c', 'root/lots')]: '0x10 2 4 6 8 10 12 14 16 17x3 0x80',
    },
    at: { '6m': [deploy], '8m': [deploy], '12m': [deploy] },
    quiet: ['OtpVersionCrashRegression', 'OtpRestartStorm'],
  },
]
