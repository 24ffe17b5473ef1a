// What an arbiter adds to the simulation of whole nodes: an engine that goes wrong, and children that note all that they handle.
import type { Random } from '#base'
import { type ArbiterFactory, leasedArbiter } from '#distributed'
import { genServer, reply } from '#otp-labs'
import { type Handled, overlaps } from '#test/support/arbitrated-box.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { ModelEngine } from '#test/support/model-key-value.ts'

const LEASE_MS = 6000
const BEAT_MS = 250
/** Share of the steps at which something goes wrong with the engine, or with the way to it. */
const SHARE = 0.04

export class EngineTrouble {
  readonly clock = new FakeClock()
  readonly arbiter: ArbiterFactory
  readonly #engine: ModelEngine
  readonly #random: Random
  readonly #handled: Handled[] = []

  constructor(random: Random) {
    this.#random = random
    this.#engine = new ModelEngine({ clock: this.clock, random, delayMs: [1, 20] })
    this.arbiter = (context) => {
      const host = context.id.slice(0, context.id.lastIndexOf('.'))
      return leasedArbiter(this.#engine.client(host, context.clock), { leaseMs: LEASE_MS })(context)
    }
  }

  /** What runs in place of the simulation's own behaviour of this name. */
  readonly lot = genServer({
    name: 'lot',
    init: (birth: string, self) => {
      self.sendInterval(BEAT_MS, 'beat')
      return birth
    },
    calls: { bid: (birth) => reply({ birth, bids: 0 }, birth) },
    casts: {
      crash: () => {
        throw new Error('asked to')
      },
    },
    infos: {
      beat: (birth, _, self) => {
        const name = birth.slice(0, birth.indexOf('#'))
        this.#handled.push({ name, pid: `${self.pid}`, node: self.pid.node, token: self.fencingToken ?? 0, at: this.clock.now() })
        return birth
      },
    },
    handoff: true,
  })

  step(names: readonly string[]): void {
    if (this.#random.next() >= SHARE) return
    const name = names[this.#random.int(names.length)] as string
    const faults = [
      () => this.#engine.stall(this.#random.int(3000)),
      () => {
        this.#engine.hasQuorum = false
        this.clock.after(this.#random.int(8000), () => {
          this.#engine.hasQuorum = true
        })
      },
      () => {
        this.#engine.cut(name)
        this.clock.after(this.#random.int(15_000), () => this.#engine.mend(name))
      },
      () => {
        this.#engine.staleReads = 0.5
        this.clock.after(this.#random.int(5000), () => {
          this.#engine.staleReads = 0
        })
      },
      () => {
        this.#engine.answersLost = 0.3
        this.clock.after(this.#random.int(5000), () => {
          this.#engine.answersLost = 0
        })
      },
      () => this.#engine.jump(this.#random.int(30 * 3600_000)),
    ]
    faults[this.#random.int(faults.length)]?.()
  }

  end(names: readonly string[]): void {
    for (const name of names) this.#engine.mend(name)
    this.#engine.hasQuorum = true
    this.#engine.staleReads = 0
    this.#engine.answersLost = 0
  }

  overlaps(): string[] {
    return overlaps(this.#handled)
  }
}
