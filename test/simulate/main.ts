// `npm run simulate`: so many seeds on all cores, what was found, and the story of a seed that found something.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { whyOf } from '#base'
import { ABLATIONS, type Subject, simulateWithout } from './ablations.ts'
import type { Outcome } from './simulation.ts'
import type { Share } from './worker.ts'

type Told = Omit<Outcome, 'transcript'>

const USAGE = `Usage: npm run simulate -- [options]
  --seeds N      how many seeds (2000)
  --from N       the first of them (1)
  --nodes N      nodes in each cluster; without it 3 to 5, by the seed
  --arbiter      the arbiter of names, with little around it, over a model of its engine
  --arbitrated   whole nodes that have such an arbiter
  --jobs N       threads; without it one a core
  --ablate RULE  with a rule switched off: ${Object.keys(ABLATIONS).join(', ')}
  --replay SEED  run one seed and tell all that happens in it`

/** Failing seeds whose story is told. */
const STORIES = 1
const SECOND = 1000

const say = (line: string) => process.stdout.write(`${line}\n`)

function options() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '2000' },
      from: { type: 'string', default: '1' },
      nodes: { type: 'string' },
      arbiter: { type: 'boolean', default: false },
      arbitrated: { type: 'boolean', default: false },
      jobs: { type: 'string', default: String(availableParallelism()) },
      ablate: { type: 'string' },
      replay: { type: 'string' },
    },
  })
  const whole = (name: 'seeds' | 'from' | 'nodes' | 'jobs' | 'replay') => {
    const text = values[name]
    if (text !== undefined && !/^[1-9]\d*$/.test(text)) throw new Error(`--${name}: expected a whole number from 1, got ${text}`)
    return Number(text)
  }
  const { ablate } = values
  if (ablate !== undefined && !(ablate in ABLATIONS))
    throw new Error(`--ablate: expected one of ${Object.keys(ABLATIONS).join(', ')}, got ${ablate}`)
  return {
    seeds: whole('seeds'),
    from: whole('from'),
    jobs: whole('jobs'),
    nodes: values.nodes === undefined ? undefined : whole('nodes'),
    replay: values.replay === undefined ? undefined : whole('replay'),
    ablate,
    subject: subjectOf(values),
  }
}

function subjectOf({ arbiter, arbitrated }: { arbiter: boolean; arbitrated: boolean }): Subject {
  if (arbitrated) return 'arbitrated'
  return arbiter ? 'arbiter' : 'nodes'
}

type Options = ReturnType<typeof options>

async function replay(seed: number, { nodes, ablate, subject }: Options): Promise<boolean> {
  const more = { ...(nodes === undefined ? {} : { nodes }), keepsTranscript: true }
  const { transcript, violations } = await simulateWithout(ablate, seed, more, subject)
  for (const line of transcript) say(line)
  for (const { kind, atMs, what } of violations) say(`${(atMs / SECOND).toFixed(3).padStart(8)} !! ${kind}: ${what}`)
  say(`seed ${seed}: ${violations.length} violation(s)`)
  return violations.length === 0
}

async function runAll({ seeds, from, jobs, nodes, ablate, subject }: Options): Promise<Told[]> {
  const outcomes: Told[] = []
  const shares = Array.from({ length: jobs }, (_, i): Share => ({ from: from + i, to: from + seeds, step: jobs, nodes, ablate, subject }))
  await Promise.all(
    shares.map(
      (share) =>
        new Promise<void>((resolve, reject) => {
          const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: share })
          worker.on('message', (told: Told) => {
            outcomes.push(told)
            for (const { kind, what } of told.violations.slice(0, 3)) say(`seed ${told.seed}: ${kind}: ${what}`)
          })
          worker.on('error', reject)
          worker.on('exit', () => resolve())
        }),
    ),
  )
  return outcomes
}

async function main(): Promise<boolean> {
  const chosen = options()
  if (chosen.replay !== undefined) return replay(chosen.replay, chosen)
  const began = performance.now()
  const outcomes = await runAll(chosen)
  const seconds = (performance.now() - began) / SECOND
  const failing = outcomes.filter(({ violations }) => violations.length > 0).toSorted((a, b) => a.seed - b.seed)
  const sum = (of: (told: Told) => number) => outcomes.reduce((total, told) => total + of(told), 0)
  for (const { seed } of failing.slice(0, STORIES)) await replay(seed, chosen)
  const hours = sum(({ simulatedMs }) => simulatedMs) / SECOND / 3600
  say(
    `${outcomes.length} seeds in ${seconds.toFixed(1)} s (${(outcomes.length / seconds).toFixed(0)} seeds/s): ` +
      `${hours.toFixed(1)} hours of clusters, ${sum(({ births }) => births)} starts, ${failing.length} failing`,
  )
  if (failing.length > 0) say(`tell one again: npm run simulate -- --replay ${failing[0]?.seed}`)
  return failing.length === 0 && outcomes.length === chosen.seeds
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  process.stderr.write(`${whyOf(error)}\n${USAGE}\n`)
  process.exitCode = 2
}
