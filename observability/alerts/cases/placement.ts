// Pure. Cases of processes that move: moves that fail, are slow or hang, and drains that only look so.
import { type Case, of } from '../case.ts'
import { part, series } from '../promql.ts'

const handoffs = (outcome: string, reason = 'rebalance'): string => series('otp_handoffs_total', { ...of('a'), reason, outcome })
const total = (which: 'bucket' | 'count', le?: string): string =>
  part('otp_handoff_duration_seconds', which, { ...of('a'), phase: 'total' }, le)
const inProgress = series('otp_handoffs_in_progress', { ...of('a'), direction: 'out' })
const imbalance = (instance: string): string => series('otp_placement_imbalance_ratio', of(instance))
const names = (instance: string): string => series('otp_registry_names', of(instance))

export const placementCases: readonly Case[] = [
  {
    says: 'handoffs of which a third is refused fail',
    series: { [handoffs('completed')]: '0x20 20x60', [handoffs('refused')]: '0x20 10x60', [handoffs('resumed')]: '0x100' },
    at: {
      '5m': [],
      '8m': [
        {
          alert: 'OtpHandoffFailing',
          severity: 'warning',
          labels: { cluster: 'local', reason: 'rebalance' },
          description: '10 handoffs (rebalance) in cluster local did not come about in the last 10 minutes, over a tenth of all.',
        },
      ],
      '17m': [],
    },
  },
  {
    says: 'a few refusals in a drain of hundreds, and moves whose process ended meanwhile, are no failure',
    series: {
      [handoffs('completed', 'drain')]: '0x20 500x60',
      [handoffs('refused', 'drain')]: '0x20 8x60',
      [handoffs('stopped', 'drain')]: '0x20 90x60',
    },
    at: { '8m': [] },
    quiet: ['OtpHandoffFailing'],
  },
  {
    says: 'handoffs that take eight seconds are slow',
    series: {
      [total('bucket', '3')]: '0x100',
      [total('bucket', '10')]: '0x20 5+5x60',
      [total('bucket', '+Inf')]: '0x20 5+5x60',
      [total('count')]: '0x20 5+5x60',
    },
    at: {
      '5m': [],
      '10m': [
        {
          alert: 'OtpHandoffSlow',
          severity: 'warning',
          labels: { cluster: 'local' },
          description: 'One handoff in a hundred takes over 9.93s in cluster local; 3 s are enough.',
        },
      ],
    },
  },
  {
    says: 'one slow handoff among a few is an anecdote, and fast ones are fast',
    series: {
      [total('bucket', '3')]: '0x20 7x60',
      [total('bucket', '10')]: '0x20 8x60',
      [total('bucket', '+Inf')]: '0x20 8x60',
      [total('count')]: '0x20 8x60',
    },
    at: { '8m': [] },
    quiet: ['OtpHandoffSlow'],
  },
  {
    says: 'two processes that are held for minutes while no handoff ends are stuck',
    series: { [inProgress]: '0x20 2x60', [handoffs('completed', 'drain')]: '7x100' },
    at: {
      '7m': [],
      '9m': [
        {
          alert: 'OtpHandoffStuck',
          severity: 'critical',
          labels: { cluster: 'local', instance: 'a' },
          description:
            'At least 2 processes of a in cluster local have been held for a move for over 2 minutes, and none has ended. They answer nobody.',
        },
      ],
    },
  },
  {
    says: 'a long drain that always has some under way gets on, as its ends say',
    series: { [inProgress]: '0x20 16x60', [handoffs('completed', 'drain')]: '0x20 10+10x60' },
    at: { '9m': [], '15m': [] },
    quiet: ['OtpHandoffStuck'],
  },
  {
    says: 'a node with twice its share is uneven when it lasts',
    series: { [imbalance('a')]: '1x20 2x120', [imbalance('b')]: '1x20 2x120' },
    at: {
      '15m': [],
      '21m': [
        {
          alert: 'OtpUnevenPlacement',
          severity: 'warning',
          labels: { cluster: 'local' },
          description: 'The fullest node of cluster local runs 2.0 times its share of children.',
        },
      ],
    },
  },
  {
    says: 'ten children may fall as they like',
    series: { [imbalance('a')]: '1x20 2x120', ...Object.fromEntries(['a', 'b', 'c'].map((instance) => [names(instance), '10x200'])) },
    at: { '25m': [] },
    quiet: ['OtpUnevenPlacement'],
  },
]
