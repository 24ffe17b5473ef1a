// Calls and casts of requests from outside: what watching adds to each.
import { startCounter } from '#bench/local/ours/system.ts'
import { perSecond, processorMs, runMeasure } from '#bench/support/program.ts'
import type { OpenSpan, Pid, Runtime, Tracing } from '#process'
import { inEveryMode, watched } from './system.ts'

const CALLS = 300_000
const CASTS = 1_000_000
/** A request of so many messages; whether it is traced is decided once for all of them. */
const REQUEST = 100

/** Runs a request's work inside a trace, if there are traces. */
async function serve(tracing: Tracing | undefined, work: () => Promise<void>): Promise<void> {
  if (tracing === undefined) return work()
  let done: Promise<void> | undefined
  const span: OpenSpan = tracing.serve('POST /', undefined, {}, () => {
    done = work()
  })
  await done
  span.end('ok')
}

async function inRequests(runtime: Runtime, count: number, work: () => Promise<void>): Promise<void> {
  for (let done = 0; done < count; done += REQUEST) await serve(runtime.tracing, work)
}

async function calls(runtime: Runtime, pid: Pid): Promise<void> {
  for (let i = 0; i < REQUEST; i++) await runtime.call(pid, 'add', 1)
}

async function casts(runtime: Runtime, pid: Pid): Promise<void> {
  for (let i = 0; i < REQUEST; i++) runtime.send(pid, 'cast', 'add', 1)
  await runtime.call(pid, 'add', 0)
}

await runMeasure({
  ...inEveryMode('call', async (mode) => {
    const { runtime } = await watched(mode)
    const prepare = () => startCounter(runtime)
    return {
      perSecond: await perSecond(CALLS, { prepare, run: (pid) => inRequests(runtime, CALLS, () => calls(runtime, pid)) }, processorMs),
    }
  }),
  ...inEveryMode('cast', async (mode) => {
    const { runtime } = await watched(mode)
    const prepare = () => startCounter(runtime)
    return {
      perSecond: await perSecond(CASTS, { prepare, run: (pid) => inRequests(runtime, CASTS, () => casts(runtime, pid)) }, processorMs),
    }
  }),
})
