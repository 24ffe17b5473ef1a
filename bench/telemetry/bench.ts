// `npm run bench -- telemetry`: what metrics and traces cost, beside the same with nothing that watches.
import type { Bench, Row, Source } from '#bench/support/bench.ts'
import { nodeProgram } from '#bench/support/child.ts'

type Mode = 'nothing' | 'metrics' | 'unsampled' | 'one-percent' | 'all' | 'unaggregated'

const IN_WORDS: Readonly<Record<Mode, string>> = {
  nothing: 'nothing watches',
  metrics: 'metrics, logs and the event log',
  unsampled: 'those, and traces of which none is kept',
  'one-percent': 'the same, one request in a hundred is kept',
  all: 'the same, every request is kept',
  unaggregated: 'the same, with a span for every start and restart however many there are',
}

const program = (name: string, measure: string): Source['command'] => nodeProgram(`bench/telemetry/ours/${name}.ts`, measure)

/** One row a mode, beside what it costs when nothing watches; `goals`: the least share of that. */
function rates(name: string, from: string, title: string, unit: string, goals: { readonly [M in Mode]?: number | null }): Row[] {
  const source = (mode: Mode): Source => ({ command: program(from, `${name}-${mode}`), figure: 'perSecond' })
  return (Object.entries(goals) as [Mode, number | null][]).map(([mode, least]) => ({
    name: `${name}-${mode}`,
    title: `${title}; ${IN_WORDS[mode]}`,
    unit: `${unit} a second of processor time`,
    better: 'higher',
    ours: source(mode),
    peers: { 'nothing watches': { source: source('nothing') } },
    goals: least === null ? [] : [{ times: least, peer: 'nothing watches' }],
  }))
}

const scrapes = [100, 1000, 10_000, 100_000].flatMap((population): Row[] => {
  const command = program('weight', `scrape-${population}`)
  const common = { better: 'lower', peers: {}, unit: 'ms' } as const
  return [
    { ...common, name: `scrape-${population}`, title: `a scrape with ${population} processes`, ours: { command, figure: 'ms' }, goals: [] },
    {
      ...common,
      name: `scrape-block-${population}`,
      title: 'the longest time for which it keeps the event loop from turning',
      ours: { command, figure: 'stretchMs' },
      goals: [{ bound: 5 }],
    },
  ]
})

const weights = (['nothing', 'metrics', 'unsampled', 'one-percent', 'all', 'unaggregated'] as const).flatMap((mode): Row[] => {
  const command = program('weight', `memory-${mode}`)
  const common = { better: 'lower', peers: {} } as const
  return [
    {
      ...common,
      name: `memory-${mode}`,
      title: `heap of a runtime with 10,000 processes; ${IN_WORDS[mode]}`,
      unit: 'MB',
      ours: { command, figure: 'heapMb' },
      goals: [],
    },
    {
      ...common,
      name: `rss-${mode}`,
      title: 'the whole OS process, after a storm of 10,000 restarts',
      unit: 'MB',
      ours: { command, figure: 'rssMb' },
      goals: [],
    },
    {
      ...common,
      name: `after-storm-${mode}`,
      title: 'the heap a minute after that storm, beside what it was before',
      unit: 'times',
      ours: { command, figure: 'afterStorm' },
      goals: [{ bound: 1.05 }],
    },
  ]
})

/** The rows in the order in which they are printed. */
export const telemetry: Bench = {
  name: 'telemetry',
  referencesOf: '',
  rows: [
    ...rates('call', 'messages', 'calls of one caller, a hundred a request', 'calls', {
      metrics: 0.95,
      unsampled: 0.9,
      'one-percent': 0.85,
      all: null,
    }),
    ...rates('cast', 'messages', 'casts, a hundred a request', 'casts', { metrics: null, unsampled: null, 'one-percent': null, all: null }),
    ...rates('spawn', 'lives', '100,000 children started one after the other', 'starts', {
      metrics: null,
      unsampled: null,
      all: 0.7,
      unaggregated: null,
    }),
    ...rates('restart', 'lives', 'a storm: 10,000 children crash at once', 'restarts', {
      metrics: null,
      unsampled: null,
      all: 0.7,
      unaggregated: null,
    }),
    ...scrapes,
    ...weights,
  ],
}
