// What a member can be told to do when children move: start them, leave, call them from elsewhere, and watch its own event loop.
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '#bench/support/median.ts'
import { genServer, type Node, reply } from '#otp-labs'

/** A process with something to carry. */
export const Parcel = genServer({
  name: 'parcel',
  init: (bytes: number) => ({ calls: 0, content: new Uint8Array(bytes).fill(7) }),
  calls: { touch: (state) => reply(state.calls + 1, { ...state, calls: state.calls + 1 }) },
  handoff: true,
})

const START_AT_ONCE = 50
/** Of the callers, between two calls. */
const CALL_EVERY_MS = 2
const SAMPLE_EVERY_MS = 1

const parcelName = (i: number): string => `parcel-${i}`

/** Runs until it is told to end, with what is under way. */
class Running<T> {
  #isOver = false
  readonly #work: Promise<T>

  constructor(work: (isOver: () => boolean) => Promise<T>) {
    this.#work = work(() => this.#isOver)
  }

  end(): Promise<T> {
    this.#isOver = true
    return this.#work
  }
}

let lags: Running<number[]> | undefined
let calls: Running<{ ms: number; failure: string | undefined }[]> | undefined

/** How late a timer is, again and again. */
async function sampleLag(isOver: () => boolean): Promise<number[]> {
  const late: number[] = []
  while (!isOver()) {
    const before = performance.now()
    await sleep(SAMPLE_EVERY_MS)
    late.push(performance.now() - before - SAMPLE_EVERY_MS)
  }
  return late
}

async function callOne(node: Node, id: string): Promise<{ ms: number; failure: string | undefined }> {
  const before = performance.now()
  const failure = await node.call(Parcel.named(id), 'touch').then(
    () => undefined,
    (error: unknown) => String(error),
  )
  return { ms: performance.now() - before, failure }
}

export const handoffCommands = {
  async startParcels(node: Node, count: number, bytes: number): Promise<void> {
    const numbers = Array.from({ length: count }, (_, i) => i).values()
    const start = async (): Promise<void> => {
      for (const i of numbers) {
        const result = await node.supervisor.startChild({ id: parcelName(i), start: [Parcel, bytes] })
        if (!result.ok) throw new Error(`start of ${parcelName(i)}: ${JSON.stringify(result.reason)}`)
      }
    }
    await Promise.all(Array.from({ length: START_AT_ONCE }, start))
  },

  /** Begins to call parcels at random, from so many callers, and to watch the event loop. */
  async watch(node: Node, parcels: number, callers: number): Promise<void> {
    lags = new Running(sampleLag)
    calls = new Running(async (isOver) => {
      const all: { ms: number; failure: string | undefined }[] = []
      const caller = async (): Promise<void> => {
        while (!isOver()) {
          all.push(await callOne(node, parcelName(Math.floor(Math.random() * parcels))))
          await sleep(CALL_EVERY_MS)
        }
      }
      await Promise.all(Array.from({ length: callers }, caller))
      return all
    })
  },

  /** Ends that: how late the event loop was, and how the calls went. */
  async watched(): Promise<{ lagP99: number; lagMax: number; calls: number; failures: string[]; callP99: number; callMax: number }> {
    const [late = [], called = []] = await Promise.all([lags?.end(), calls?.end()])
    const ms = called.map((call) => call.ms)
    return {
      lagP99: quantile(late, 0.99),
      lagMax: Math.max(...late),
      calls: ms.length,
      failures: called.flatMap(({ failure }) => failure ?? []),
      callP99: quantile(ms, 0.99),
      callMax: Math.max(...ms),
    }
  },

  /** Leaves the cluster in order: how long it handed over, how long it took in all, and for how long each process was held. */
  async leave(node: Node): Promise<{ drainMs: number; stopMs: number; moved: number; held: number[] }> {
    const held: number[] = []
    let last = 0
    node.events.subscribe('bench', {
      'handoff.ended': ({ outcome, unavailabilityMs }) => {
        if (outcome !== 'completed') return
        held.push(unavailabilityMs)
        last = performance.now()
      },
    })
    const startedAt = performance.now()
    await node.stop()
    return { drainMs: last - startedAt, stopMs: performance.now() - startedAt, moved: held.length, held }
  },

  async parcels(node: Node): Promise<{ count: number }> {
    return { count: [...node.runtime.processes()].filter(({ body }) => body.name === Parcel.name).length }
  },
}
