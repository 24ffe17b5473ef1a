// Pure. Cases of leases: renewed in time, late, lost and given back, and what each must not be taken for.
import { type Case, type Firing, of } from '../case.ts'
import { series } from '../promql.ts'
import { deploy } from './membership.ts'

const age = series('otp_arbiter_lease_age_seconds', of('a'))
const limit = { [series('otp_arbiter_lease_limit_seconds', of('a'))]: '14x100' }
const mayOwn = series('otp_arbiter_may_own', of('a'))
const lost = series('otp_arbiter_leases_lost_total', { ...of('a'), cause: 'expired' })
const draining = series('otp_node_draining', of('a'))

const degraded: Firing = {
  alert: 'OtpArbiterDegraded',
  severity: 'warning',
  labels: { cluster: 'local', instance: 'a' },
  description: 'Node a of cluster local was late to renew its lease three times within 5 minutes, or has lost it.',
}
const leaseLost: Firing = {
  alert: 'OtpArbiterLeaseLost',
  severity: 'critical',
  labels: { cluster: 'local', instance: 'a' },
  description: 'Node a of cluster local has had no lease for over 30 s: it may own nothing, and its children were stopped.',
}

export const arbiterCases: readonly Case[] = [
  {
    says: 'a lease that is renewed in time',
    series: { ...limit, [age]: '0.5 2 4 5 0.1 3 4.9 1 2 5x92', [mayOwn]: '1x100', [lost]: '0x100' },
    at: { '10m': [] },
    quiet: ['OtpArbiterDegraded', 'OtpArbiterLeaseLost'],
  },
  {
    says: 'a leader that dies, and is replaced within five seconds, is life',
    series: { ...limit, [age]: '2x20 9.5 2x80', [mayOwn]: '1x100', [lost]: '0x100' },
    at: { '6m': [], '12m': [] },
    quiet: ['OtpArbiterDegraded', 'OtpArbiterLeaseLost'],
  },
  {
    says: 'a lease that is renewed late again and again',
    series: { ...limit, [age]: '2x20 9.5 2 2 10 2 2 8 2x80', [mayOwn]: '1x100', [lost]: '0x100' },
    at: { '5m': [], '7m': [degraded], '13m': [] },
    quiet: ['OtpArbiterLeaseLost'],
  },
  {
    says: 'a lease that was lost, and a new one between two scrapes: everything that ran was stopped',
    series: { ...limit, [age]: '2x100', [mayOwn]: '1x100', [lost]: '0x20 1x80' },
    at: { '5m': [], '6m': [degraded], '12m': [] },
    quiet: ['OtpArbiterLeaseLost'],
  },
  {
    says: 'an engine that is gone: the lease is late, then lost, and stays so until the engine is back',
    series: { ...limit, [age]: '2x20 12+15x20 2x60', [mayOwn]: '1x20 0x20 1x60', [lost]: '0x20 1x80' },
    at: { '5m': [], '6m': [degraded, leaseLost], '9m': [degraded, leaseLost], '11m': [degraded], '18m': [] },
  },
  {
    says: 'a node on its way out gives its lease back',
    series: { ...limit, [age]: '2x20 2+15x20', [mayOwn]: '1x20 0x20', [lost]: '0x40', [draining]: '0x18 1x22' },
    at: { '6m': [deploy] },
    quiet: ['OtpArbiterLeaseLost'],
  },
]
