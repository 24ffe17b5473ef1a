// nact: actors with a parent; a query, which needs a time-out, is its call.
import { dispatch, query, type Ref, spawn, start, stop } from 'nact'
import { bytesEach, perSecond, runMeasure } from '#bench/support/program.ts'

const CALLS = 50_000
const CALLERS = 100
const SPAWNS = 100_000
const IDLE = 100_000
const TIMEOUT_MS = 5000

interface Add {
  readonly by: number
  readonly sender: Ref<number>
}

const system = start()

const counter = (count = 0, { by, sender }: Add): number => {
  dispatch(sender, count + by)
  return count + by
}

const startCounter = () => spawn(system, counter)
type Counter = ReturnType<typeof startCounter>
const call = (to: Counter): Promise<number> => query(to, (sender: Ref<number>) => ({ by: 1, sender }), TIMEOUT_MS)

/** A parent, so that what was started can be stopped at once, as children of a supervisor are. */
const startParent = () => spawn(system, () => undefined)
type Parent = ReturnType<typeof startParent>

function startChildren(parent: Parent, count: number): Parent {
  for (let i = 0; i < count; i++) spawn(parent, counter, `child-${i}`)
  return parent
}

await runMeasure({
  async 'start-child'() {
    return { perSecond: await perSecond(SPAWNS, { prepare: startParent, run: (parent) => startChildren(parent, SPAWNS), clear: stop }) }
  },

  async 'idle-bytes'() {
    return { bytes: await bytesEach(IDLE, (count) => startChildren(startParent(), count)) }
  },

  async call() {
    const run = async (to: Counter) => {
      for (let i = 0; i < CALLS; i++) await call(to)
    }
    return { perSecond: await perSecond(CALLS, { prepare: startCounter, run }) }
  },

  async 'call-100'() {
    const run = async (to: Counter) => {
      const caller = async () => {
        for (let i = 0; i < CALLS / CALLERS; i++) await call(to)
      }
      await Promise.all(Array.from({ length: CALLERS }, caller))
    }
    return { perSecond: await perSecond(CALLS, { prepare: startCounter, run }) }
  },
})
