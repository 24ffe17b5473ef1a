// `npm run bench -- observer`: what it costs a node of 100,000 processes to be looked at.
import type { Bench, Row, Source } from '#bench/support/bench.ts'
import { nodeProgram } from '#bench/support/child.ts'

const ours = (measure: string, figure: string): { ours: Source } => ({
  ours: { command: nodeProgram('bench/observer/ours/looks.ts', measure), figure },
})

const row = (name: string, title: string, unit: string, better: Row['better'], source: { ours: Source }, bound: number): Row => ({
  name,
  title,
  unit,
  better,
  ...source,
  peers: {},
  goals: [{ bound }],
})

export const observer: Bench = {
  name: 'observer',
  referencesOf: 'no peer does this',
  rows: [
    row('processes', 'processes?limit=50, from request to answer', 'ms', 'lower', ours('processes', 'ms'), 25),
    row('processes-stretch', 'the longest stretch of event loop meanwhile', 'ms', 'lower', ours('processes', 'stretchMs'), 5),
    row('rate', 'processes?sort=rate&limit=50', 'ms', 'lower', ours('rate', 'ms'), 25),
    row('rate-stretch', 'the longest stretch of event loop meanwhile', 'ms', 'lower', ours('rate', 'stretchMs'), 5),
    row('tree', 'the first page of the tree', 'ms', 'lower', ours('tree', 'ms'), 50),
    row('tree-stretch', 'the longest stretch of event loop meanwhile', 'ms', 'lower', ours('tree', 'stretchMs'), 5),
    row(
      'looked-at',
      'calls a second of processor time with ten pages open, as a share of those with none',
      'share',
      'higher',
      ours('looked-at', 'share'),
      0.95,
    ),
  ],
}
