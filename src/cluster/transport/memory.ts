// A network in one process, for tests and simulation: the same handshake, codec and links as over TCP, on wires with delay, loss and cuts.
import type { Clock, Random } from '#base'
import { CodedError } from '#base'
import type { NodeId } from '#process'
import { clusterKey } from '../handshake.ts'
import { nodeName } from '../node-name.ts'
import { type Limits, limitsFrom } from './link-limits.ts'
import { type Fate, MemoryWire, type Path } from './memory-wire.ts'
import { PeerLinks, type PeerLinksOptions } from './peer-links.ts'
import type { DialFailure, Transport, TransportListener } from './transport.ts'
import type { Door, WireFailure } from './wire.ts'

export interface MemoryNetworkOptions {
  readonly clock: Clock
  readonly random: Random
  /** Each packet's way: a number of milliseconds, or a range. Default 1. Order is kept. */
  readonly delayMs?: number | readonly [min: number, max: number]
  /** Share of packets that are lost, 0 to 1. A loss ends its connection, as TCP does when it gives up. Default 0. */
  readonly loss?: number
  /** After how long a connection that lost something ends by itself. Default 15 s. */
  readonly brokenMs?: number
}

/** What may differ from one transport of the network to the next. */
export interface MemoryTransportOptions extends Partial<Limits> {
  readonly cluster?: string
  readonly secret?: string
  /** Default `<node name>:1`, so that a restarted node is found where its former life was. The part before `:` is the host. */
  readonly address?: string
}

export interface CutOptions {
  /** Only what `a` sends to `b`. */
  readonly oneWay?: boolean
  /** What is sent waits for the heal and then comes through, as over TCP when a cut is short. Else it is lost, and with it the link. */
  readonly hold?: boolean
}

type OpenMemoryWire = (connected: (wire: MemoryWire) => void, failed: (failure: WireFailure) => void) => () => void

/** Hosts are told apart by name: ids and names of nodes mean the same host, and a cut outlives a restart. */
export class MemoryNetwork {
  delayMs: number | readonly [min: number, max: number]
  loss: number
  readonly #clock: Clock
  readonly #random: Random
  readonly #path: Path
  readonly #listening = new Map<string, MemoryTransport>()
  readonly #cuts = new Map<string, Fate>()
  /** Hosts that read nothing now, and hosts that read late. */
  readonly #stalled = new Set<string>()
  readonly #lagMs = new Map<string, number>()
  readonly #wires = new Set<MemoryWire>()

  constructor({ clock, random, delayMs = 1, loss = 0, brokenMs = 15_000 }: MemoryNetworkOptions) {
    this.#clock = clock
    this.#random = random
    this.delayMs = delayMs
    this.loss = loss
    this.#path = {
      delayMs: (to) => this.#delay(to),
      fate: (from, to) => this.#fate(from, to),
      after: (ms, fn) => clock.after(ms, fn),
      brokenMs,
    }
  }

  /** A transport for one node; the network's own clock and randomness drive it. */
  transport(id: NodeId, options: MemoryTransportOptions = {}): MemoryTransport {
    const address = options.address ?? `${nodeName(id)}:1`
    const keys = [clusterKey(options.secret ?? 'the secret of a network in memory')] as const
    const linkOptions: PeerLinksOptions = {
      ...limitsFrom(options),
      id,
      cluster: options.cluster ?? 'memory',
      keys: () => keys,
      clock: this.#clock,
      random: this.#random,
    }
    return new MemoryTransport(address, linkOptions, this.#listening, (to) => this.#open(hostOf(address), to))
  }

  /** Cuts the path between two hosts until it is healed; links stay up until somebody finds out. */
  cut(a: string, b: string, { oneWay = false, hold = false }: CutOptions = {}): void {
    const fate = hold ? 'hold' : 'lose'
    this.#cuts.set(way(a, b), fate)
    if (!oneWay) this.#cuts.set(way(b, a), fate)
  }

  /** Cuts every path between hosts of different groups. */
  partition(groups: readonly (readonly string[])[], options: CutOptions = {}): void {
    for (const [index, group] of groups.entries()) {
      for (const other of groups.slice(index + 1).flat()) for (const host of group) this.cut(host, other, options)
    }
  }

  /** Takes back the cuts between two hosts, or all. What was lost meanwhile stays lost: such a link ends with the next packet. */
  heal(a?: string, b?: string): void {
    if (a === undefined || b === undefined) {
      this.#cuts.clear()
    } else {
      this.#cuts.delete(way(a, b))
      this.#cuts.delete(way(b, a))
    }
    for (const wire of this.#wires) wire.heal()
  }

  /** A host that stands still reads nothing: what is sent to it waits at its door. */
  stall(host: string): void {
    this.#stalled.add(nodeName(host))
  }

  /** What waited at the door is read now. */
  unstall(host: string): void {
    this.#stalled.delete(nodeName(host))
    for (const wire of this.#wires) wire.heal()
  }

  /** From now on the host reads everything up to so much later. */
  lag(host: string, ms: number): void {
    if (ms === 0) this.#lagMs.delete(nodeName(host))
    else this.#lagMs.set(nodeName(host), ms)
  }

  /** As `kill -9`: the node tells and hears nothing any more; its host closes the connections and refuses new ones. Cut it off first and it is as if the host had vanished. */
  crash(id: NodeId): void {
    for (const [address, transport] of this.#listening) {
      if (transport.id !== id) continue
      this.#listening.delete(address)
      transport.abandon()
    }
  }

  #open(from: string, address: string): OpenMemoryWire {
    return (connected, failed) => {
      let isGivenUp = false
      let near: MemoryWire | undefined
      const to = hostOf(address)
      const answer = (fn: () => void) => this.#travel(to, from, () => !isGivenUp && fn())
      this.#travel(from, to, () => {
        const target = this.#listening.get(address)
        if (target === undefined) {
          answer(() => failed({ kind: 'refused', detail: 'nobody listens there' }))
        } else if (!isGivenUp) {
          const [mine, theirs] = MemoryWire.pair(this.#path, from, to)
          near = mine
          this.#keep(mine, theirs)
          target.accept(theirs)
          answer(() => connected(mine))
        }
      })
      return () => {
        isGivenUp = true
        near?.destroy()
      }
    }
  }

  #keep(...wires: readonly MemoryWire[]): void {
    for (const wire of this.#wires) if (wire.isOver) this.#wires.delete(wire)
    for (const wire of wires) this.#wires.add(wire)
  }

  /** A packet outside any wire: of a cut path or a loss nobody hears anything. */
  #travel(from: string, to: string, fn: () => void): void {
    this.#clock.after(this.#delay(to), () => {
      if (this.#fate(from, to) === 'pass') fn()
    })
  }

  #delay(to: string): number {
    const lag = this.#lagMs.get(to)
    const late = lag === undefined ? 0 : lag * this.#random.next()
    if (typeof this.delayMs === 'number') return this.delayMs + late
    const [min, max] = this.delayMs
    return min + (max - min) * this.#random.next() + late
  }

  #fate(from: string, to: string): Fate {
    const cut = this.#cuts.get(way(from, to))
    if (cut !== undefined) return cut
    if (this.#stalled.has(to)) return 'hold'
    return this.loss > 0 && this.#random.next() < this.loss ? 'lose' : 'pass'
  }
}

export class MemoryTransport implements Transport {
  readonly address: string
  readonly id: NodeId
  readonly #options: PeerLinksOptions
  readonly #listening: Map<string, MemoryTransport>
  readonly #open: (address: string) => OpenMemoryWire
  readonly #wires = new Set<MemoryWire>()
  #links: PeerLinks | undefined

  /** By `MemoryNetwork.transport`. */
  constructor(
    address: string,
    options: PeerLinksOptions,
    listening: Map<string, MemoryTransport>,
    open: (address: string) => OpenMemoryWire,
  ) {
    this.address = address
    this.id = options.id
    this.#options = options
    this.#listening = listening
    this.#open = open
  }

  async listen(listener: TransportListener): Promise<void> {
    if (this.#listening.has(this.address)) {
      throw new CodedError('ERR_OTP_CLUSTER_LISTEN', `cannot listen on ${this.address}: something listens there already`)
    }
    this.#listening.set(this.address, this)
    this.#links = new PeerLinks(this.#options, () => this.address, listener)
  }

  async dial(address: string): Promise<DialFailure | undefined> {
    if (this.#links === undefined) return { kind: 'unreachable', detail: 'this node does not listen' }
    const open = this.#open(address)
    return this.#links.dial(address, (connected, failed) => open((wire) => connected(this.#own(wire)), failed))
  }

  /** A wire from another node of the network. */
  accept(wire: MemoryWire): void {
    const { remote } = wire
    const open: Door['open'] = (opened) => opened(this.#own(wire))
    if (this.#links === undefined) wire.destroy()
    else this.#links.accept({ remote, open, close: () => wire.destroy() })
  }

  #own(wire: MemoryWire): MemoryWire {
    for (const known of this.#wires) if (known.isOver) this.#wires.delete(known)
    this.#wires.add(wire)
    return wire
  }

  async close(): Promise<void> {
    if (this.#listening.get(this.address) === this) this.#listening.delete(this.address)
    this.#links?.close()
  }

  /** Ends without telling its own node anything. */
  abandon(): void {
    this.#links?.abandon()
    for (const wire of this.#wires) wire.destroy()
  }
}

function hostOf(address: string): string {
  return nodeName(address.slice(0, address.lastIndexOf(':')))
}

function way(from: string, to: string): string {
  return `${nodeName(from)}>${nodeName(to)}`
}
