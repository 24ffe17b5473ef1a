// What a measuring program is made of: its command line, its clock, and its figures printed as one line.
import { setImmediate } from 'node:timers/promises'
import type { Figures } from './bench.ts'
import { median } from './median.ts'

/** Something that is measured; `observed`: with everything observing. */
export type Measure = (observed: boolean) => Promise<Figures>

/** Runs the measure that the command line names, `node --expose-gc <program> <measure> [observed]`, and prints its figures. */
export async function runMeasure(measures: Readonly<Record<string, Measure>>): Promise<void> {
  const [name = '', observed] = process.argv.slice(2)
  const measure = measures[name]
  if (measure === undefined) throw new Error(`expected one of ${Object.keys(measures).join(', ')}, got '${name}'`)
  const figures = await measure(observed === 'observed')
  process.stdout.write(`${JSON.stringify(figures)}\n`)
  // Timers of what was measured may have hours to go.
  process.exit(0)
}

/** One batch: `run` is timed, what comes before and after it is not. */
export interface Batch<T> {
  readonly prepare: () => T | Promise<T>
  readonly run: (prepared: T) => unknown
  readonly clear?: (prepared: T) => unknown
}

const WARMING_UP = 3
const BATCHES = 5

/** Milliseconds that this thread has run: what others on the machine do is not in them. */
export function processorMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** How many a second: the median of several batches of `count`, after some that warm the code up. `now`: in ms, by what is timed. */
export async function perSecond<T>(count: number, { prepare, run, clear }: Batch<T>, now = () => performance.now()): Promise<number> {
  const rates: number[] = []
  for (let i = 0; i < WARMING_UP + BATCHES; i++) {
    const prepared = await prepare()
    collect()
    await setImmediate()
    const startedAt = now()
    await run(prepared)
    const ms = now() - startedAt
    if (i >= WARMING_UP) rates.push((count / ms) * 1000)
    await clear?.(prepared)
  }
  return median(rates)
}

/** Bytes of heap that each of `count` things holds, once all that is garbage is gone. The things must be reachable from what `make` answers. */
export async function bytesEach(count: number, make: (count: number) => unknown): Promise<number> {
  // Some first, thrown away: code and tables are not what is weighed.
  await make(Math.ceil(count / 20))
  const before = await settledHeap()
  const kept = await make(count)
  const after = await settledHeap()
  if (kept === undefined) throw new Error('nothing was made')
  return (after - before) / count
}

/** Bytes of the heap that are in use once all that is garbage is gone. */
export async function settledHeap(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await setImmediate()
    collect()
  }
  return process.memoryUsage().heapUsed
}

function collect(): void {
  if (globalThis.gc === undefined) throw new Error('a measuring program needs node --expose-gc')
  globalThis.gc()
}
