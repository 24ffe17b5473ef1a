// Ours: starting children under a dynamic supervisor, and what one that has nothing to do weighs.
import { bytesEach, perSecond, runMeasure } from '#bench/support/program.ts'
import type { Pid } from '#process'
import { Counter, startChildren, startRuntime, startSupervisor } from './system.ts'

const STARTS = 100_000
const IDLE = 100_000

await runMeasure({
  async 'start-child'(observed) {
    const runtime = await startRuntime(observed)
    const batch = {
      prepare: () => startSupervisor(runtime),
      run: (supervisor: Pid) => startChildren(runtime, supervisor, Counter, STARTS),
      clear: (supervisor: Pid) => runtime.lookup(supervisor)?.stop('shutdown'),
    }
    return { perSecond: await perSecond(STARTS, batch) }
  },

  async 'idle-bytes'(observed) {
    const runtime = await startRuntime(observed)
    const make = async (count: number) => {
      const supervisor = await startSupervisor(runtime)
      await startChildren(runtime, supervisor, Counter, count)
      return supervisor
    }
    return { bytes: await bytesEach(IDLE, make) }
  },
})
