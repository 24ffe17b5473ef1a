// `npm run bench -- handoff`: one of three nodes, OS processes on loopback, leaves with 10,000 children of 1 KiB each.
import type { Bench, Row } from '#bench/support/bench.ts'
import { nodeProgram } from '#bench/support/child.ts'
import type { Goal } from '#bench/support/goals.ts'

const row = (name: string, title: string, unit: string, figure: string, bound?: number): Row => ({
  name,
  title,
  unit,
  better: 'lower',
  ours: { command: nodeProgram('bench/handoff/ours.ts', 'drain-10k'), figure },
  peers: {},
  goals: bound === undefined ? [] : ([{ bound }] satisfies Goal[]),
})

/** The rows in the order in which they are printed. */
export const handoff: Bench = {
  name: 'handoff',
  referencesOf: '',
  rows: [
    row('drain-10k', '10,000 children of 1 KiB each leave one of three nodes: until the last one has gone', 'ms', 'drainMs', 3000),
    row('stop-10k', 'the same, until the node has stopped', 'ms', 'stopMs'),
    row('held-p50', 'how long a child handles no message, in half of all cases', 'ms', 'heldP50'),
    row('held-p99', 'the same, in 99 of 100 cases', 'ms', 'heldP99', 100),
    row('held-max', 'the same, at most', 'ms', 'heldMax'),
    row('not-moved', 'children that were not handed over', 'children', 'notMoved', 0),
    row('not-there', 'children that run nowhere afterwards, or twice if below 0', 'children', 'notThere', 0),
    row('call-p99', 'a call from a node that stays to a child meanwhile, in 99 of 100 cases', 'ms', 'callP99'),
    row('call-max', 'the same, at most', 'ms', 'callMax'),
    row('call-failed', 'calls that failed meanwhile', 'calls', 'failed', 0),
    row('lag-p99', 'event-loop lag of the nodes that stay meanwhile, in 99 of 100 samples', 'ms', 'lagP99', 50),
    row('lag-max', 'the same, at most', 'ms', 'lagMax'),
  ],
}
