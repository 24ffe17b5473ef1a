// Answers about names, and about children that move between nodes.
import { z } from 'zod'
import { clusterWide, count, milliseconds, next, time } from './parts.ts'

const claim = z.object({ node: z.string(), pid: z.string(), epoch: count })

export const registry = clusterWide.extend({
  names: z
    .array(
      z.object({
        name: z.string(),
        node: z.string().describe('of its owner'),
        pid: z.string(),
        epoch: count,
        behaviour: z.string(),
        ageMs: milliseconds.describe('since it was claimed'),
        supervised: z.boolean().describe('a child of the cluster: it is started again elsewhere if its node goes'),
      }),
    )
    .describe('in order; from the copy of the node that was asked'),
  next,
})

export const conflicts = clusterWide.extend({
  conflicts: z
    .array(
      z.object({
        node: z.string().describe('that stated it'),
        at: time,
        name: z.string(),
        winner: claim,
        loser: claim,
        resolution: z
          .enum(['kept', 'stopped', 'remote'])
          .describe('what the node did: kept its own, stopped its own, or neither was its own'),
      }),
    )
    .describe('the last 100 of each node, youngest first'),
})

const handoff = z.object({
  handoffId: z.string(),
  name: z.string(),
  behaviour: z.string(),
  from: z.string(),
  to: z.string(),
  reason: z.enum(['drain', 'rebalance', 'manual']),
  startedAt: time,
})

const handoffUnderWay = handoff.extend({
  reason: handoff.shape.reason.nullable().describe('null: only the node that it leaves knows'),
  direction: z
    .enum(['out', 'in'])
    .describe('out: as the node tells it that it leaves; in: as the other does, where that one has not answered or is through with it'),
  phase: z
    .enum(['prepare', 'transfer', 'activate', 'forward'])
    .describe('prepare: it is held and saved; transfer: its state goes over; activate: it starts there; forward: its messages go after it'),
  phaseMs: milliseconds.describe('in this phase'),
  forMs: milliseconds.describe('in all'),
  bytes: count.nullable().describe('size of its state; null: not saved yet'),
  arrivedBytes: count.describe('what of them is there'),
})

export const handoffs = clusterWide.extend({
  underWay: z.array(handoffUnderWay).describe('the oldest first, up to 1,000 a node'),
  underWayCount: count,
  ended: z
    .array(
      handoff.extend({
        outcome: z.enum(['completed', 'resumed', 'refused', 'stopped']),
        because: z.string().nullable(),
        bytes: count,
        forwarded: count.describe('messages that were sent after it'),
        durationMs: milliseconds,
        unavailabilityMs: milliseconds,
        phases: z
          .object({ prepare: milliseconds, transfer: milliseconds, activate: milliseconds, forward: milliseconds })
          .partial()
          .describe('in ms, those that there were'),
        trace: z.string().nullable(),
      }),
    )
    .describe('the last 100 of each node, youngest first'),
})

export const takeovers = clusterWide.extend({
  takeovers: z
    .array(
      z.object({
        node: z.string().describe('that took it over'),
        name: z.string(),
        behaviour: z.string(),
        from: z.string().describe('the node that was gone'),
        pid: z.string().nullable(),
        epoch: count,
        outcome: z.enum(['started', 'failed', 'superseded']),
        startedAt: time,
        durationMs: milliseconds,
      }),
    )
    .describe('the last 100 of each node, youngest first'),
})

export const placement = clusterWide.extend({
  imbalance: z.number().describe('children of the fullest node over the mean; 1 is even'),
  unplaced: count.describe('children for which no node can be found'),
  nodes: z.array(
    z.object({
      node: z.string(),
      names: count.describe('that it owns'),
      isCandidate: z.boolean().describe('whether it is given children'),
    }),
  ),
})

export const placementPlan = clusterWide.extend({
  mode: z.enum(['active', 'passive']),
  deviation: z.number().describe('how far the node is from its share that is furthest from it, as a part of a fair share'),
  threshold: z.number().describe('up to which nothing moves'),
  settledInMs: milliseconds.describe('how long until anything moves, if no node comes or goes'),
  counts: z.object({ now: count, not_movable: count, passive: count, balanced: count, cooling: count, settling: count }),
  moves: z
    .array(
      z.object({
        name: z.string(),
        behaviour: z.string(),
        from: z.string(),
        to: z.string(),
        reason: z.enum(['placement', 'not_a_member']),
        held: z
          .enum(['not_movable', 'passive', 'balanced', 'cooling', 'settling'])
          .nullable()
          .describe('why it does not move now; null: it does'),
      }),
    )
    .describe('children that belong on another node, those that move now first'),
})

export const quarantine = clusterWide.extend({
  quarantined: z.array(
    z.object({
      name: z.string(),
      behaviour: z.string(),
      at: time,
      reason: z.string(),
      attempts: count,
      nodes: z.array(z.string()).describe('where it failed'),
    }),
  ),
})
