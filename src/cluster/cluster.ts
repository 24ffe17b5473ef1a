// This node's part in the cluster: links to peers, the view of members, and frames handed to whoever asked for their kind.
import type { Clock, Emitter, Random, Timer } from '#base'
import type { NodeId } from '#process'
import { Dialer } from './dialer.ts'
import type { ClusterEvents } from './events.ts'
import { BadFrame, list, text, whole } from './frame-check.ts'
import { type Change, DEFAULT_TIMES, type GossipEntry, type Member, Membership, type MembershipTimes } from './membership.ts'
import { parseNodeId } from './node-name.ts'
import { SilentLinks } from './silent-links.ts'
import type { RunningTopology, TopologyStrategy } from './topology/strategy.ts'
import type { DialFailure, Frame, Link, Transport, TransportListener } from './transport/transport.ts'

export interface ClusterOptions {
  readonly id: NodeId
  readonly transport: Transport
  readonly topologies: readonly TopologyStrategy[]
  readonly clock: Clock
  readonly random: Random
  readonly events: Emitter<ClusterEvents>
  readonly times?: MembershipTimes
  /** Whether messages that have come keep this node busy, so that links had better wait. Default: never. */
  readonly isBehind?: () => boolean
  /** The trace that runs now, to be stored on facts. */
  readonly currentTrace?: () => string | undefined
}

/** What a topology has found, for who shows it. */
export interface TopologyState {
  readonly topology: string
  readonly addresses: ReadonlySet<string>
  readonly syncedAt: number
}

type FrameHandler = (from: NodeId, frame: Frame) => void

export class Cluster {
  readonly id: NodeId
  readonly membership: Membership
  readonly #options: ClusterOptions
  readonly #clock: Clock
  readonly #dialer: Dialer
  readonly #links = new Map<NodeId, Link>()
  readonly #upAt = new WeakMap<Link, number>()
  readonly #silent: SilentLinks
  readonly #handlers = new Map<string, FrameHandler>()
  readonly #changeListeners: ((change: Change) => void)[] = []
  readonly #linkListeners: ((peer: NodeId, isUp: boolean) => void)[] = []
  readonly #tickListeners: ((now: number) => void)[] = []
  readonly #topologies = new Map<string, TopologyState>()
  readonly #running: RunningTopology[] = []
  #aliveIds: ReadonlySet<NodeId>
  #timer: Timer | undefined
  #isStopped = false
  /** Called once when a younger life of this node's name is seen. */
  onSuperseded: (by: NodeId) => void = () => undefined

  constructor(options: ClusterOptions) {
    this.id = options.id
    this.#options = options
    this.#clock = options.clock
    this.membership = new Membership(options.id, options.clock.now(), options.times ?? DEFAULT_TIMES)
    this.#silent = new SilentLinks(this.membership.times.downMs)
    this.#aliveIds = new Set([options.id])
    this.#dialer = new Dialer(
      options.transport,
      options.clock,
      options.random,
      (address) => [...this.#links.values()].some((link) => link.peerAddress === address),
      (address, failure) => this.#onDialFailed(address, failure),
    )
    this.handle('gossip', (_from, frame) => this.#onGossip(frame))
    this.handle('peers', (_from, frame) => this.#onPeers(frame))
    this.handle('lost', (from, frame) => this.#onLost(from, frame))
  }

  // ---- for other rooms

  get address(): string {
    return this.#options.transport.address
  }

  get links(): IterableIterator<Link> {
    return this.#links.values()
  }

  get topologies(): IterableIterator<TopologyState> {
    return this.#topologies.values()
  }

  /** Registers who receives frames of a kind. A handler throws `BadFrame` for what is none. */
  handle(kind: string, handler: FrameHandler): void {
    this.#handlers.set(kind, handler)
  }

  onChange(listener: (change: Change) => void): void {
    this.#changeListeners.push(listener)
  }

  onLink(listener: (peer: NodeId, isUp: boolean) => void): void {
    this.#linkListeners.push(listener)
  }

  /** Called with each beat, after the heartbeats have gone out. */
  onTick(listener: (now: number) => void): void {
    this.#tickListeners.push(listener)
  }

  /** Ids alive in this node's view as of the last news, its own among them. */
  get alive(): ReadonlySet<NodeId> {
    return this.#aliveIds
  }

  /** Who may be given something: alive and not on its way out. */
  candidates(): NodeId[] {
    return [...this.#aliveIds].filter((id) => (id === this.id ? !this.membership.leaving : this.membership.member(id)?.leaving === false))
  }

  linkTo(peer: NodeId): Link | undefined {
    return this.#links.get(peer)
  }

  isLinked(peer: NodeId): boolean {
    return this.#links.has(peer)
  }

  /** Whether a link was there to take the frame. */
  send(peer: NodeId, frame: Frame): boolean {
    const link = this.#links.get(peer)
    link?.send(frame)
    return link !== undefined
  }

  broadcast(frame: Frame): void {
    for (const link of this.#links.values()) link.send(frame)
  }

  // ---- its life

  async start(): Promise<void> {
    await this.#options.transport.listen(this.#listener())
    for (const topology of this.#options.topologies) {
      this.#topologies.set(topology.name, { topology: topology.name, addresses: new Set(), syncedAt: this.#clock.now() })
      const running = await topology.start(
        { id: this.id, address: this.address },
        { peers: (addresses) => this.#onPeersFound(topology, addresses), failed: (error) => this.#onTopologyFailed(topology, error) },
      )
      this.#running.push(running)
    }
    this.#scheduleTick()
  }

  /** Says that this node takes nothing new from now on. */
  leave(): void {
    this.membership.leaving = true
    this.#sendGossip()
  }

  /** Says goodbye, so that nobody waits for this node, and closes everything. */
  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#timer?.cancel()
    this.membership.leaving = true
    this.membership.left = true
    this.membership.heartbeat++
    this.#sendGossip()
    this.#dialer.close()
    await Promise.all(this.#running.map((topology) => topology.stop()))
    await this.#options.transport.close()
  }

  #scheduleTick(): void {
    const { tickMs } = this.membership.times
    // Jitter keeps the ticks of nodes that started together apart.
    this.#timer = this.#clock.after(tickMs * (0.9 + 0.2 * this.#options.random.next()), () => this.#tick())
  }

  #tick(): void {
    if (this.#isStopped) return
    const now = this.#clock.now()
    const { changes, gapMs } = this.membership.tick(now)
    if (gapMs !== undefined) this.#options.events.emit('cluster.paused', { gapMs: Math.round(gapMs) })
    this.#state(changes)
    this.#sendGossip()
    for (const link of this.#silent.find([...this.#links.values()], now, gapMs ?? 0)) link.close('silent')
    for (const listener of this.#tickListeners) listener(now)
    this.#scheduleTick()
  }

  #sendGossip(): void {
    this.broadcast(['gossip', this.membership.gossip(this.#clock.now())])
  }

  // ---- what the transport tells

  #listener(): TransportListener {
    return {
      up: (link, durationMs) => this.#onUp(link, durationMs),
      frame: (link, frame) => this.#onFrame(link, frame),
      closed: (link, reason) => this.#onClosed(link, reason),
      handshakeRefused: (reason, remote, detail) => this.#options.events.emit('cluster.handshake_refused', { reason, remote, detail }),
      frameRefused: (peer, reason) => this.#options.events.emit('cluster.frame_refused', { peer, reason }),
      certificatesRefused: (error) => this.#options.events.emit('cluster.certificates_refused', { error }),
      isBehind: () => this.#options.isBehind?.() ?? false,
    }
  }

  #onUp(link: Link, durationMs: number): void {
    this.#links.set(link.peer, link)
    this.#upAt.set(link, this.#clock.now())
    this.#options.events.emit('cluster.link_up', {
      peer: link.peer,
      address: link.peerAddress,
      direction: link.direction,
      protocol: link.protocol,
      startedAt: this.#clock.wall() - Math.round(durationMs),
      durationMs,
    })
    const changes = this.membership.linked(link.peer, link.peerAddress, this.#clock.now())
    link.send(['gossip', this.membership.gossip(this.#clock.now())])
    link.send(['peers', this.#introductions(link.peer)])
    this.#state(changes)
    for (const listener of this.#linkListeners) listener(link.peer, true)
  }

  #introductions(to: NodeId): [NodeId, string][] {
    const introductions: [NodeId, string][] = []
    for (const id of this.#aliveIds) {
      const address = this.membership.member(id)?.address
      if (address !== undefined && id !== to) introductions.push([id, address])
    }
    return introductions
  }

  #onFrame(link: Link, frame: Frame): void {
    try {
      const handler = this.#handlers.get(frame[0])
      if (handler === undefined) throw new BadFrame(`no frame of kind ${JSON.stringify(frame[0])} is known`)
      handler(link.peer, frame)
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error
      this.#options.events.emit('cluster.frame_refused', { peer: link.peer, reason: error.message })
      link.close('bad frame')
    }
  }

  #onClosed(link: Link, reason: string): void {
    if (this.#links.get(link.peer) !== link) return
    this.#links.delete(link.peer)
    this.#options.events.emit('cluster.link_down', { peer: link.peer, address: link.peerAddress, reason, at: this.#clock.wall() })
    for (const listener of this.#linkListeners) listener(link.peer, false)
    if (this.#isStopped) return
    if (this.membership.member(link.peer)?.left !== true) this.#redial(link)
    for (const topology of this.#running) topology.refresh()
  }

  /** At once, since "nobody listens there" is how a killed process is told from a cut cable; but two that cannot talk do not spin. */
  #redial(link: Link): void {
    const hasLasted = this.#clock.now() - (this.#upAt.get(link) ?? 0) >= this.membership.times.tickMs
    if (hasLasted) this.#dialer.dial(link.peerAddress)
    else this.#dialer.dialLater(link.peerAddress)
  }

  #onDialFailed(address: string, failure: DialFailure): void {
    const isRefused = failure.kind === 'refused'
    this.#options.events.emit('cluster.connect_failed', { address, reason: `${failure.kind}: ${failure.detail}`, refused: isRefused })
    for (const member of this.membership.members) {
      if (member.address === address && isRefused && !this.#links.has(member.id)) this.#report(member)
      if (member.address === address && (member.left || this.membership.isSuperseded(member.id))) this.#dialer.drop(address)
    }
  }

  // ---- what peers tell

  /** Tells everybody that nobody listens where this member did. */
  #report(member: Member): void {
    if (!this.#aliveIds.has(member.id)) return
    this.broadcast(['lost', member.id, member.heartbeat])
    this.#state(this.membership.refused(member.id, this.id, member.heartbeat, this.#clock.now()).changes)
  }

  #onLost(from: NodeId, frame: Frame): void {
    const id = nodeIdIn(frame[1])
    if (id === this.id) return
    const { changes, isNewsToMe } = this.membership.refused(id, from, whole(frame[2], 'heartbeat'), this.#clock.now())
    this.#state(changes)
    const address = this.membership.member(id)?.address
    if (isNewsToMe && address !== undefined && !this.#links.has(id)) this.#dialer.dial(address)
  }

  #onGossip(frame: Frame): void {
    const entries = list(frame[1], 'gossip').map(gossipEntry)
    const { changes, probe } = this.membership.heard(entries, this.#clock.now())
    this.#state(changes)
    for (const member of probe) {
      if (member.address !== undefined && !this.#links.has(member.id)) this.#dialer.dial(member.address)
    }
  }

  #onPeers(frame: Frame): void {
    for (const entry of list(frame[1], 'peers')) {
      const [id, address] = list(entry, 'peer')
      const checked = text(address, 'address')
      this.membership.introduce(nodeIdIn(id), checked)
      if (nodeIdIn(id) !== this.id) this.#dialer.keep(checked)
    }
  }

  /** States what changed in the view, to the event stream and to other rooms. */
  #state(changes: readonly Change[]): void {
    const now = this.#clock.now()
    const alive = new Set([this.id])
    for (const member of this.membership.members) if (this.membership.isAlive(member.id, now)) alive.add(member.id)
    this.#aliveIds = alive
    for (const change of changes) {
      const { member } = change
      // A member that said that it leaves has left when it says so: one departure, one fact.
      if (change.from !== 'leaving' || member.status !== 'left') this.#stateChange(change)
      if (member.address !== undefined && (member.left || this.membership.isSuperseded(member.id))) this.#dialer.drop(member.address)
      for (const listener of this.#changeListeners) listener(change)
    }
    const by = this.membership.supersededBy()
    if (by !== undefined && !this.#isStopped) {
      this.#options.events.emit('cluster.superseded', { by })
      this.onSuperseded(by)
    }
  }

  #stateChange({ member, change, cause, silentMs }: Change): void {
    this.#options.events.emit('cluster.member_changed', {
      member: member.id,
      name: member.name,
      change,
      cause,
      at: this.#clock.wall(),
      silentMs: Math.round(silentMs),
      trace: this.#options.currentTrace?.(),
    })
  }

  // ---- what topologies tell

  #onPeersFound(topology: TopologyStrategy, addresses: readonly string[]): void {
    const before = this.#topologies.get(topology.name)?.addresses ?? new Set<string>()
    const now = new Set(addresses.filter((address) => address !== this.address))
    for (const address of now) {
      if (!before.has(address)) this.#options.events.emit('topology.peer_found', { topology: topology.name, address })
      this.#dialer.keep(address)
    }
    for (const address of before) {
      if (now.has(address)) continue
      this.#options.events.emit('topology.peer_lost', { topology: topology.name, address })
      if (![...this.membership.members].some((member) => member.address === address && this.#aliveIds.has(member.id)))
        this.#dialer.drop(address)
    }
    this.#topologies.set(topology.name, { topology: topology.name, addresses: now, syncedAt: this.#clock.now() })
  }

  #onTopologyFailed(topology: TopologyStrategy, error: Error): void {
    this.#options.events.emit('topology.failed', { topology: topology.name, error: error.message })
  }
}

function nodeIdIn(value: unknown): NodeId {
  const id = text(value, 'node id')
  if (parseNodeId(id) === undefined) throw new BadFrame(`expected a node id such as n1.lq3f9a, got ${JSON.stringify(id.slice(0, 80))}`)
  return id
}

function gossipEntry(value: unknown): GossipEntry {
  const [id, heartbeat, ageMs, flags] = list(value, 'gossip entry')
  return [nodeIdIn(id), whole(heartbeat, 'heartbeat'), whole(ageMs, 'age'), whole(flags, 'flags')]
}
