// Starts and restarts: what watching adds to each.

import { prepareStorm, STORM, type Storm } from '#bench/local/ours/storm.ts'
import { Counter, startChildren, startSupervisor } from '#bench/local/ours/system.ts'
import { perSecond, processorMs, runMeasure } from '#bench/support/program.ts'
import type { Pid } from '#process'
import { inEveryMode, watched } from './system.ts'

const STARTS = 100_000

await runMeasure({
  ...inEveryMode('spawn', async (mode) => {
    const { runtime } = await watched(mode)
    const batch = {
      prepare: () => startSupervisor(runtime),
      run: (supervisor: Pid) => startChildren(runtime, supervisor, Counter, STARTS),
      clear: (supervisor: Pid) => runtime.lookup(supervisor)?.stop('shutdown'),
    }
    return { perSecond: await perSecond(STARTS, batch, processorMs) }
  }),
  ...inEveryMode('restart', async (mode) => {
    const { runtime } = await watched(mode)
    const run = ({ children, over }: Storm) => {
      for (const pid of children) runtime.send(pid, 'cast', 'crash', undefined)
      return over
    }
    const clear = ({ supervisor }: Storm) => runtime.lookup(supervisor)?.stop('shutdown')
    return { perSecond: await perSecond(STORM, { prepare: () => prepareStorm(runtime), run, clear }, processorMs) }
  }),
})
