// Ours: how long a child that crashed is away, and how many restarts a storm of them does in a second.
import { quantile } from '#bench/support/median.ts'
import { perSecond, runMeasure } from '#bench/support/program.ts'
import type { Pid } from '#process'
import { Fragile, prepareStorm, STORM, type Storm } from './storm.ts'
import { startChildren, startRuntime, startSupervisor } from './system.ts'

const WARMING_UP = 5000
const CRASHES = 5000

await runMeasure({
  /** From the message that crashes a child to the moment its supervisor has it running again. */
  async latency(observed) {
    const runtime = await startRuntime(observed)
    let restarted: (pid: Pid) => void = () => undefined
    const supervisor = await startSupervisor(runtime, (_id, pid) => restarted(pid))
    let [pid] = (await startChildren(runtime, supervisor, Fragile, 1)) as [Pid]
    const micros: number[] = []
    for (let i = 0; i < WARMING_UP + CRASHES; i++) {
      const { promise, resolve } = Promise.withResolvers<Pid>()
      let away = 0
      const crashedAt = performance.now()
      restarted = (next) => {
        away = performance.now() - crashedAt
        resolve(next)
      }
      runtime.send(pid, 'cast', 'crash', undefined)
      pid = await promise
      if (i >= WARMING_UP) micros.push(away * 1000)
    }
    return { p50: quantile(micros, 0.5), p99: quantile(micros, 0.99) }
  },

  async storm(observed) {
    const runtime = await startRuntime(observed)
    const run = ({ children, over }: Storm) => {
      for (const pid of children) runtime.send(pid, 'cast', 'crash', undefined)
      return over
    }
    const clear = ({ supervisor }: Storm) => runtime.lookup(supervisor)?.stop('shutdown')
    return { perSecond: await perSecond(STORM, { prepare: () => prepareStorm(runtime), run, clear }) }
  },
})
