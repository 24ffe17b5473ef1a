// Ours: calls and casts. A call has its default deadline, as nearly every call has.
import type { Figures } from '#bench/support/bench.ts'
import { perSecond, runMeasure } from '#bench/support/program.ts'
import type { Pid, Runtime } from '#process'
import { startCounter, startRuntime } from './system.ts'

const CALLS = 300_000
const CALLERS = 100
const CASTS = 1_000_000
/** So many casts are sent before the sender waits, with a call, until they are handled. */
const BURST = 1000
/** A flood: all are sent before the first is handled. */
const FLOOD = CASTS

async function call(runtime: Runtime, pid: Pid, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await runtime.call(pid, 'add', 1)
}

async function cast(runtime: Runtime, pid: Pid, burst: number): Promise<void> {
  for (let sent = 0; sent < CASTS; sent += burst) {
    for (let i = 0; i < burst; i++) runtime.send(pid, 'cast', 'add', 1)
    await runtime.call(pid, 'add', 0)
  }
}

/** Each batch has a new process. */
async function rate(observed: boolean, count: number, run: (runtime: Runtime, pid: Pid) => Promise<unknown>): Promise<Figures> {
  const runtime = await startRuntime(observed)
  return { perSecond: await perSecond(count, { prepare: () => startCounter(runtime), run: (pid) => run(runtime, pid) }) }
}

const callers = (runtime: Runtime, pid: Pid) => Promise.all(Array.from({ length: CALLERS }, () => call(runtime, pid, CALLS / CALLERS)))

await runMeasure({
  call: (observed) => rate(observed, CALLS, (runtime, pid) => call(runtime, pid, CALLS)),
  'call-100': (observed) => rate(observed, CALLS, callers),
  cast: (observed) => rate(observed, CASTS, (runtime, pid) => cast(runtime, pid, BURST)),
  'cast-flood': (observed) => rate(observed, CASTS, (runtime, pid) => cast(runtime, pid, FLOOD)),
})
