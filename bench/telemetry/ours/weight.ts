// What watching weighs, before and after a storm, and what a scrape of many processes takes of the event loop.
import { setTimeout as after } from 'node:timers/promises'
import { prepareStorm, STORM, type Storm } from '#bench/local/ours/storm.ts'
import { Counter, startChildren, startSupervisor } from '#bench/local/ours/system.ts'
import { median } from '#bench/support/median.ts'
import { runMeasure, settledHeap } from '#bench/support/program.ts'
import { startTelemetry } from '#observability'
import { createNode, EventStream, type NodeEvents } from '#otp-labs'
import type { Runtime } from '#process'
import { inEveryMode, watched } from './system.ts'

const MB = 2 ** 20
const SCRAPES = 9
const POPULATIONS = [100, 1000, 10_000, 100_000] as const
/** The last aggregates of a storm, and what is still to be sent, are gone by then. */
const AFTER_STORM_MS = 60_000

/** The longest time for which the event loop did not turn while `run` was under way, ms. */
async function longestStretch(run: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let isOver = false
  let turnedAt = performance.now()
  const turn = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - turnedAt)
    turnedAt = now
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  await run()
  isOver = true
  await new Promise((resolve) => setImmediate(resolve))
  return longest
}

/** A storm, and a minute after it. */
async function rage(runtime: Runtime, { children, over }: Storm): Promise<void> {
  for (const pid of children) runtime.send(pid, 'cast', 'crash', undefined)
  await over
  await after(AFTER_STORM_MS)
}

async function scrape(population: number) {
  const events = new EventStream<NodeEvents>()
  const telemetry = await startTelemetry({
    node: { id: 'bench.1', name: 'bench', version: '0', role: 'node', zone: '' },
    logLevel: 'silent',
    env: {},
  })
  const node = await createNode({ name: 'bench', secret: 'the secret of a benchmark', events })
  telemetry.attach(events, () => node.snapshot())
  await startChildren(node.runtime, await startSupervisor(node.runtime), Counter, population)
  const took: number[] = []
  const stretches: number[] = []
  for (let i = 0; i < SCRAPES; i++) {
    await after(20)
    const startedAt = performance.now()
    stretches.push(await longestStretch(() => telemetry.render()))
    took.push(performance.now() - startedAt)
  }
  return { ms: median(took), stretchMs: median(stretches) }
}

await runMeasure({
  ...Object.fromEntries(POPULATIONS.map((population) => [`scrape-${population}`, () => scrape(population)])),
  ...inEveryMode('memory', async (mode) => {
    const before = await settledHeap()
    const { runtime } = await watched(mode)
    const first = await prepareStorm(runtime)
    const started = await settledHeap()
    // The event log, which keeps the last 20,000 facts, is full after this one.
    await rage(runtime, first)
    const second = await prepareStorm(runtime)
    const calm = await settledHeap()
    await rage(runtime, second)
    const later = await settledHeap()
    // Held until here, or they would not be weighed.
    if (runtime.processCount < 2 * STORM) throw new Error('not every child runs again')
    return { heapMb: (started - before) / MB, rssMb: process.memoryUsage().rss / MB, afterStorm: later / calm }
  }),
})
