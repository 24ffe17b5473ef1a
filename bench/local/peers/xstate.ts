// xstate: an actor that runs a machine. It handles an event within `send`, so its call is a send and a look at the snapshot.
import { assign, createActor, setup, waitFor } from 'xstate'
import { bytesEach, perSecond, runMeasure } from '#bench/support/program.ts'

const CALLS = 100_000
const SPAWNS = 100_000
const IDLE = 100_000

const machine = setup({ types: { context: {} as { count: number }, events: {} as { type: 'add'; by: number } } }).createMachine({
  context: { count: 0 },
  on: { add: { actions: assign({ count: ({ context, event }) => context.count + event.by }) } },
})

const startCounter = () => createActor(machine).start()
type Counter = ReturnType<typeof startCounter>
const startAll = (count: number): Counter[] => Array.from({ length: count }, startCounter)
const stopAll = (actors: readonly Counter[]): void => {
  for (const actor of actors) actor.stop()
}

await runMeasure({
  async 'start-child'() {
    const actors: Counter[] = []
    const batch = { prepare: () => undefined, run: () => actors.push(...startAll(SPAWNS)), clear: () => stopAll(actors.splice(0)) }
    return { perSecond: await perSecond(SPAWNS, batch) }
  },

  async 'idle-bytes'() {
    return { bytes: await bytesEach(IDLE, startAll) }
  },

  async call() {
    let count = 0
    const run = (actor: Counter) => {
      for (let i = 0; i < CALLS; i++) {
        actor.send({ type: 'add', by: 1 })
        count = actor.getSnapshot().context.count
      }
      if (count !== CALLS) throw new Error(`expected ${CALLS}, got ${count}`)
    }
    return { perSecond: await perSecond(CALLS, { prepare: startCounter, run }) }
  },

  async cast() {
    const run = async (actor: Counter) => {
      for (let i = 0; i < CALLS; i++) actor.send({ type: 'add', by: 1 })
      await waitFor(actor, ({ context }) => context.count === CALLS)
    }
    return { perSecond: await perSecond(CALLS, { prepare: startCounter, run }) }
  },
})
