// The topologies of one node at work: what each has found, what that means for whom to dial, and the facts about it.
import { type Clock, CodedError, type Emitter } from '#base'
import type { ClusterEvents } from '../events.ts'
import type { RunningTopology, TopologyFacts, TopologyListener, TopologySelf, TopologyStrategy } from './strategy.ts'

/** What a topology has found, for who shows it. */
export interface TopologyState {
  readonly topology: string
  /** Of peers; this node's own is left out. */
  readonly addresses: ReadonlySet<string>
  readonly terminating: ReadonlySet<string>
  readonly zones: ReadonlyMap<string, string>
  readonly expected: number | undefined
  /** When its source was last heard, or it was started, by the monotonic clock. */
  readonly syncedAt: number
}

export interface DiscoveryOptions {
  readonly topologies: readonly TopologyStrategy[]
  readonly clock: Clock
  readonly events: Emitter<ClusterEvents>
  /** A topology tells of the address; said each time. */
  readonly found: (address: string) => void
  /** No topology tells of the address any more. */
  readonly lost: (address: string) => void
}

export class Discovery {
  readonly #options: DiscoveryOptions
  readonly #states = new Map<string, TopologyState>()
  #self: TopologySelf | undefined
  #running: readonly RunningTopology[] = []
  #isStopped = false

  /** Throws `ERR_OTP_CLUSTER_BAD_TOPOLOGY` for two topologies of one name: nobody could tell in a metric which is meant. */
  constructor(options: DiscoveryOptions) {
    this.#options = options
    const names = options.topologies.map(({ name }) => name)
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    if (twice === undefined) return
    throw new CodedError('ERR_OTP_CLUSTER_BAD_TOPOLOGY', `expected topologies of different names, got two that are called ${twice}`)
  }

  get states(): IterableIterator<TopologyState> {
    return this.#states.values()
  }

  /** The greatest size that a topology says the cluster should have. */
  get expected(): number | undefined {
    const sizes = [...this.#states.values()].flatMap(({ expected }) => expected ?? [])
    return sizes.length === 0 ? undefined : Math.max(...sizes)
  }

  /** Whether a topology says that the node there has been told to end. */
  isTerminating(address: string | undefined): boolean {
    return address !== undefined && [...this.#states.values()].some(({ terminating }) => terminating.has(address))
  }

  /** Whether a topology says that this node has been told to end. */
  get isSelfTerminating(): boolean {
    return this.isTerminating(this.#self?.address)
  }

  /** In which zone the node there is, as the first topology says that knows; empty if none does. */
  zoneOf(address: string | undefined): string {
    if (address === undefined) return ''
    for (const { zones } of this.#states.values()) {
      const zone = zones.get(address)
      if (zone !== undefined) return zone
    }
    return ''
  }

  /** All at once: a slow one keeps nobody waiting but the caller. If one cannot work the others still have to be stopped. */
  async start(self: TopologySelf): Promise<void> {
    const { topologies, clock } = this.#options
    this.#self = self
    const none: ReadonlySet<string> = new Set()
    for (const { name } of topologies) {
      const nothing = { addresses: none, terminating: none, zones: new Map(), expected: undefined }
      this.#states.set(name, { topology: name, ...nothing, syncedAt: clock.now() })
    }
    const starts = await Promise.allSettled(topologies.map((topology) => topology.start(self, this.#listener(topology.name, self))))
    this.#running = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
    // Told to stop while they were starting.
    if (this.#isStopped) await this.stop()
    for (const start of starts) if (start.status === 'rejected') throw start.reason
  }

  refresh(): void {
    for (const topology of this.#running) topology.refresh()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#running.map((topology) => topology.stop()))
  }

  #listener(topology: string, self: TopologySelf): TopologyListener {
    const { events } = this.#options
    return {
      peers: (addresses, facts = {}) => this.#onPeers(topology, self, addresses, facts),
      failed: (error) => events.emit('topology.failed', { topology, error: error.message }),
      restarted: (from) => events.emit('topology.restarted', { topology, from }),
      refused: (reason, count) => events.emit('topology.refused', { topology, reason, count }),
    }
  }

  #onPeers(topology: string, self: TopologySelf, told: readonly string[], facts: TopologyFacts): void {
    if (this.#isStopped) return
    const { clock, events, found, lost } = this.#options
    const before = this.#states.get(topology) as TopologyState
    const addresses = new Set(told.filter((address) => address !== self.address))
    const terminating = new Set(facts.terminating)
    const { zones = new Map(), expected } = facts
    this.#states.set(topology, { topology, addresses, terminating, zones, expected, syncedAt: clock.now() })
    for (const address of addresses.difference(before.addresses)) events.emit('topology.peer_found', { topology, address })
    for (const address of terminating.difference(before.terminating)) events.emit('topology.peer_terminating', { topology, address })
    for (const address of before.addresses.difference(addresses)) {
      events.emit('topology.peer_lost', { topology, address })
      if (![...this.#states.values()].some((other) => other.addresses.has(address))) lost(address)
    }
    // Also those that were known: the dialler may have given one up that has left, and that is now here again.
    for (const address of addresses) found(address)
    events.emit('topology.synced', { topology, peers: addresses.size, at: clock.wall() })
  }
}
