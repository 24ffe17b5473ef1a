// Answers about processes and the tree they live in.
import { z } from 'zod'
import { about, clusterWide, count, exitClass, milliseconds, next, recordedMessage, time } from './parts.ts'

/** By what lists of processes are ordered, the most first; `age` has the oldest first. */
export const PROCESS_ORDERS = ['mailbox', 'oldest', 'rate', 'handled', 'busy', 'restarts', 'age'] as const

const processRow = z.object({
  node: z.string(),
  pid: z.string(),
  behaviour: z.string(),
  supervisor: z.string().nullable().describe('path of its supervisor'),
  child: z.string().nullable().describe('its id there'),
  name: z.string().nullable().describe('on its node'),
  label: z.string().nullable(),
  status: z.enum(['starting', 'idle', 'ready', 'running', 'waiting', 'suspended', 'ending', 'dead']),
  mailbox: count.describe('messages that wait'),
  oldestMs: milliseconds.describe('how long the oldest of them has waited'),
  handled: count.describe('messages in its life'),
  perSecond: z.number().nonnegative().nullable().describe('messages handled a second, over `windowMs`; null: not known yet'),
  restarts: count.describe('of the child that it is, since its specification was added'),
  ageMs: milliseconds,
  links: count,
  monitors: count,
  monitoredBy: count,
  trapExit: z.boolean(),
  handling: z.string().nullable().describe('the message under way, such as `call bid`'),
  handlingMs: milliseconds,
})

export const processes = clusterWide.extend({
  processes: z.array(
    processRow.extend({
      stateBytes: count
        .nullable()
        .describe(
          'what its behaviour lets be seen of its state, packed; null: not asked for, nothing may be seen, it was handling a message, it is over 256 KiB or no plain data, or the time for it was over',
        ),
    }),
  ),
  next,
  matching: count.describe('processes that the filter lets through, on all nodes that answered'),
  windowMs: milliseconds.describe('0: nobody had asked in the last 10 s; ask again in a second for rates'),
})

export const crash = z.object({
  at: time,
  pid: z.string(),
  reason: z.string(),
  handling: z.string().nullable(),
  trace: z.string().nullable().describe('trace id'),
  flight: z.array(recordedMessage).describe('the last messages it took up, oldest first'),
})

export const process = about.extend({
  process: processRow.extend({
    parent: z.string().nullable(),
    linkedWith: z.array(z.string()).describe('up to 100; `links` says how many'),
    monitoring: z.array(z.string()),
    monitoredByPids: z.array(z.string()),
    names: z.array(z.string()).describe('in the whole cluster'),
    messages: z.array(z.string()).describe('the next 100 that wait: kind and name, never what they hold'),
    flight: z.array(recordedMessage),
    timers: count,
    showsState: z.boolean(),
    lastCrash: crash.nullable().describe('of the child that it is'),
  }),
})

export const state = about.extend({
  pid: z.string(),
  behaviour: z.string(),
  state: z.unknown().describe('what the behaviour lets be seen of it'),
  bytes: count.describe('of the JSON in `state`'),
  truncated: z.boolean().describe('whether there was more than 64 KiB, 10,000 values or 16 levels'),
})

const supervisorPart = z.object({
  path: z.string(),
  strategy: z.string(),
  specified: count,
  active: count,
  restarting: count,
  maxRestarts: count,
  periodMs: milliseconds,
  restartsInPeriod: count,
})

export const tree = about.extend({
  of: z.string().describe('the node whose tree it is'),
  entries: z
    .array(
      z.object({
        depth: count.describe('0: the root asked for'),
        parent: z.string().nullable().describe('pid of its supervisor'),
        id: z.string().describe('among its siblings'),
        pid: z.string().nullable().describe('null: it does not run'),
        status: z.enum(['running', 'suspended', 'restarting', 'stopped']),
        type: z.enum(['worker', 'supervisor']),
        behaviour: z.string(),
        mailbox: count,
        oldestMs: milliseconds,
        handlingMs: milliseconds,
        restarts: count,
        lastRestartAt: time.nullable(),
        supervisor: supervisorPart.nullable().describe('null: a worker'),
      }),
    )
    .describe('depth first: each entry stands after its supervisor'),
  next,
})

export const restart = z.object({
  at: time,
  child: z.string(),
  behaviour: z.string(),
  cause: z.enum(['crash', 'exit', 'sibling', 'retry', 'manual']),
  reason: z.string().nullable().describe('the exit that led to it'),
  class: exitClass.nullable(),
  restartId: z.string().describe('shared by all restarts that one exit led to'),
  oldPid: z.string().nullable(),
  newPid: z.string(),
  budgetUsed: z.number().describe('share of the restart budget used with it, 0 to 1'),
  durationMs: milliseconds,
  trace: z.string().nullable().describe('trace id of the message that it crashed on'),
})

export const supervisors = clusterWide.extend({
  supervisors: z.array(
    z.object({
      node: z.string(),
      supervisor: z.string().describe('its path'),
      pid: z.string().nullable().describe('null: it has ended, its history is still known'),
      strategy: z.string(),
      children: z.object({ specified: count, active: count, restarting: count }),
      maxRestarts: count,
      periodMs: milliseconds,
      restartsInPeriod: count,
      budgetUsed: z.number(),
      restarts: count.describe('since its node started'),
      recent: z.array(restart).describe('the last 20, youngest first'),
    }),
  ),
  next,
})
