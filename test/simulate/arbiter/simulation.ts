// One seed of an arbiter: small nodes over a model of the engine, everything that may go wrong with either, and what must never be seen.
import { type Random, seededRandom } from '#base'
import { type LeasedArbiterOptions, leasedArbiter } from '#distributed'
import { type Handled, overlaps } from '#test/support/arbitrated-box.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { ModelEngine } from '#test/support/model-key-value.ts'
import type { Violation } from '../ledger.ts'
import type { Outcome } from '../simulation.ts'
import { type Message, SmallNode, type SmallWorld } from './small-node.ts'

export interface ArbiterSimulationOptions {
  readonly arbiter?: LeasedArbiterOptions
  /** Whether the source of a handoff asks before it goes on. */
  readonly asksArbiter?: boolean
  /** What happens, and how often against the others; and what the engine does when it is its turn. */
  readonly steps?: readonly Step[]
  readonly engineFaults?: readonly EngineFault[]
  readonly keepsTranscript?: boolean
}

export type Step = 'move' | 'end' | 'crash' | 'start' | 'leave' | 'pause' | 'cut_engine' | 'cut_peer' | 'engine' | 'wall'
export type EngineFault = 'stall' | 'no_majority' | 'stale' | 'lost' | 'jump'

const STEPS: readonly Step[] = [
  ...Array<'move'>(6).fill('move'),
  'end',
  'crash',
  'start',
  'start',
  'leave',
  'pause',
  'cut_engine',
  'cut_peer',
  'engine',
  'wall',
]
const ENGINE_FAULTS: readonly EngineFault[] = ['stall', 'no_majority', 'stale', 'lost', 'jump']

/** Short, and clocks that differ much, so that minutes see what takes days. */
const LEASE_MS = 4500
const FAULTS_MS = 40_000
const STEP_MS = 1000
/** When nothing goes wrong any more: some leases, and then all has to be had. */
const SETTLE_MS = 25_000
const LOSS = 0.1
const LATE = 0.1
const LATEST_MS = 10_000
const WATCH_MS = 2000
const HOUR_MS = 3600_000

class Simulation {
  readonly clock = new FakeClock()
  readonly handled: Handled[] = []
  readonly transcript: string[] = []
  readonly engine: ModelEngine
  readonly #random: Random
  readonly #options: ArbiterSimulationOptions
  readonly #hosts: readonly string[]
  readonly #names: readonly string[]
  readonly #nodes = new Map<string, SmallNode>()
  readonly #world: SmallWorld
  /** Pairs of hosts that do not hear of each other. */
  readonly #cut = new Set<string>()
  #lives = 0
  #loss = LOSS

  constructor(seed: number, options: ArbiterSimulationOptions) {
    const random = seededRandom(seed * 7919 + 29)
    this.#random = random
    this.#options = options
    this.#hosts = Array.from({ length: 2 + random.int(2) }, (_, i) => `n${i + 1}`)
    this.#names = Array.from({ length: 1 + random.int(3) }, (_, i) => `k${i}`)
    this.engine = new ModelEngine({ clock: this.clock, random, delayMs: [1, 1 + random.int(80)] })
    this.#world = {
      clock: this.clock,
      random,
      names: this.#names,
      handled: this.handled,
      send: (from, to, message) => this.#send(from, to, message),
      asksArbiter: options.asksArbiter ?? true,
    }
  }

  async run(): Promise<readonly Violation[]> {
    for (const host of this.#hosts) this.#start(host)
    await this.clock.advance(3000)
    const until = this.clock.now() + FAULTS_MS
    while (this.clock.now() < until) {
      this.#step()
      await this.clock.advance(this.#random.int(STEP_MS))
    }
    this.#end()
    await this.clock.advance(SETTLE_MS)
    const since = this.clock.now()
    await this.clock.advance(WATCH_MS)
    const violations: Violation[] = []
    const note = (kind: Violation['kind'], what: string) => violations.push({ kind, atMs: Math.round(this.clock.now()), what })
    for (const what of overlaps(this.handled)) note('overlap', what)
    for (const name of this.#names) {
      const owners = new Set(this.handled.filter((one) => one.name === name && one.at >= since).map(({ node }) => node))
      if (owners.size !== 1) note(owners.size === 0 ? 'lost' : 'duplicate', `${name} is handled by ${[...owners].join() || 'nobody'}`)
    }
    // Nothing of this world goes on.
    for (const node of this.#nodes.values()) node.clock.isDead = true
    return violations
  }

  #tell(what: string): void {
    if (this.#options.keepsTranscript === true) this.transcript.push(`${(this.clock.now() / 1000).toFixed(3).padStart(8)} ${what}`)
  }

  #start(host: string): void {
    const arbiter = { leaseMs: LEASE_MS, ...this.#options.arbiter }
    const node = new SmallNode(this.#world, host, ++this.#lives, (name, clock) => leasedArbiter(this.engine.client(name, clock), arbiter))
    for (const other of this.#hosts) node.expect(other)
    this.#nodes.set(host, node)
    this.#tell(`${node.id} starts`)
  }

  #send(from: string, to: string, message: Message): void {
    const pair = [from, to].toSorted().join()
    if (this.#cut.has(pair) || this.#random.next() < this.#loss) return
    const isLate = this.#loss > 0 && this.#random.next() < LATE
    this.clock.after(1 + this.#random.int(isLate ? LATEST_MS : 40), () => {
      const node = this.#nodes.get(to)
      if (node === undefined || !node.isLive || this.#cut.has(pair)) return
      node.clock.after(0, () => node.receive(from, message))
    })
  }

  #node(): SmallNode {
    return this.#nodes.get(this.#one(this.#hosts)) as SmallNode
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#random.int(of.length)] as T
  }

  /** One thing that happens: asked for, or a fault. */
  #step(): void {
    const node = this.#node()
    const name = this.#one(this.#names)
    const kind = this.#one(this.#options.steps ?? STEPS)
    switch (kind) {
      case 'move': {
        const to = this.#one(this.#hosts)
        this.#tell(`${name} is to go to ${to}`)
        for (const source of this.#nodes.values()) if (!source.clock.isPaused && source.isLive) source.give(name, to)
        return
      }
      case 'end':
        for (const owner of this.#nodes.values()) if (!owner.clock.isPaused && owner.isLive) owner.end(name)
        return
      case 'crash':
        this.#tell(`${node.id} is killed`)
        node.clock.isDead = true
        return
      case 'leave':
        if (!node.isLive || node.clock.isPaused) return
        this.#tell(`${node.id} leaves`)
        void node.leave()
        return
      case 'start':
        if (!node.isLive) this.#start(node.host)
        return
      case 'pause':
        this.#pause(node)
        return
      case 'cut_engine':
        this.#tell(`${node.host} does not reach the engine`)
        this.engine.cut(node.host)
        this.clock.after(this.#random.int(9000), () => this.engine.mend(node.host))
        return
      case 'cut_peer': {
        const pair = [node.host, this.#one(this.#hosts)].toSorted().join()
        this.#cut.add(pair)
        this.clock.after(this.#random.int(8000), () => this.#cut.delete(pair))
        return
      }
      case 'engine':
        this.#engineFault()
        return
      case 'wall':
        node.clock.jump((this.#random.next() - 0.5) * 48 * HOUR_MS)
        return
      default:
        kind satisfies never
    }
  }

  #engineFault(): void {
    const kind = this.#one(this.#options.engineFaults ?? ENGINE_FAULTS)
    this.#tell(`the engine: ${kind}`)
    switch (kind) {
      case 'stall':
        this.engine.stall(this.#random.int(3000))
        return
      case 'no_majority':
        this.engine.hasQuorum = false
        this.clock.after(this.#random.int(6000), () => {
          this.engine.hasQuorum = true
        })
        return
      case 'stale':
        this.engine.staleReads = 0.3 + 0.7 * this.#random.next()
        this.clock.after(this.#random.int(9000), () => {
          this.engine.staleReads = 0
        })
        return
      case 'lost':
        this.engine.answersLost = this.#random.next() * 0.5
        this.clock.after(this.#random.int(5000), () => {
          this.engine.answersLost = 0
        })
        return
      case 'jump':
        this.engine.jump(this.#one([20_000, HOUR_MS, 30 * HOUR_MS]))
        return
      default:
        kind satisfies never
    }
  }

  #pause(node: SmallNode): void {
    if (!node.isLive || node.clock.isPaused) return
    this.#tell(`${node.id} stands still`)
    node.clock.pause()
    this.clock.after(this.#random.int(9000), () => this.#resume(node))
  }

  /** What had come in is handled before or after the timers that are due. */
  #resume(node: SmallNode): void {
    if (!node.clock.isPaused) return
    this.#tell(`${node.id} goes on`)
    if (node.isLive && this.#random.next() < 0.5) node.beat()
    node.clock.resume()
  }

  /** Takes back everything. */
  #end(): void {
    this.#tell('all is well again')
    this.#cut.clear()
    this.#loss = 0
    this.engine.hasQuorum = true
    this.engine.staleReads = 0
    this.engine.answersLost = 0
    for (const host of this.#hosts) {
      this.engine.mend(host)
      const node = this.#nodes.get(host) as SmallNode
      this.#resume(node)
      if (!node.isLive) this.#start(host)
    }
    // Who is on its way out comes back when it is gone.
    this.clock.after(5000, () => {
      for (const host of this.#hosts) if (!this.#nodes.get(host)?.isLive) this.#start(host)
    })
  }
}

/** The same seed and options always run the same. `births`: messages that were handled. */
export async function simulateArbiter(seed: number, options: ArbiterSimulationOptions = {}): Promise<Outcome> {
  const simulation = new Simulation(seed, options)
  const violations = await simulation.run()
  const { transcript, handled, clock } = simulation
  return { seed, violations, transcript, births: new Set(handled.map(({ token }) => token)).size, simulatedMs: clock.now() }
}
