// A cluster in a box with an arbiter over a model of its engine, children that note all that they handle, and what is wrong with that.
import { type ArbiterFactory, type LeasedArbiterOptions, leasedArbiter } from '#distributed'
import { genServer, reply, stop } from '#otp-labs'
import { Box, type BoxOptions } from './box.ts'
import { FakeClock } from './fake-clock.ts'
import { ModelEngine, type ModelEngineOptions } from './model-key-value.ts'

/** A message that a child has handled. */
export interface Handled {
  readonly name: string
  readonly pid: string
  readonly node: string
  readonly token: number
  readonly at: number
}

/** How often each child handles something, whether anybody reaches it or not. */
const BEAT_MS = 100

export function notingLot(handled: Handled[], now: () => number) {
  return genServer({
    name: 'lot',
    handoff: true,
    init: (id: string, self) => {
      self.sendInterval(BEAT_MS, 'beat')
      return { id, beats: 0 }
    },
    calls: {
      token: (state, _: undefined, self) => reply(self.fencingToken, state),
      beats: (state) => reply(state.beats, state),
    },
    casts: {
      crash: () => {
        throw new Error('asked to')
      },
      end: (state) => stop('normal', state),
    },
    infos: {
      beat: ({ id, beats }, _, self) => {
        handled.push({ name: id, pid: `${self.pid}`, node: self.pid.node, token: self.fencingToken ?? 0, at: now() })
        return { id, beats: beats + 1 }
      },
    },
  })
}

/** What no arbiter may let happen: a message handled after one was handled under a greater token, or one token for two owners. */
export function overlaps(handled: readonly Handled[]): string[] {
  const found: string[] = []
  const latest = new Map<string, Handled>()
  for (const one of handled) {
    const before = latest.get(one.name)
    if (before !== undefined && (one.token < before.token || (one.token === before.token && one.node !== before.node))) {
      const [was, is] = [before, one].map(({ node, token, at }) => `${node} under ${token} at ${at.toFixed(0)}`)
      found.push(`${one.name}: ${is}, after ${was}`)
    } else latest.set(one.name, one)
  }
  return found
}

export interface ArbitratedOptions extends BoxOptions {
  readonly arbiter?: LeasedArbiterOptions
  readonly engine?: Omit<ModelEngineOptions, 'clock'>
}

export class ArbitratedBox {
  readonly box: Box
  readonly engine: ModelEngine
  readonly handled: Handled[]
  readonly lot: ReturnType<typeof notingLot>

  private constructor(box: Box, engine: ModelEngine, handled: Handled[], lot: ReturnType<typeof notingLot>) {
    this.box = box
    this.engine = engine
    this.handled = handled
    this.lot = lot
  }

  static async formed({ arbiter: limits, engine: going, ...options }: ArbitratedOptions): Promise<ArbitratedBox> {
    const clock = new FakeClock()
    const engine = new ModelEngine({ clock, ...going })
    const handled: Handled[] = []
    const lot = notingLot(handled, () => clock.now())
    const arbiter: ArbiterFactory = (context) =>
      leasedArbiter(engine.client(context.id.slice(0, context.id.lastIndexOf('.')), context.clock), limits)(context)
    const box = await Box.formed({ ...options, clock, node: { behaviours: [lot], ...options.node, arbiter } })
    return new ArbitratedBox(box, engine, handled, lot)
  }

  /** Starts a child by a node and resolves with the result. */
  start(by: string, id: string) {
    return this.box.through(this.box.node(by).supervisor.startChild({ id, start: [this.lot, id] }))
  }

  /** The nodes on which a name runs now: what handles nothing counts, too. */
  runningOn(id: string): string[] {
    return this.box
      .live()
      .filter((node) => [...node.runtime.processes()].some((process) => process.origin.child === id && !process.isEnding))
      .map(({ name }) => name)
  }

  /** The node that handled something of a name within the last ms. */
  servedBy(id: string, withinMs = 3 * BEAT_MS): string | undefined {
    const since = this.box.clock.now() - withinMs
    const last = this.handled.findLast(({ name, at }) => name === id && at >= since)
    return last?.node.slice(0, last.node.lastIndexOf('.'))
  }
}
