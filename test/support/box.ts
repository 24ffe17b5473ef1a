// A cluster in a box: real nodes in one process, a network in memory, one clock that the test turns, one seed.
import { seededRandom } from '#base'
import { type MembershipTimes, MemoryNetwork, staticTopology } from '#cluster'
import { Node, type NodeOptions } from '#node'
import type { NodeEvents } from '#otp-labs'
import type { MemoryTransportOptions } from '#src/cluster/transport/memory.ts'
import { FakeClock } from './fake-clock.ts'
import { NodeClock } from './node-clock.ts'

/** How long a node that goes on reads what waited at its door before it looks at its timers. */
const READ_MS = 50

/** A fact of one node, as the box noted it. */
export interface Noted {
  readonly node: string
  readonly at: number
  readonly type: keyof NodeEvents
  readonly event: NodeEvents[keyof NodeEvents]
}

export interface BoxOptions {
  readonly names: readonly string[]
  /** Where something beside the box is on the same clock. */
  readonly clock?: FakeClock
  readonly seed?: number
  readonly node?: Omit<NodeOptions, 'name' | 'transport' | 'topologies' | 'clock' | 'random'>
  /** What differs from node to node. */
  readonly nodeOf?: (name: string) => Partial<NonNullable<BoxOptions['node']>>
  readonly delayMs?: number | readonly [number, number]
  readonly loss?: number
  readonly times?: MembershipTimes
  /** Limits of links, the same for every node. */
  readonly transport?: MemoryTransportOptions
  /** Wall clocks of nodes differ by up to so much. */
  readonly skewMs?: number
  readonly note?: readonly (keyof NodeEvents)[]
  /** Called with each node before it starts. */
  readonly onNode?: (node: Node) => void
}

export class Box {
  readonly clock: FakeClock
  readonly network: MemoryNetwork
  readonly noted: Noted[] = []
  readonly #options: BoxOptions
  readonly #random
  readonly #nodes = new Map<string, { node: Node; clock: NodeClock }>()

  constructor(options: BoxOptions) {
    this.#options = options
    this.clock = options.clock ?? new FakeClock()
    this.#random = seededRandom(options.seed ?? 1)
    this.network = new MemoryNetwork({
      clock: this.clock,
      random: this.#random,
      delayMs: options.delayMs ?? 1,
      ...(options.loss === undefined ? {} : { loss: options.loss }),
    })
  }

  /** A box whose nodes have found each other, and know of each other what they can start. */
  static async formed(options: BoxOptions): Promise<Box> {
    const box = new Box(options)
    for (const name of options.names) box.start(name)
    const knowsAll = ({ cluster }: Node) =>
      cluster.alive.size === options.names.length &&
      cluster.alive.values().every((id) => id === cluster.id || cluster.membership.member(id)?.offers !== undefined)
    await box.clock.until(() => box.live().every((node) => node.isReady && knowsAll(node)), 20_000)
    return box
  }

  /** Starts a node, or starts it again as a new incarnation; what it needs to be ready is up to the clock. */
  start(name: string): Node {
    const wallAheadMs = Math.floor((this.#random.next() - 0.5) * 2 * (this.#options.skewMs ?? 0))
    const clock = new NodeClock(this.clock, { wallAheadMs })
    const former = this.#nodes.get(name)?.node
    // A node whose wall clock is behind its former life's still has to come after it.
    const incarnation = Math.max(clock.wall(), former === undefined ? 0 : Number.parseInt(former.snapshot().incarnation, 36) + 1)
    const node = new Node({
      ...this.#options.node,
      ...this.#options.nodeOf?.(name),
      name,
      incarnation,
      transport: (id) => this.network.transport(id, this.#options.transport),
      topologies: [staticTopology({ addresses: this.#options.names.map((peer) => `${peer}:1`) })],
      clock,
      random: this.#random,
      ...(this.#options.times === undefined ? {} : { membershipTimes: this.#options.times }),
    })
    for (const type of this.#options.note ?? []) {
      node.events.subscribe(`noted ${type}`, {
        [type]: (event: Noted['event']) => this.noted.push({ node: name, at: this.clock.now(), type, event }),
      })
    }
    this.#nodes.set(name, { node, clock })
    this.#options.onNode?.(node)
    void node.start()
    return node
  }

  node(name: string): Node {
    const entry = this.#nodes.get(name)
    if (entry === undefined) throw new Error(`no node ${name} in the box`)
    return entry.node
  }

  /** Nodes that run. */
  live(): Node[] {
    return [...this.#nodes.values()].filter(({ clock }) => !clock.isDead).map(({ node }) => node)
  }

  isLive(name: string): boolean {
    return this.#nodes.get(name)?.clock.isDead === false
  }

  /** As `kill -9`. */
  crash(name: string): void {
    const entry = this.#nodes.get(name)
    if (entry === undefined || entry.clock.isDead) return
    this.network.crash(entry.node.id)
    entry.clock.isDead = true
  }

  /** As SIGSTOP: it neither acts nor reads, and what is sent to it waits at its door. */
  pause(name: string): void {
    this.#nodes.get(name)?.clock.pause()
    this.network.stall(name)
  }

  /** As SIGCONT: what came due meanwhile runs first, or what was sent to it is read first. */
  resume(name: string, { readsFirst = false } = {}): void {
    const clock = this.#nodes.get(name)?.clock
    this.network.unstall(name)
    if (readsFirst) this.clock.after(READ_MS, () => clock?.resume())
    else clock?.resume()
  }

  /** A busy machine: what the node does and reads comes up to so much later; 0 takes it back. */
  slow(name: string, lateMs: number): void {
    const entry = this.#nodes.get(name)
    if (entry !== undefined) entry.clock.lateMs = lateMs
    this.network.lag(name, lateMs)
  }

  /** As SIGTERM, while time goes on: it is dead when it has left. */
  leave(name: string): void {
    const entry = this.#nodes.get(name)
    if (entry === undefined || entry.clock.isDead) return
    void entry.node.stop().then(() => {
      entry.clock.isDead = true
    })
  }

  /** As SIGTERM; the clock has to be turned until it has left. */
  async stop(name: string): Promise<void> {
    const entry = this.#nodes.get(name)
    if (entry === undefined || entry.clock.isDead) return
    const stopped = entry.node.stop()
    let isStopped = false
    void stopped.then(() => {
      isStopped = true
    })
    await this.clock.until(() => isStopped, 30_000)
    entry.clock.isDead = true
  }

  /** Runs an operation of a node to its end, turning the clock meanwhile. */
  through<T>(operation: Promise<T>): Promise<T> {
    return this.clock.through(operation)
  }

  events<K extends keyof NodeEvents>(type: K): (NodeEvents[K] & { readonly by: string })[] {
    return this.noted.filter((noted) => noted.type === type).map((noted) => ({ ...(noted.event as NodeEvents[K]), by: noted.node }))
  }

  /** What is wrong when all is quiet: each name lives exactly once, where all say it does. Empty if nothing is. */
  violations(behaviour: string): string[] {
    const live = this.live()
    const running = new Map<string, string[]>()
    for (const node of live) {
      for (const process of node.runtime.processes()) {
        if (process.body.name !== behaviour || process.origin.child === undefined) continue
        running.set(process.origin.child, [...(running.get(process.origin.child) ?? []), process.pid.toString()])
      }
    }
    const violations: string[] = []
    const views = live.map((node) => node.registry.entries().map(({ name, pid }) => `${name}=${pid}`))
    for (const [index, view] of views.entries()) {
      if (view.join() !== views[0]?.join())
        violations.push(`views differ: ${live[0]?.name} ${views[0]?.join()} | ${live[index]?.name} ${view.join()}`)
    }
    for (const [child, pids] of running) {
      if (pids.length > 1) violations.push(`${child} runs ${pids.length} times: ${pids.join()}`)
      if (!(views[0] ?? []).includes(`${child}=${pids[0]}`))
        violations.push(`${child} runs as ${pids[0]}, but the directory does not say so`)
    }
    for (const entry of views[0] ?? []) {
      if (!running.has(entry.split('=')[0] as string)) violations.push(`the directory says ${entry}, but nothing runs`)
    }
    return violations
  }
}
